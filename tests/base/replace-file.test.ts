import { execFileSync } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statfsSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
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

  it('makes what a link leads to, though it was not there', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'kept'));
    symlinkSync('second', join(folder, 'first'));
    symlinkSync('kept/file', join(folder, 'second'));
    await replaceFile(join(folder, 'first'), 'new', 0o600);
    expect(readFileSync(join(folder, 'kept', 'file'), 'utf8')).toBe('new');
    expect(lstatSync(join(folder, 'first')).isSymbolicLink()).toBe(true);
    await replaceFile(join(folder, 'first'), 'newer', 0o600);
    expect(readFileSync(join(folder, 'kept', 'file'), 'utf8')).toBe('newer');
    expect(readdirSync(folder).sort()).toEqual(['first', 'kept', 'second']);
  });

  it('writes into what somebody has open, such as /dev/stdout that goes to a file', async () => {
    const file = join(temporaryFolder(), 'file');
    const opened = openSync(file, 'w+');
    try {
      symlinkSync(`/proc/self/fd/${opened}`, `${file}.link`);
      for (const name of [`/dev/fd/${opened}`, `${file}.link`]) {
        await replaceFile(name, name, 0o600);
        expect(readSync(opened, Buffer.alloc(1), 0, 1, 0)).toBe(1);
        expect([readFileSync(file, 'utf8'), fstatSync(opened).ino]).toEqual([name, statSync(file).ino]);
      }
    } finally {
      closeSync(opened);
    }
  });

  it('speaks of the file by its own name', async () => {
    const file = join(temporaryFolder(), 'none', 'file');
    await expect(replaceFile(file, '', 0o600)).rejects.toThrow(`open '${file}'`);
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
