import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { foreignLibraries, onnxruntimeFolder, removeForeignLibraries } from '../../tools/cli/foreign-libraries.ts';
import { temporaryFolder } from '../support/folders.ts';

const pi = { platform: 'linux', arch: 'arm64' };
const binding = 'onnxruntime_binding.node';

/** A package of these files, of 1000 bytes each. */
function packageOf(...files: string[]): string {
  const folder = join(temporaryFolder(), 'onnxruntime-node');
  for (const file of ['package.json', 'dist/index.js', ...files]) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), Buffer.alloc(1000));
  }
  return folder;
}

/** As version 1.30.0 is laid out. */
const usual = ['darwin/arm64', 'linux/arm64', 'linux/x64', 'win32/arm64', 'win32/x64'].flatMap((system) => [
  `bin/napi-v6/${system}/${binding}`,
  `bin/napi-v6/${system}/lib.so`,
]);

describe('libraries of other systems', () => {
  it('go, and the own one stays with all that is no library; a second time there is nothing to do', () => {
    const folder = packageOf(...usual, 'bin/napi-v6/README', 'bin/other/win32/x64/a');
    expect(foreignLibraries(folder, pi)).toHaveLength(4);
    expect(removeForeignLibraries(folder, pi)).toBe(8000);
    const left = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
    expect(left.sort()).toEqual([
      'bin/napi-v6/README',
      'bin/napi-v6/linux/arm64/lib.so',
      `bin/napi-v6/linux/arm64/${binding}`,
      'bin/other/win32/x64/a',
      'dist/index.js',
      'package.json',
    ]);
    expect(removeForeignLibraries(folder, pi)).toBe(0);
  });

  it('stay where the own one is missing, or the package is not what is known here', () => {
    for (const files of [usual.filter((file) => !file.includes('linux/arm64')), [], ['bin/linux/x64/a']]) {
      const folder = packageOf(...files);
      expect(removeForeignLibraries(folder, pi)).toBe(0);
      expect(files.every((file) => existsSync(join(folder, file)))).toBe(true);
    }
    expect(foreignLibraries('/nowhere', pi)).toEqual([]);
  });

  it('are not followed out of the package', () => {
    const folder = packageOf(...usual);
    const elsewhere = packageOf('kept');
    symlinkSync(elsewhere, join(folder, 'bin', 'napi-v6', 'win32', 'ia32'));
    removeForeignLibraries(folder, pi);
    expect(existsSync(join(elsewhere, 'kept'))).toBe(true);
  });

  it('are looked for where the package is', () => {
    expect(existsSync(join(onnxruntimeFolder(), 'package.json'))).toBe(true);
  });
});
