import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { boards } from '../../tools/image/firmware-files.ts';
import { layout, sectorSize } from '../../tools/image/layout.ts';
import { cardPrograms } from '../../tools/image/make/card.ts';
import { hasProgram } from '../../tools/image/make/programs.ts';
import { plant, temporaryFolder } from '../support/folders.ts';
import { jsonLines, ocellus } from './cli.ts';

const needed = [...Object.keys(cardPrograms), 'depmod', 'zstd', 'xz'];
const missing = needed.filter((name) => !hasProgram(name));
const isRoot = process.getuid?.() === 0;

const release = '6.12.1-arm64';
/** A file that is ELF by its first bytes, and needs no library. */
const elf = Buffer.alloc(64);
elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
/** A device tree that names one part: the root's only property. */
const tree = Buffer.alloc(128);
for (const [index, word] of [0xd00dfeed, 128, 56, 100].entries()) tree.writeUInt32BE(word, index * 4);
for (const [index, word] of [1, 0, 3, 4, 0, 0x61620000, 2, 9].entries()) tree.writeUInt32BE(word, 56 + index * 4);
tree.write('compatible\0', 100);

/** What a build needs of a root of Debian, as the archive that `--keep-debian` keeps. */
function smallDebian(folder: string): string {
  const root = join(folder, 'debian');
  const modules = `usr/lib/modules/${release}`;
  const builtIn = ['erofs', 'ext4', 'overlay', 'mmc_block', 'sd_mod', 'usb_storage', 'uas', 'xhci_pci', 'bcm2835_wdt'];
  plant(root, {
    [`boot/vmlinuz-${release}`]: 'kernel',
    [`${modules}/modules.builtin`]: builtIn.map((name) => `kernel/${name}.ko\n`).join(''),
    [`${modules}/modules.order`]: '',
    [`${modules}/kernel/fs/xfs/a`]: 'of no use on a board',
    [`${modules}/kernel/drivers/net/ethernet/broadcom/genet/a`]: 'the network of a Pi 4',
    'usr/lib/raspi-firmware/bootcode.bin': 'bootcode',
    'usr/lib/raspi-firmware/start4.elf': 'start',
    'usr/lib/raspi-firmware/start_db.elf': 'for debugging',
    'usr/lib/raspi-firmware/overlays/README.md': '',
    'usr/lib/os-release': 'ID=debian\n',
    'etc/shadow': 'root:*:20423:0:99999:7:::\n',
    'etc/ssh/ssh_host_key': 'the same on all boards',
    'etc/systemd/system/multi-user.target.wants/ssh.service': '',
    'etc/machine-id': 'the same on all boards',
    'var/lib/dpkg/status':
      'Package: nodejs\nStatus: install ok installed\nArchitecture: arm64\nVersion: 20.19.2+dfsg-1\n\n',
    'var/lib/dbus/machine-id': 'the same on all boards',
    'var/cache/apt/archives/a.deb': 'large',
    'usr/lib/systemd/system/dbus.service': '',
  });
  for (const name of ['usr/bin/busybox', 'usr/sbin/blkid', 'usr/sbin/e2fsck']) plantBytes(root, name, elf);
  plantBytes(root, 'usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1', elf);
  for (const { deviceTree } of Object.values(boards)) {
    plantBytes(root, `usr/lib/linux-image-${release}/broadcom/${deviceTree}`, tree);
  }
  symlinkSync('usr/lib', join(root, 'lib'));
  const tar = join(folder, 'debian.tar');
  execFileSync('tar', ['-cf', tar, '-C', root, '.']);
  return tar;
}

function plantBytes(root: string, path: string, bytes: Buffer): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), bytes);
}

describe('ocellus image build', () => {
  it.skipIf(!isRoot || missing.length > 0)(
    `makes a card of a root of Debian and the tree of Ocellus (needs root, ${needed.join(', ')})`,
    async () => {
      const folder = temporaryFolder();
      const debian = smallDebian(folder);
      const app = plant(join(folder, 'app'), {
        'bin/ocellus.js': '',
        'package.json': '{"name":"ocellus","version":"0.1.0","license":"Apache-2.0"}',
        'node_modules/ws/package.json': '{"name":"ws","version":"8.23.0"}',
        'tools/systemd/ocellus.service': '[Install]\nWantedBy=multi-user.target\n',
      });
      const file = join(folder, 'card.img');
      const options = ['--debian', debian, '--app', app, '--no-compress', '--json'];
      const { code, out, err } = await ocellus(['image', 'build', file, ...options]);
      expect([code, err.split('\n')[0]], err).toEqual([0, 'unpack']);
      const [made] = jsonLines(out) as [Record<string, unknown>];
      expect(made.root_bytes).toBeGreaterThan(0);
      expect(made).toMatchObject({ file, kernel: release, image_bytes: layout.size });
      expect(made.seconds).toMatchObject({ ocellus: expect.any(Number), root_file_system: expect.any(Number) });
      const bill = JSON.parse(readFileSync(made.bill_of_materials as string, 'utf8')) as {
        components: { purl: string }[];
      };
      expect(bill.components.map(({ purl }) => purl)).toEqual([
        'pkg:deb/debian/nodejs@20.19.2%2Bdfsg-1?arch=arm64&distro=trixie',
        'pkg:npm/ocellus@0.1.0',
        'pkg:npm/ws@8.23.0',
      ]);

      const root = join(folder, 'unpacked');
      const { start } = layout.partitions.rootA;
      const partition = join(folder, 'root.erofs');
      const blocks = [
        'bs=1M',
        `skip=${(start * sectorSize) / 2 ** 20}`,
        `count=${Math.ceil((made.root_bytes as number) / 2 ** 20)}`,
      ];
      execFileSync('dd', [`if=${file}`, `of=${partition}`, 'conv=sparse', ...blocks], { stdio: 'ignore' });
      execFileSync('fsck.erofs', [`--extract=${root}`, partition], { stdio: 'ignore' });
      const text = (name: string) => readFileSync(join(root, name), 'utf8');
      expect(text('usr/lib/os-release')).toMatch(/^IMAGE_ID=ocellus\nIMAGE_VERSION=\d/m);
      // Nothing that boards would share, and no password.
      expect(text('etc/machine-id')).toBe('');
      expect(text('etc/shadow')).toBe('root:*:19700:0:99999:7:::\n');
      for (const gone of [
        'etc/ssh/ssh_host_key',
        'var/cache/apt',
        'usr/lib/raspi-firmware',
        `boot/vmlinuz-${release}`,
      ]) {
        expect([gone, existsSync(join(root, gone))]).toEqual([gone, false]);
      }
      expect(existsSync(join(root, `usr/lib/modules/${release}/kernel/drivers/net/ethernet/broadcom/genet/a`))).toBe(
        true,
      );
      const wanted = join(root, 'usr/lib/systemd/system/multi-user.target.wants');
      for (const name of ['ocellus.service', 'ocellus-grow-data.service'])
        expect(existsSync(join(wanted, name))).toBe(true);
      expect(existsSync(join(root, 'etc/systemd/system/multi-user.target.wants/ssh.service'))).toBe(false);
      // A Raspberry Pi's watchdog holds 15.999 s.
      const seconds = /^RuntimeWatchdogSec=(\d+)s$/m.exec(text('etc/systemd/system.conf.d/ocellus.conf'))?.[1];
      expect(Number(seconds)).toBeLessThanOrEqual(15);
    },
  );

  it('says in one line what is missing', async () => {
    const folder = temporaryFolder();
    const { code, err } = await ocellus([
      'image',
      'build',
      join(folder, 'a.img'),
      '--debian',
      join(folder, 'none.tar'),
    ]);
    expect(code).toBe(2);
    expect(err.trim().split('\n').at(-1)).toMatch(/^error /);
  });
});
