import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { replaceFile } from '../../sdk/base/replace-file.ts';
import { temporaryFolder } from '../support/folders.ts';
import { noMount, smallDisk } from '../support/mount.ts';

describe('replaceFile', () => {
  it('makes one, and replaces it with the rights that it has', async () => {
    const file = join(temporaryFolder(), 'file');
    await replaceFile(file, 'one', 0o640);
    expect(statSync(file).mode & 0o777).toBe(0o640);
    const { ino } = statSync(file);
    await replaceFile(file, Buffer.from('two'), 0o600);
    expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['two', 0o640]);
    expect(statSync(file).ino).not.toBe(ino);
  });

  it('writes into what is no file, such as a pipe', async () => {
    const folder = temporaryFolder();
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const [heard] = await Promise.all([readFile(pipe, 'utf8'), replaceFile(pipe, 'said', 0o600)]);
    expect([heard, readdirSync(folder)]).toEqual(['said', ['pipe']]);
  });

  it.skipIf(noMount)(`leaves the one that is there on a full disk${noMount}`, async () => {
    const disk = smallDisk('2m');
    const file = join(disk, 'file');
    writeFileSync(file, 'a good one');
    const { bavail, bsize } = statfsSync(disk);
    await expect(replaceFile(file, Buffer.alloc(bavail * bsize + 1), 0o600)).rejects.toThrow(/no space/);
    expect([readFileSync(file, 'utf8'), readdirSync(disk)]).toEqual(['a good one', ['file']]);
  });
});
