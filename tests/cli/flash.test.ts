import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { layout } from '../../tools/image/layout.ts';
import { temporaryFolder } from '../support/folders.ts';
import { hasProgram } from '../support/needs.ts';
import { jsonLines, ocellus } from './cli.ts';

const mib = 1024 * 1024;
const hasMtools = hasProgram('mcopy') && hasProgram('mkfs.vfat');

/** The image of a small card: a partition table, and FAT in the first partition. */
function makeImage(folder: string): string {
  const path = join(folder, 'card.img');
  const image = Buffer.alloc(40 * mib);
  const { type } = layout.partitions.settings;
  image[446 + 4] = type;
  image.writeUInt32LE((2 * mib) / 512, 446 + 8);
  image.writeUInt32LE((36 * mib) / 512, 446 + 12);
  image.writeUInt16LE(0xaa55, 510);
  writeFileSync(path, image);
  const args = ['-F', '32', '-n', 'OCELLUS', '--offset', String((2 * mib) / 512), path, String(36 * 1024)];
  execFileSync('mkfs.vfat', args, {
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    stdio: 'ignore',
  });
  return path;
}

const onCard = (path: string, name: string) =>
  execFileSync('mtype', ['-i', `${path}@@${2 * mib}`, `::${name}`], { encoding: 'utf8' });

describe.skipIf(!hasMtools)('ocellus flash (needs mtools, dosfstools)', () => {
  it('writes an image to a file, with settings on it', async () => {
    const folder = temporaryFolder();
    const image = makeImage(folder);
    const card = join(folder, 'card');
    const options = ['--node', 'porch', '--source', 'v4l2:/dev/video0', '--broker', 'mqtt://me:secret@home.lan'];
    const { code, out, err } = await ocellus(['flash', image, card, '--yes', '--json', ...options]);
    expect(code, err).toBe(0);
    expect(jsonLines(out)).toMatchObject([{ device: card, size: 40 * mib, files: ['ocellus.toml'] }]);
    expect(statSync(card).blocks * 512).toBeLessThan(4 * mib);
    const text = onCard(card, 'ocellus.toml');
    for (const line of [/node = "porch"/, /source = "v4l2:\/dev\/video0"/, /username = "me"/, /password = "secret"/])
      expect(text).toMatch(line);
    expect(text).toMatch(/broker = "mqtt:\/\/home\.lan"/);
  });

  it('puts a file of yours on it, and refuses one that is not right before anything is written', async () => {
    const folder = temporaryFolder();
    const image = makeImage(folder);
    const card = join(folder, 'card');
    const settings = join(folder, 'mine.toml');
    writeFileSync(settings, 'node = "shed"\n');
    expect(await ocellus(['flash', image, card, '-y', '--settings', settings])).toMatchObject({
      code: 0,
      out: expect.stringMatching(
        /^.*card: 0\.042 GB, of which \d\.\d{3} GB were written and read back; with ocellus\.toml\n$/,
      ),
    });
    expect(onCard(card, 'ocellus.toml')).toBe('node = "shed"\n');
    writeFileSync(settings, 'nood = "shed"\n');
    const before = readFileSync(card);
    expect(await ocellus(['flash', image, card, '-y', '--settings', settings])).toMatchObject({
      code: 2,
      err: expect.stringContaining('nood'),
    });
    expect(readFileSync(card).equals(before)).toBe(true);
  });

  it('asks before it overwrites', async () => {
    const folder = temporaryFolder();
    const image = makeImage(folder);
    writeFileSync(join(folder, 'card'), 'precious');
    const { code, err } = await ocellus(['flash', image, join(folder, 'card')]);
    expect([code, err]).toEqual([2, expect.stringMatching(/All on .*card is lost.*expected --yes/)]);
    expect(readFileSync(join(folder, 'card'), 'utf8')).toBe('precious');
  });
});

describe.skipIf(!hasProgram('lsblk'))('the cards of this machine (needs lsblk)', () => {
  it('are listed, and none is guessed', async () => {
    const listed = await ocellus(['flash', '--json']);
    expect(listed.code).toBe(0);
    jsonLines(listed.out);
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'x.img'), 'x');
    expect(await ocellus(['flash', join(folder, 'x.img'), '--yes'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('expected the card to write to'),
    });
    expect((await ocellus(['flash', join(folder, 'x.img'), '/dev/no-such-card', '-y'])).err).toMatch(
      /is not there: plug the card in/,
    );
    expect((await ocellus(['flash', join(folder, 'x.img'), folder, '-y'])).err).toMatch(/expected a card .* or a file/);
  });
});

/** A block device made of a file, or undefined where this machine has none to give. */
function loop(folder: string, bytes: number): string | undefined {
  const file = join(folder, 'medium');
  writeFileSync(file, Buffer.alloc(bytes, 0xa5));
  try {
    const device = execFileSync('losetup', ['--find', '--show', file], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    onTestFinished(() => void execFileSync('losetup', ['--detach', device]));
    return device;
  } catch {
    return undefined;
  }
}

const hasLoops = hasMtools && process.getuid?.() === 0 && existsSync('/dev/loop-control') && hasProgram('losetup');

describe.skipIf(!hasLoops)('a block device (needs root, loop devices, mtools, dosfstools)', () => {
  it('is written, holes too, and refused where it is in use or too small', async (test) => {
    const folder = temporaryFolder();
    const device = loop(folder, 48 * mib);
    if (device === undefined) return test.skip('losetup gives none');
    const image = makeImage(folder);
    const { code, err } = await ocellus(['flash', image, device, '--yes', '--node', 'porch']);
    expect([code, err]).toEqual([0, expect.stringMatching(/does not say that it can be taken out/)]);
    const written = readFileSync(join(folder, 'medium'));
    expect(onCard(device, 'ocellus.toml')).toMatch(/node = "porch"/);
    // Where the image has zeros, the device has them too.
    expect(written.subarray(39 * mib, 40 * mib).every((byte) => byte === 0)).toBe(true);
    expect(written.subarray(40 * mib).every((byte) => byte === 0xa5)).toBe(true);

    writeFileSync(join(folder, 'large.img'), Buffer.alloc(49 * mib, 1));
    expect((await ocellus(['flash', join(folder, 'large.img'), device, '-y'])).err).toMatch(
      /has 0\.050 GB: expected 0\.051 GB at least/,
    );
    execFileSync('mkfs.ext4', ['-q', '-F', device], { env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
    const point = join(folder, 'mounted');
    mkdirSync(point);
    execFileSync('mount', [device, point]);
    try {
      const mounted = await ocellus(['flash', image, device, '-y']);
      expect([mounted.code, mounted.err]).toEqual([
        2,
        expect.stringMatching(/is mounted at .*mounted: unmount it first/),
      ]);
    } finally {
      execFileSync('umount', [point]);
    }
  });
});
