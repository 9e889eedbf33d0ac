import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';

export const library = asset('build', 'libocellus.so');
// It is built with the addon; one that could not be is no reason to skip.
export const isBuilt = existsSync(asset('build', 'ocellus-kernels.node'));

export function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const { status, signal, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env });
  return { status, signal, said: `${stdout}${stderr}` };
}

/**
 * Compiles a source against the header and the library, warnings as errors; gives the executable.
 *
 * @param flags Before the source, such as the standard and optimisation. @param libraries After it.
 */
export function compiled(
  folder: string,
  compiler: string,
  source: string,
  flags: readonly string[],
  libraries: readonly string[] = [],
): string {
  const executable = join(folder, `check-${compiler}`);
  const strict = ['-Wall', '-Wextra', '-Wpedantic', '-Werror', ...flags, '-I', asset('sdk', 'clib')];
  const linked = ['-x', 'none', library, ...libraries, `-Wl,-rpath,${asset('build')}`, '-o', executable];
  expect(run(compiler, [...strict, source, ...linked])).toEqual({ status: 0, signal: null, said: '' });
  return executable;
}
