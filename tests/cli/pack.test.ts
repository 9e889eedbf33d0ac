import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import { ocellus, photo, start } from './cli.ts';

/** Its keys and the lengths of its values. */
function recordsOf(bytes: Buffer): [string, number][] {
  const start = bytes.indexOf('BytesWritable') + 'BytesWritable'.length + 6 + 16;
  const records: [string, number][] = [];
  for (let at = start; at < bytes.length; ) {
    const length = bytes.readInt32BE(at);
    if (length === -1) {
      at += 20;
      continue;
    }
    const key = bytes.readInt32BE(at + 4);
    // Short names: one byte of length.
    records.push([bytes.subarray(at + 9, at + 8 + key).toString(), bytes.readInt32BE(at + 8 + key)]);
    at += 8 + length;
  }
  return records;
}

describe('ocellus pack', () => {
  it('writes the pictures below a folder, the same bytes each time, to a file or stdout', async () => {
    const folder = temporaryFolder();
    const album = join(folder, 'album');
    mkdirSync(join(album, 'deeper'), { recursive: true });
    copyFileSync(photo('wall.jpg'), join(album, 'wall.jpg'));
    copyFileSync(photo('cat.jpg'), join(album, 'deeper', 'é.jpg'));
    for (const name of ['notes.txt', '.hidden.jpg']) writeFileSync(join(album, name), 'x');
    writeFileSync(join(album, 'empty.png'), '');
    symlinkSync(album, join(album, 'circle'));
    const out = join(folder, 'album.seq');
    const { code, out: printed, err } = await ocellus(['pack', album, out]);
    expect([code, printed]).toEqual([0, '']);
    expect(err).toContain(`note ${album}: 2 files are no pictures by their names, and are left out\n`);
    expect(err).toMatch(/ocellus pack: 3 pictures, \d+ bytes\n$/);
    const bytes = readFileSync(out);
    const sizeOf = (name: string) => readFileSync(photo(name)).length;
    expect(recordsOf(bytes)).toEqual([
      ['deeper/é.jpg', sizeOf('cat.jpg')],
      ['empty.png', 0],
      ['wall.jpg', sizeOf('wall.jpg')],
    ]);
    const child = start(['pack', album, '-']);
    const parts: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  });

  it('packs the others where one cannot be read, and leaves nothing where there is none', async () => {
    const folder = temporaryFolder();
    copyFileSync(photo('wall.jpg'), join(folder, 'wall.jpg'));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'lost.jpg'));
    const out = join(temporaryFolder(), 'album.seq');
    const lost = await ocellus(['pack', folder, out]);
    expect(lost.code).toBe(2);
    expect(lost.err).toContain('lost.jpg: ENOENT');
    expect(lost.err).toMatch(/error 1 of 2 pictures could not be read\n$/);
    expect(recordsOf(readFileSync(out)).map(([name]) => name)).toEqual(['wall.jpg']);

    mkdirSync(join(folder, 'none'));
    const none = await ocellus(['pack', join(folder, 'none'), join(folder, 'none.seq')]);
    expect([none.code, existsSync(join(folder, 'none.seq'))]).toEqual([2, false]);
    expect(none.err).toMatch(/^error .*none: expected pictures in it \(\.jpg, .*\), found none\n$/);
    const nowhere = await ocellus(['pack', folder, join(folder, 'no', 'such.seq')]);
    expect([nowhere.code, nowhere.err.split('\n').length]).toEqual([2, 2]);
    expect(nowhere.err).toContain('such.seq: cannot be written: ENOENT');
  });
});
