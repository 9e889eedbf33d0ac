import { chmodSync, existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import { makeFolder, makeFolderSync } from '../../sdk/base/make-folder.ts';
import { temporaryFolder } from '../support/folders.ts';

const ways = [
  ['makeFolder', makeFolder],
  ['makeFolderSync', async (path: string, mode?: number) => makeFolderSync(path, mode)],
] as const;

describe.each(ways)('%s', (_, make) => {
  it('makes what is missing, and leaves what is there', async () => {
    const root = temporaryFolder();
    await make(join(root, 'a/b/c'), 0o700);
    await make(join(root, 'a/b/c'));
    expect(statSync(join(root, 'a/b')).mode & 0o777).toBe(0o700);
    symlinkSync(join(root, 'a'), join(root, 'link'));
    await make(join(root, 'link/d'));
    expect(existsSync(join(root, 'a/d'))).toBe(true);
  });

  it('refuses one that a file is in the way of', async () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    for (const path of [file, join(file, 'data'), join(file, 'data/learn')]) {
      await expect(make(path)).rejects.toThrow(InputError);
      await expect(make(path)).rejects.toThrow(/cannot be made: a file is in the way$/);
    }
    symlinkSync('/nowhere/at/all', `${file}.link`);
    await expect(make(`${file}.link`)).rejects.toThrow(/cannot be made: a file is in the way$/);
  });

  it.skipIf(process.getuid?.() === 0)('refuses where this user may not', async () => {
    const root = join(temporaryFolder(), 'locked');
    mkdirSync(root);
    chmodSync(root, 0o500);
    await expect(make(join(root, 'data'))).rejects.toThrow(/cannot be made: this user may not$/);
  });

  it.skipIf(!existsSync('/proc/self/status'))('refuses where the system takes none, and comes to an end', async () => {
    for (const path of ['/proc/ocellus/data', '/proc/ocellus', '/proc/1/ocellus/data', '/sys/ocellus/data']) {
      await expect(make(path)).rejects.toThrow(/^the folder \/(proc|sys)\/.* cannot be made: /);
    }
  });
});
