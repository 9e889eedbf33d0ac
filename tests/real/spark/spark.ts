import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { asset } from '../../../sdk/base/assets.ts';
import { photo } from '../../cli/cli.ts';
import { labFolder } from '../lab/labs.mjs';

/** `npm run test:spark` has prepared what is needed. */
export const isSparkAsked = process.env.OCELLUS_TEST_SPARK === '1';
export const sparkNeeds = 'npm run test:spark';

export const sparkPython = () => join(labFolder('spark'), 'bin', 'python');

let home: string | undefined;

/** Where pyspark keeps Spark: `bin` and `jars` are below it. */
export function sparkHome(): string {
  home ??= execFileSync(sparkPython(), ['-c', 'import pyspark; print(pyspark.__path__[0])'], {
    encoding: 'utf8',
  }).trim();
  return home;
}

/** How Ocellus is started by tasks: what was built here, by the Node of this process. */
export const ocellusCommand = () => `${process.execPath} ${asset('bin', 'ocellus.js')}`;

export const sparkEnvironment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  SPARK_HOME: sparkHome(),
  SPARK_LOCAL_IP: '127.0.0.1',
  PYSPARK_PYTHON: sparkPython(),
  OCELLUS_COMMAND: ocellusCommand(),
});

/** Runs a program to its end. @throws Error when it ended badly, with what it said. */
export async function outputOf(
  program: string,
  args: readonly string[],
  { input = '', path = process.env.PATH }: { input?: string; path?: string | undefined } = {},
): Promise<string> {
  const child = spawn(program, args, { env: { ...sparkEnvironment(), PATH: path } });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${err.slice(-20_000)}`);
  return out;
}

/** Runs a script of this folder that runs Spark, and reads the JSON of its last line. */
export async function runSpark<T>(script: string, input: unknown): Promise<T> {
  const out = await outputOf(sparkPython(), [asset('tests', 'real', 'spark', script)], {
    input: JSON.stringify(input),
  });
  return JSON.parse(out.trimEnd().split('\n').at(-1)!) as T;
}

/** Puts pictures of the scene into a folder, under names of our own. */
export async function plantPictures(folder: string, names: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, of] of Object.entries(names)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    await copyFile(photo(of), join(folder, name));
  }
}
