import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import { assertFits } from '../../tools/pack/installed-packages.ts';
import { temporaryFolder } from '../support/folders.ts';

/** A folder with a lock file of a library with prebuilt packages, in which some are installed. */
function installed(...names: string[]): string {
  const folder = temporaryFolder();
  const packages = {
    '': {},
    'node_modules/library': {},
    'node_modules/library-wasm': { optional: true },
    'node_modules/library-linux-arm64': { optional: true, os: ['linux'], cpu: ['arm64'], libc: ['glibc'] },
    'node_modules/library-linux-x64': { os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
    'node_modules/library-linuxmusl-arm64': { os: ['linux'], cpu: ['arm64'], libc: ['musl'] },
    'node_modules/library-darwin-arm64': { os: ['darwin'], cpu: ['arm64'] },
    'node_modules/tool-linux-arm64': { dev: true, os: ['linux'], cpu: ['arm64'] },
  };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify({ packages }));
  for (const name of names) mkdirSync(join(folder, 'node_modules', name), { recursive: true });
  return folder;
}

describe('assertFits', () => {
  it('accepts what a machine needs', () => {
    assertFits(installed('library', 'library-linux-arm64'), 'arm64');
    assertFits(installed('library', 'library-linux-x64'), 'amd64');
  });

  it.each([
    {
      name: 'another processor',
      names: ['library', 'library-linux-x64'],
      said: /library-linux-arm64 is missing.*x64 is there/,
    },
    {
      name: 'another C library',
      names: ['library', 'library-linux-arm64', 'library-linuxmusl-arm64'],
      said: /glibc .*: node_modules\/library-linuxmusl-arm64 is there$/,
    },
    {
      name: 'no package that any machine needs',
      names: ['library-linux-arm64'],
      said: /: node_modules\/library is missing$/,
    },
  ])('refuses $name', ({ names, said }) => {
    const check = () => assertFits(installed(...names), 'arm64');
    expect(check).toThrow(InputError);
    expect(check).toThrow(said);
  });
});
