import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { probe, UnavailableError } from '../../sdk/store/disk.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';
import { canMount } from '../support/needs.ts';

const megabyte = 1024 * 1024;

/** What the kernel is to write to a disk for this process; what was forgotten before it was written is taken off. */
function bytesToDisk(): number {
  const io = new Map(
    readFileSync('/proc/self/io', 'latin1')
      .split('\n')
      .map((line) => line.split(': ') as [string, string]),
  );
  return Number(io.get('write_bytes')) - Number(io.get('cancelled_write_bytes'));
}

const diskFormats = [0xef53, 0x58465342, 0x9123683e, 0xf2f52010];
const noDisk = diskFormats.includes(statfsSync(tmpdir()).type) ? '' : ' (needs a temporary folder on a disk)';

it.skipIf(noDisk)(`finds room without writing it${noDisk}`, async () => {
  const folder = temporaryFolder();
  const before = bytesToDisk();
  for (let i = 0; i < 10; i++) await probe(folder);
  expect(readdirSync(folder)).toEqual([]);
  const bytes = bytesToDisk() - before;
  expect(bytes, 'it is really counted here').toBeGreaterThan(0);
  expect(bytes / 10).toBeLessThan(megabyte / 4);
});

it('says why it may not write there', async () => {
  const error = await probe(join(temporaryFolder(), 'nowhere')).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UnavailableError);
  expect((error as Error).message).toMatch(/ENOENT/);
});

const noMount = canMount() ? '' : ' (needs the right to mount)';

describe.skipIf(noMount)(`a small disk${noMount}`, () => {
  it.each([
    [7, false],
    [9, true],
  ])('with %i MB free has room for a store: %s', async (free, hasRoom) => {
    const disk = mount(16);
    writeFileSync(join(disk, 'filler'), Buffer.alloc((16 - free) * megabyte));
    const touched = () => statSync(disk, { bigint: true }).mtimeNs;
    const before = touched();
    const answer = await probe(disk).then(
      () => true,
      (error: unknown) => error,
    );
    if (hasRoom) expect(answer).toBe(true);
    else expect(answer).toEqual(new UnavailableError('the disk is full'));
    expect(touched() === before, 'a disk that is full is not written to').toBe(!hasRoom);
    expect(readdirSync(disk)).toEqual(['filler']);
  });
});

function mount(megabytes: number): string {
  const disk = join(temporaryFolder(), 'disk');
  mkdirSync(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', disk], { stdio: 'ignore' });
  return closing(disk, async () => void execFileSync('umount', [disk]));
}
