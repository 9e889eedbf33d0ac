import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './folders.ts';

/**
 * Puts a program of this name, a Node script, in front of all others on the PATH for this test.
 *
 * @returns How to read the arguments of each run so far.
 */
export function fakeProgram(name: string, script: string): { runs: () => string[][] } {
  const folder = temporaryFolder();
  const log = join(folder, 'runs');
  const program = `#!${process.execPath}
const fs = require('node:fs');
const log = ${JSON.stringify(log)};
fs.appendFileSync(log, JSON.stringify(process.argv.slice(2)) + '\\n');
const run = fs.readFileSync(log, 'utf8').trim().split('\\n').length;
${script}
`;
  writeFileSync(join(folder, name), program);
  chmodSync(join(folder, name), 0o755);
  const path = process.env.PATH;
  process.env.PATH = `${folder}:${path}`;
  onTestFinished(() => {
    process.env.PATH = path;
  });
  return {
    // What stands after the last line end is a line that is still being written.
    runs: () =>
      existsSync(log)
        ? readFileSync(log, 'utf8')
            .split('\n')
            .slice(0, -1)
            .map((line) => JSON.parse(line))
        : [],
  };
}

/** Leaves only these programs on the PATH for this test. */
export function onlyPrograms(): void {
  const path = process.env.PATH;
  process.env.PATH = temporaryFolder();
  onTestFinished(() => {
    process.env.PATH = path;
  });
}
