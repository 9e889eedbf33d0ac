import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asset } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { prune, settle, walk } from '../../pack/walk.ts';
import { configText } from '../firmware-files.ts';
import { makeInitrd } from './initrd.ts';
import { outputOf } from './programs.ts';

/** Units that start with the board, by what wants them. Those of `tools/image/root` and of Ocellus say it themselves. */
const enabled = {
  'multi-user.target': ['systemd-networkd.service', 'systemd-resolved.service'],
  'sysinit.target': ['systemd-timesyncd.service'],
  'network-online.target': ['systemd-networkd-wait-online.service'],
  'sockets.target': ['systemd-networkd.socket'],
} as const;

/** Units that would ask somebody, serve a root that changes, or write to the card without need. */
const masked = [
  ...['systemd-firstboot.service', 'ldconfig.service', 'systemd-hwdb-update.service'],
  ...['systemd-journal-catalog-update.service', 'e2scrub_reap.service', 'e2scrub_all.timer', 'dpkg-db-backup.timer'],
  ...['systemd-pstore.service', 'remote-fs.target', 'dev-hugepages.mount', 'sys-fs-fuse-connections.mount'],
  ...['sys-kernel-config.mount', 'sys-kernel-debug.mount', 'sys-kernel-tracing.mount'],
];
/** Programs that look at each start for what no card has: encrypted disks, a GPT, sockets of a hypervisor, a hibernated system. */
const maskedGenerators = ['cryptsetup', 'gpt-auto', 'hibernate-resume', 'integritysetup', 'ssh', 'veritysetup'];
/** Enabled by their packages: the owner asks for them, or nothing here does. */
const disabled = ['ssh.service', 'ssh.socket', 'sshd.service', 'wpa_supplicant.service', 'remote-fs.target'];

/** What a build of Debian leaves that is of no use on a board, or is to differ from board to board. */
const removed = [
  ...['boot', 'var/cache', 'var/lib/apt', 'var/log', 'var/tmp', 'tmp', 'run', 'dev', 'proc', 'sys'],
  ...['etc/apt', 'etc/dpkg/dpkg.cfg.d', 'etc/shadow-', 'etc/gshadow-', 'etc/passwd-', 'etc/group-'],
  ...['etc/machine-id', 'var/lib/dbus/machine-id', 'var/lib/systemd', 'etc/resolv.conf'],
  ...['usr/lib/raspi-firmware', 'usr/lib/klibc', 'usr/share/initramfs-tools', 'etc/initramfs-tools'],
  // Asked for by what is left out of the packages; and what hwdb.bin is made of.
  ...['usr/lib/aarch64-linux-gnu/libz3.so.4', 'usr/lib/udev/hwdb.d', 'usr/share/mime', 'usr/share/X11'],
  ...['var/lib/dpkg/status-old', 'var/lib/dpkg/available-old', 'var/lib/private'],
];
/** Drivers of what no Raspberry Pi has or can be given, and file systems that nobody mounts there; below a kernel's modules. */
const unusedModules = [
  ...[
    'drivers/infiniband',
    'drivers/target',
    'drivers/message',
    'drivers/ufs',
    'drivers/md',
    'drivers/mtd',
    'drivers/ata',
  ],
  /^drivers\/scsi\/[^/]+\//,
  /^drivers\/net\/ethernet\/(?!broadcom\/genet)/,
  /^drivers\/gpu\/drm\/(amd|xe|nouveau|radeon|msm|vmwgfx|tegra|mediatek|sun4i|rockchip|meson|imx|hisilicon|exynos)\//,
  ...['drivers/media/pci', 'drivers/media/dvb-frontends', 'drivers/media/tuners', 'drivers/media/radio', 'sound/pci'],
  /^sound\/soc\/(qcom|mediatek|meson|fsl|sof|rockchip|sunxi|tegra)\//,
  ...['bcachefs', 'btrfs', 'xfs', 'ocfs2', 'gfs2', 'ceph', 'afs', 'nfsd', 'ubifs'].map((name) => `fs/${name}`),
];

const folders = {
  ...{ boot: 0o755, 'boot/firmware': 0o755, data: 0o755, dev: 0o755, proc: 0o555, sys: 0o555, run: 0o755, tmp: 0o1777 },
  ...{ 'var/cache': 0o755, 'var/log': 0o755, 'var/tmp': 0o1777, 'var/lib/systemd': 0o755, 'var/lib/private': 0o700 },
};

export interface DressOptions {
  readonly version: string;
  /** Of files, in seconds since 1970. */
  readonly epoch: number;
}

/** The folder of the root below which Ocellus lies: `installAppTree` of `tools/pack`. */
export const appFolder = join('usr', 'lib', 'ocellus');

/**
 * Makes the root of a board of a root of Debian with Ocellus in it, without running anything of it: settings and units from
 * `tools/image/root`, no key or name that boards would share.
 *
 * @param root Its folder, which is changed.
 * @param boot The folder for what a slot boots: kernel, initramfs, device trees, firmware, `config.txt`.
 * @returns The kernel's release, such as `6.12.1-arm64`.
 */
export function dressRoot(root: string, boot: string, { version, epoch }: DressOptions): string {
  const at = (...parts: string[]) => join(root, ...parts);
  const release = releaseOf(at('usr', 'lib', 'modules'));
  prune(at('usr', 'lib', 'modules', release, 'kernel'), isUnusedModule);
  outputOf('depmod', ['-b', root, release]);
  makeBoot(root, boot, release);

  for (const path of removed) rmSync(at(path), { recursive: true, force: true });
  for (const [path, mode] of Object.entries(folders)) {
    mkdirSync(at(path), { recursive: true });
    outputOf('chmod', [mode.toString(8), at(path)]);
  }
  for (const name of readdirSync(at('etc', 'ssh'))) if (name.startsWith('ssh_host_')) rmSync(at('etc', 'ssh', name));
  const own = join(boot, '..', 'own');
  cpSync(asset('tools', 'image', 'root'), own, { recursive: true });
  // Modes of a checkout depend on who made it.
  settle(own, epoch);
  cpSync(own, root, { recursive: true, force: true });
  // The first boot writes it, and keeps it with what is laid over /etc.
  writeFileSync(at('etc', 'machine-id'), '');
  symlinkSync('/etc/machine-id', at('var', 'lib', 'dbus', 'machine-id'));
  symlinkSync('/run/systemd/resolve/stub-resolv.conf', at('etc', 'resolv.conf'));
  nameSystem(at('usr', 'lib', 'os-release'), version);
  datePasswords(at('etc', 'shadow'));
  enableUnits(root);
  return release;
}

const isUnusedModule = (path: string) =>
  unusedModules.some((unused) => (typeof unused === 'string' ? path.startsWith(`${unused}/`) : unused.test(path)));

function releaseOf(modules: string): string {
  const releases = existsSync(modules) ? readdirSync(modules) : [];
  if (releases.length !== 1)
    throw new InputError(`expected one kernel in ${modules}, got ${releases.join(', ') || 'none'}`);
  return releases[0]!;
}

function makeBoot(root: string, boot: string, release: string): void {
  mkdirSync(boot, { recursive: true });
  const [kernel, initramfs] = [`vmlinuz-${release}`, `initrd.img-${release}`];
  cpSync(join(root, 'boot', kernel), join(boot, kernel));
  const trees = join(root, 'usr', 'lib', `linux-image-${release}`, 'broadcom');
  // Of boards with 64 bits, which this kernel can run on.
  for (const name of readdirSync(trees))
    if (/^bcm(2711|2837).*\.dtb$/.test(name)) cpSync(join(trees, name), join(boot, name));
  const firmware = join(root, 'usr', 'lib', 'raspi-firmware');
  // The usual ones: those for debugging, for cameras of the older kind and the cut ones are not booted.
  for (const name of readdirSync(firmware)) {
    if (/^(start4?\.elf|fixup4?\.dat)$/.test(name)) cpSync(join(firmware, name), join(boot, name));
  }
  cpSync(join(firmware, 'overlays'), join(boot, 'overlays'), { recursive: true });
  const archive = join(boot, 'initrd');
  writeFileSync(archive, makeInitrd(root, release));
  outputOf('zstd', ['--quiet', '--rm', '-19', '--single-thread', archive, '-o', join(boot, initramfs)]);
  writeFileSync(join(boot, 'config.txt'), configText(kernel, initramfs));
}

/** `bootcode.bin`, which a Pi 3 reads from the first partition alone. */
export const bootcode = (root: string): Buffer =>
  readFileSync(join(root, 'usr', 'lib', 'raspi-firmware', 'bootcode.bin'));

function nameSystem(file: string, version: string): void {
  const text = readFileSync(file, 'utf8').replace(/^IMAGE_.*\n/gm, '');
  writeFileSync(file, `${text}IMAGE_ID=ocellus\nIMAGE_VERSION=${version}\n`);
}

/** When passwords that there are none of were changed is the day of the build, which no root is to depend on. */
function datePasswords(file: string): void {
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace(/^([^:]*:[^:]*:)\d+:/gm, '$119700:'));
}

function enableUnits(root: string): void {
  const units = join(root, 'usr', 'lib', 'systemd', 'system');
  const own = join(root, 'etc', 'systemd', 'system');
  for (const name of disabled) {
    for (const { path, entry } of [...walk(own)]) if (entry.name === name) rmSync(join(own, path));
  }
  for (const name of masked) symlink('/dev/null', join(own, name));
  for (const name of maskedGenerators) {
    symlink('/dev/null', join(own, '..', 'system-generators', `systemd-${name}-generator`));
  }
  for (const [target, names] of Object.entries(enabled)) for (const name of names) want(units, target, name);
  symlink('systemd-networkd.service', join(units, 'dbus-org.freedesktop.network1.service'));
  symlink('multi-user.target', join(units, 'default.target'));

  const shipped = join(root, appFolder, 'tools', 'systemd');
  for (const name of existsSync(shipped) ? readdirSync(shipped) : []) {
    if (/\.(service|path|timer|socket|target)(\.d)?$/.test(name)) {
      cpSync(join(shipped, name), join(units, name), { recursive: true });
    }
  }
  for (const name of readdirSync(units))
    if (name.startsWith('ocellus') && !name.endsWith('.d')) wantItself(units, name);
}

/** Starts a unit of ours where its section [Install] says. In /usr, so that an update of the root changes what starts. */
function wantItself(units: string, name: string): void {
  const text = readFileSync(join(units, name), 'utf8');
  for (const [, targets] of text.matchAll(/^WantedBy=(.*)$/gm)) {
    for (const target of targets!.trim().split(/\s+/)) want(units, target, name);
  }
}

function want(units: string, target: string, name: string): void {
  symlink(`../${name}`, join(units, `${target}.wants`, name));
}

function symlink(to: string, at: string): void {
  mkdirSync(dirname(at), { recursive: true });
  rmSync(at, { force: true });
  symlinkSync(to, at);
}
