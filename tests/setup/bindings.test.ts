import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { temporaryFolder } from '../support/folders.ts';
import { hasOpenCv } from '../support/prepared.ts';
import { fakeProgram } from '../support/programs.ts';

const isReady = await hasOpenCv();

/** `npm run opencv` with these programs on the PATH. */
function build(path: string): { status: number | null; said: string[] } {
  const env = { PATH: path };
  const { status, stderr } = spawnSync(process.execPath, [asset('tools', 'setup', 'opencv.mjs')], {
    env,
    encoding: 'utf8',
  });
  return { status, said: stderr.trim().split('\n') };
}

/** A folder with programs of these names, each as `fakeProgram` makes it. */
function programs(answers: Readonly<Record<string, string>>): string {
  const before = process.env.PATH ?? '';
  for (const [name, script] of Object.entries(answers)) fakeProgram(name, script);
  return process.env.PATH!.slice(0, process.env.PATH!.length - before.length);
}

const without = 'Ocellus works without it; `ocellus/opencv` and the source opencv: do not.';

describe('npm run opencv', () => {
  it('says what is missing and how to install it', () => {
    const { status, said } = build('/nonexistent');
    expect(said).toEqual([
      'OpenCV is not built in; install what that needs: sudo apt-get install pkg-config g++ make python3 libopencv-dev',
      without,
    ]);
    expect(status).toBe(1);
  });

  it('says so when only the headers are missing', () => {
    const path = programs({ 'pkg-config': 'process.exit(1)', 'g++': '', make: '', python3: '' });
    expect(build(path).said[0]).toBe(
      'OpenCV is not built in; install what that needs: sudo apt-get install libopencv-dev',
    );
  });

  it('does not believe a pkg-config that points to where nothing is', () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'opencv2'));
    writeFileSync(join(folder, 'opencv2', 'core.hpp'), '');
    const answer = `const [asked] = process.argv.slice(2);
      console.log(asked === '--modversion' ? '4.6.0' : asked === '--cflags-only-I' ? '-I${folder}' : '${folder}');`;
    const path = programs({ 'pkg-config': answer, 'g++': '', make: '', python3: '' });
    expect(build(path).said).toEqual([
      `pkg-config says that OpenCV 4.6.0 is in ${folder} and ${folder}, but it is not all there.`,
      'Install it again: sudo apt-get install --reinstall libopencv-dev',
      without,
    ]);
  });

  it.skipIf(!isReady)('does not build again what is built, and tries it (needs npm run opencv)', () => {
    const { status, said } = build(process.env.PATH!);
    expect(said.join('\n')).toMatch(/^OpenCV 4\.\d+\.\d+ works\.$/);
    expect(status).toBe(0);
  });
});
