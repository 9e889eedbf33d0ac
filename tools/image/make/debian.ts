import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { InputError } from '../../../sdk/base/errors.ts';
import { runtimePackages, smallRoot } from '../../pack/debian-root.ts';
import { needPrograms, outputOf, run } from './programs.ts';
import { makeTrybootModule } from './tryboot-module.ts';

/** What a board runs, beside what Debian calls essential. */
const packages = [
  // Kernel, firmware, and how a board starts.
  ...['linux-image-arm64', 'raspi-firmware', 'firmware-brcm80211', 'wireless-regdb', 'busybox', 'kmod', 'udev'],
  ...['systemd', 'systemd-sysv', 'dbus', 'e2fsprogs', 'dosfstools', 'fdisk'],
  // The network: systemd-networkd is part of systemd; a name by mDNS, the time, Wi-Fi.
  ...['systemd-resolved', 'systemd-timesyncd', 'wpasupplicant', 'iproute2', 'netbase'],
  // Ocellus, and the programs that its cameras are read by.
  ...runtimePackages,
  // For the owner, where he asks for it.
  ...['openssh-server', 'login', 'passwd', 'sudo', 'tzdata'],
];

/** Run by a shell, with the root's folder as its first argument, before the packages are installed. */
const withoutInitramfs = [
  'mkdir -p "$1/etc/kernel/postinst.d" "$1/etc/initramfs-tools"',
  'echo update_initramfs=no > "$1/etc/initramfs-tools/update-initramfs.conf"',
  'echo "#!/bin/sh" > "$1/etc/kernel/postinst.d/initramfs-tools"',
].join(' && ');

export interface DebianOptions {
  /** Of all files, in seconds since 1970. */
  readonly epoch: number;
  /** Hears how far it is: what is done, and what part of the whole is behind it, 0 to 1. */
  readonly onProgress: (what: string, fraction: number) => void;
}

/**
 * Makes the root of Debian 13 for arm64 that the image is made from, as a tar archive. Packages' own scripts run under emulation,
 * which takes most of the time; the kernel's initramfs is not made here.
 *
 * @param tar Where it is written; a file that is there was written whole.
 */
export async function makeDebian(tar: string, { epoch, onProgress }: DebianOptions): Promise<void> {
  needPrograms({
    mmdebstrap: 'mmdebstrap',
    'arch-test': 'arch-test',
    'qemu-aarch64-static': 'qemu-user-static',
    gpg: 'gpg',
  });
  const unfinished = `${tar}.unfinished.tar`;
  const options = [
    ...['--verbose', '--variant=essential', '--architectures=arm64', '--components=main,non-free-firmware'],
    ...smallRoot,
    // What is there already stays: of initramfs-tools what makes an initramfs, for minutes, that is not booted.
    '--dpkgopt=force-confold',
    '--dpkgopt=path-exclude=/usr/lib/linux-image-*/[!b]*',
    `--essential-hook=${withoutInitramfs}`,
    `--include=${packages.join(',')}`,
  ];
  // Each package is unpacked once and set up once.
  const expected = 290;
  let unpacked = 0;
  let setUp = 0;
  await run('mmdebstrap', [...options, 'trixie', unfinished], {
    env: { SOURCE_DATE_EPOCH: String(epoch) },
    onLine(line) {
      const [, doing, name] = /^(Unpacking|Setting up) (\S+)/.exec(line) ?? [];
      if (!doing) return;
      if (doing === 'Unpacking') unpacked++;
      else setUp++;
      onProgress(
        `${doing === 'Unpacking' ? 'unpacks' : 'sets up'} ${name}`,
        Math.min(1, (unpacked + setUp) / (2 * expected)),
      );
    },
  });
  onProgress('compiles the module by which an update tries the other slot', 1);
  await addTrybootModule(unfinished, epoch);
  await rename(unfinished, tar);
}

async function addTrybootModule(tar: string, epoch: number): Promise<void> {
  const names = outputOf('tar', ['--list', '--file', tar]).toString();
  const release = /^\.\/usr\/lib\/modules\/([^/]+)\/$/m.exec(names)?.[1];
  if (release === undefined) throw new InputError(`expected a kernel in the root of Debian, got none (${tar})`);
  const scratch = await mkdtemp(join(tmpdir(), 'ocellus-module-'));
  try {
    const path = `./usr/lib/modules/${release}/updates/ocellus_tryboot.ko`;
    await mkdir(dirname(join(scratch, path)), { recursive: true });
    await makeTrybootModule(release, join(scratch, path), { epoch });
    const owner = ['--owner=0', '--group=0', '--numeric-owner', `--mtime=@${epoch}`];
    outputOf('tar', ['--append', '--file', tar, ...owner, '-C', scratch, dirname(path)]);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
