import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { assertWritable } from '../../tools/cli/writable.ts';
import { temporaryFolder } from '../support/folders.ts';
import { noMount, smallDisk } from '../support/mount.ts';

it('takes a file that is there or can be made, and no folder in its place', async () => {
  const folder = temporaryFolder();
  await assertWritable('--page', join(folder, 'new.html'));
  writeFileSync(join(folder, 'old.html'), '');
  await assertWritable('--page', join(folder, 'old.html'));
  await expect(assertWritable('--page', join(folder, 'none', 'a.html'))).rejects.toThrow(
    /^--page: expected a file in a folder that can be written, got .*none.a\.html: ENOENT/,
  );
  await expect(assertWritable('--page', folder)).rejects.toThrow(/got a folder/);
});

it.skipIf(noMount)(`says that a disk is read-only, with a file there or without${noMount}`, async () => {
  const disk = smallDisk('1m');
  writeFileSync(join(disk, 'old.html'), '');
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  for (const name of ['old.html', 'new.html'])
    await expect(assertWritable('--page', join(disk, name))).rejects.toThrow(/EROFS/);
});
