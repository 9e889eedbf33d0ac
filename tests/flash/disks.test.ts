import { describe, expect, it } from 'vitest';
import { assertFree, cardsOf, parseDisks } from '../../tools/flash/disks.ts';

const disk = (path: string, change: object = {}) => ({
  ...{ path, size: 32_000_000_000, type: 'disk', rm: false, ro: false, hotplug: false, tran: null, model: null },
  ...{ vendor: null, mountpoints: [null], ...change },
});
const part = (path: string, mountpoint: string | null, children: object[] = []) => ({
  ...disk(path, { type: 'part', mountpoints: [mountpoint], children }),
});
const lsblk = JSON.stringify({
  blockdevices: [
    disk('/dev/nvme0n1', {
      children: [
        part('/dev/nvme0n1p1', '/boot/efi'),
        part('/dev/nvme0n1p2', null, [disk('/dev/mapper/root', { type: 'crypt', mountpoints: ['/'] })]),
      ],
    }),
    disk('/dev/sdb', { rm: true, tran: 'usb', vendor: 'Generic ', model: 'MassStorageClass' }),
    disk('/dev/sdc', { hotplug: true, tran: 'usb', children: [part('/dev/sdc1', '/media/me/OCELLUS')] }),
    disk('/dev/mmcblk0', { rm: '1', size: '16000000000', ro: '0' }),
    disk('/dev/sdd', { rm: true, ro: true }),
    disk('/dev/sde', { rm: true, size: 0 }),
    disk('/dev/sdf', { children: [part('/dev/sdf1', '[SWAP]')] }),
    disk('/dev/loop0', { type: 'loop' }),
    disk('/dev/sr0', { type: 'rom', rm: true }),
  ],
});

describe('the disks of a machine', () => {
  const disks = parseDisks(lsblk);

  it('are cards where they can be taken out, are in a reader, and nothing uses them', () => {
    expect(cardsOf(disks)).toEqual([
      expect.objectContaining({
        path: '/dev/sdb',
        model: 'Generic MassStorageClass',
        way: 'usb',
        bytes: 32_000_000_000,
      }),
      expect.objectContaining({ path: '/dev/mmcblk0', way: 'mmc', bytes: 16_000_000_000 }),
    ]);
  });

  it.each([
    ['/dev/nvme0n1', /is a disk of the system that runs \(\/boot\/efi, \/\): nothing was written/],
    ['/dev/sdf', /is a disk of the system that runs \(\[SWAP\]\)/],
    ['/dev/sdc', /is mounted at \/media\/me\/OCELLUS: unmount it first \(umount \/media\/me\/OCELLUS\)/],
    ['/dev/sdc1', /is not a whole disk: expected \/dev\/sdc, since an image brings its own partitions/],
    ['/dev/sdd', /is read-only/],
    ['/dev/sr0', /is not a whole disk/],
  ])('%s is refused', (path, why) => {
    expect(() => assertFree(path, disks)).toThrow(why);
  });

  it('are taken where nothing speaks against it', () => {
    for (const path of ['/dev/sdb', '/dev/mmcblk0', '/dev/loop0']) expect(assertFree(path, disks).path).toBe(path);
  });

  it('are told of by lsblk, which may be another program', () => {
    expect(() => parseDisks('NAME SIZE')).toThrow(/expected JSON/);
  });
});
