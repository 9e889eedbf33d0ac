import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { boards, bootedFiles, bootPartition, configText } from '../../../tools/image/firmware-files.ts';
import { layout, type Partition, sectorSize, slotOf, slots } from '../../../tools/image/layout.ts';
import { cardPrograms, makeCard, makeRootImage, makeSlotImage } from '../../../tools/image/make/card.ts';
import { hasProgram } from '../../../tools/image/make/programs.ts';
import { readPartitionTable } from '../../../tools/image/partition-table.ts';
import { plant, temporaryFolder } from '../../support/folders.ts';

const missing = Object.keys(cardPrograms).filter((name) => !hasProgram(name));
const path = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, MTOOLS_SKIP_CHECK: '1' };
const run = (program: string, ...args: string[]) => execFileSync(program, args, { env: path, encoding: 'utf8' });
const epoch = 1_764_547_200;

/** A card of small files, as a real one is made. */
async function smallCard(folder: string): Promise<{ file: string; root: string }> {
  const [kernel, initramfs] = ['vmlinuz-6.12.1-arm64', 'initrd.img-6.12.1-arm64'];
  const trees = Object.values(boards).map(({ deviceTree }) => [`boot/${deviceTree}`, 'tree'] as const);
  plant(folder, {
    [`boot/${kernel}`]: 'kernel',
    [`boot/${initramfs}`]: 'initramfs',
    'boot/config.txt': configText(kernel, initramfs),
    'boot/overlays/README.md': 'none',
    ...Object.fromEntries(trees),
    'root/usr/lib/os-release': 'IMAGE_ID=ocellus\n',
    'root/etc/hostname': 'ocellus\n',
  });
  mkdirSync(join(folder, 'root', 'data'));
  const root = join(folder, 'root.erofs');
  makeRootImage(root, join(folder, 'root'), epoch);
  const file = join(folder, 'card.img');
  const contents = { settings: { 'bootcode.bin': Buffer.from('for a Pi 3') }, boot: join(folder, 'boot'), root };
  await makeCard(file, contents, { epoch, scratch: join(folder, 'scratch') });
  return { file, root };
}

/** How mtools names a file system in the image. */
const within = (file: string, { start }: Partition) => `${file}@@${start * sectorSize}`;
const fileIn = (file: string, partition: Partition, name: string) =>
  run('mtype', '-i', within(file, partition), `::${name}`);
const namesIn = (file: string, partition: Partition) =>
  run('mdir', '-b', '-i', within(file, partition), '::/')
    .trim()
    .split('\n')
    .map((name) => name.replace('::/', ''));

describe.skipIf(missing.length > 0)(`a card (needs ${Object.keys(cardPrograms).join(', ')})`, () => {
  let folder = '';
  let file = '';
  let root = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ocellus-card-'));
    ({ file, root } = await smallCard(folder));
    return () => rmSync(folder, { recursive: true, force: true });
  });

  it('has the partitions of the layout, which sfdisk takes', async () => {
    expect(run('sfdisk', '--verify', file)).toContain('No errors detected.');
    const handle = await open(file);
    const { diskId, partitions } = await readPartitionTable(handle);
    await handle.close();
    expect(diskId).toBe(layout.diskId);
    const expected = Object.values(layout.partitions).sort((a, b) => a.number - b.number);
    expect(partitions).toEqual(expected);
    expect(statSync(file).size).toBe(layout.size);
    // It is mostly holes.
    expect(statSync(file).blocks * 512).toBeLessThan(layout.size / 20);
  });

  it('is booted by what the files on it name, and by nothing else', async () => {
    const { settings } = layout.partitions;
    expect(namesIn(file, settings).sort()).toEqual(['autoboot.txt', 'bootcode.bin', 'config.txt']);
    for (const board of Object.values(boards)) {
      const number = bootPartition(fileIn(file, settings, 'autoboot.txt'), board);
      const slot = Object.values(slots).find(({ boot }) => boot.number === number)!;
      expect(slot.name).toBe('a');
      const files = namesIn(file, slot.boot);
      const booted = bootedFiles(fileIn(file, slot.boot, 'config.txt'), files, board);
      expect(fileIn(file, slot.boot, booted.kernel)).toBe('kernel');
      expect(slotOf(fileIn(file, slot.boot, booted.commandLine))).toBe(slot);
    }
    // The other slot waits for an update.
    expect(run('mdir', '-b', '-i', within(file, layout.partitions.bootB), '::/')).toBe('');
  });

  it('has its root where the command line says, and room for data', async () => {
    const handle = await open(file);
    const of = async ({ start }: Partition, length: number, offset = 0) => {
      const bytes = Buffer.alloc(length);
      await handle.read(bytes, 0, length, start * sectorSize + offset);
      return bytes;
    };
    const made = readFileSync(root);
    expect((await of(slots.a.root, made.length)).equals(made)).toBe(true);
    expect((await of(slots.b.root, 4096)).every((byte) => byte === 0)).toBe(true);
    // The label of an ext4 is 120 bytes into its superblock.
    expect((await of(layout.partitions.data, 16, 1024 + 120)).toString().replace(/\0+$/, '')).toBe('ocellus-data');
    await handle.close();
  });

  it('has the same bytes when it is made again of the same files', async () => {
    const other = await smallCard(temporaryFolder());
    // It ends with an error where they differ.
    run('cmp', other.file, file);
  });

  it('has the same root whatever times its files had, also where SOURCE_DATE_EPOCH is set', async () => {
    vi.stubEnv('SOURCE_DATE_EPOCH', String(epoch));
    vi.resetModules();
    const again = await import('../../../tools/image/make/card.ts');
    vi.unstubAllEnvs();
    const made = [1_500_000_000, 1_600_000_000].map((time) => {
      utimesSync(join(folder, 'root', 'etc', 'hostname'), time, time);
      const file = join(folder, `root-${time}.erofs`);
      again.makeRootImage(file, join(folder, 'root'), epoch);
      return readFileSync(file);
    });
    expect(made[0]!.equals(made[1]!)).toBe(true);
    expect(made[0]!.equals(readFileSync(root))).toBe(true);
  });

  it('gives the other slot the same files but for the root that it names', async () => {
    const folder = temporaryFolder();
    plant(folder, { 'boot/vmlinuz': 'kernel' });
    await makeSlotImage(join(folder, 'b.fat'), 'b', join(folder, 'boot'), epoch);
    expect(slotOf(run('mtype', '-i', join(folder, 'b.fat'), '::cmdline.txt'))).toBe(slots.b);
  });

  it('refuses a root that no card has room for', async () => {
    const folder = temporaryFolder();
    plant(folder, { 'boot/config.txt': '' });
    const root = join(folder, 'root.erofs');
    writeFileSync(root, '');
    const handle = await open(root, 'r+');
    await handle.truncate(layout.partitions.rootA.sectors * sectorSize + 1);
    await handle.close();
    const making = makeCard(
      join(folder, 'card.img'),
      { settings: {}, boot: join(folder, 'boot'), root },
      { epoch, scratch: join(folder, 'scratch') },
    );
    await expect(making).rejects.toThrow('expected at most 1073741824 bytes for a partition');
  });
});
