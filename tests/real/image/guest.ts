import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { boards, bootedFiles, bootPartition } from '../../../tools/image/firmware-files.ts';
import { layout, type Partition, type Slot, sectorSize, slots } from '../../../tools/image/layout.ts';
import { plant } from '../../support/folders.ts';

const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, MTOOLS_SKIP_CHECK: '1' };
const run = (program: string, args: readonly string[]) =>
  execFileSync(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });

export type BoardName = keyof typeof boards;

/** How a board is emulated: `virt` has Linux' usual virtual devices, `raspi3b` those of a Raspberry Pi 3. */
export interface Machine {
  readonly board: BoardName;
  readonly options: readonly string[];
  readonly disk: (file: string) => readonly string[];
  readonly network: (user: string) => readonly string[];
  /** Of the first serial port, which the image itself does not name. */
  readonly console: string;
  readonly hasOwnTree: boolean;
  /** More of the kernel's command line. */
  readonly append: string;
}

export const machines = {
  virt: {
    board: 'Raspberry Pi 4 B',
    options: [
      // As much memory as the smallest board has.
      ...['-M', 'virt', '-cpu', 'cortex-a72', '-smp', '2', '-m', '512'],
      // Its 15 s are this machine's: where that is busy with other things, nobody inside can feed it in time. So it resets nothing.
      ...['-device', 'i6300esb', '-action', 'watchdog=none'],
    ],
    disk: (file) => [
      ...['-drive', `if=none,id=card,format=raw,file=${file}`, '-device', 'virtio-blk-pci,drive=card'],
      ...['-device', 'virtio-rng-pci'],
    ],
    network: (user) => ['-netdev', user, '-device', 'virtio-net-pci,netdev=net'],
    console: 'ttyAMA0',
    hasOwnTree: false,
    append: '',
  },
  raspi3b: {
    board: 'Raspberry Pi 3 B',
    options: ['-M', 'raspi3b', '-m', '1024'],
    disk: (file) => ['-drive', `if=sd,format=raw,file=${file}`],
    network: (user) => ['-netdev', user, '-device', 'usb-net,netdev=net'],
    console: 'ttyAMA0',
    hasOwnTree: true,
    // QEMU resets a board in the moment in which its watchdog is started, in place of when it was not fed.
    // It has 1 GiB by nature; the smallest board has 512 MiB.
    append: 'module_blacklist=bcm2835_wdt mem=512M',
  },
} as const satisfies Record<string, Machine>;

/** A copy of an image on a card of 4 GiB, which tests may change. */
export class Card {
  readonly file: string;
  readonly #folder: string;

  /** @param folder Of the test's own. */
  constructor(image: string, folder: string) {
    this.#folder = folder;
    this.file = join(folder, 'card.img');
    run('cp', ['--sparse=always', image, this.file]);
    // A power of two, which the emulated reader of cards wants.
    truncateSync(this.file, 4 * 2 ** 30);
  }

  #within = ({ start }: Partition) => `${this.file}@@${start * sectorSize}`;

  read(partition: Partition, name: string): Buffer {
    return run('mtype', ['-i', this.#within(partition), `::${name}`]);
  }

  names(partition: Partition): string[] {
    const text = run('mdir', ['-b', '-i', this.#within(partition), '::/'])
      .toString()
      .trim();
    return text === '' ? [] : text.split('\n').map((name) => name.replace('::/', ''));
  }

  /** Writes files onto a FAT partition: by default the one that people see. */
  write(files: Readonly<Record<string, string>>, partition: Partition = layout.partitions.settings): void {
    for (const [name, text] of Object.entries(files)) {
      const path = join(this.#folder, 'written');
      writeFileSync(path, text);
      run('mcopy', ['-o', '-i', this.#within(partition), path, `::${name}`]);
    }
  }

  /**
   * Puts files where the system keeps what changes, before its first boot: `system/etc/…` lies over /etc.
   *
   * @param executable Of them.
   */
  async seed(files: Readonly<Record<string, string>>, executable: readonly string[] = []): Promise<void> {
    const { data } = layout.partitions;
    const folder = join(this.#folder, 'data');
    mkdirSync(folder);
    plant(folder, files);
    for (const name of executable) run('chmod', ['755', join(folder, name)]);
    const path = join(this.#folder, 'data.ext4');
    const uuid = ['-U', '0ce11005-0000-4000-8000-000000000007', '-L', layout.labels.data];
    run('mkfs.ext4', ['-q', '-b', '4096', '-d', folder, ...uuid, path, `${(data.sectors * sectorSize) / 1024}k`]);
    run('dd', [
      `if=${path}`,
      `of=${this.file}`,
      'bs=1M',
      `seek=${(data.start * sectorSize) / 2 ** 20}`,
      'conv=notrunc',
    ]);
    rmSync(path);
    rmSync(folder, { recursive: true });
  }

  /** What a board's firmware would start of this card. */
  booted(board: BoardName, tryboot = false): { slot: Slot; files: ReturnType<typeof bootedFiles> } {
    const which = { ...boards[board], tryboot };
    const number = bootPartition(this.read(layout.partitions.settings, 'autoboot.txt').toString(), which);
    const slot = Object.values(slots).find(({ boot }) => boot.number === number);
    if (!slot) throw new Error(`autoboot.txt names the partition ${number}, which is no slot`);
    const config = this.read(slot.boot, 'config.txt').toString();
    return { slot, files: bootedFiles(config, this.names(slot.boot), which) };
  }

  /** Overwrites the beginning of a partition by what no file system begins with. */
  damage({ start, sectors }: Partition): void {
    run('dd', ['if=/dev/urandom', `of=${this.file}`, 'bs=512', `seek=${start}`, `count=${sectors}`, 'conv=notrunc']);
  }

  /** Takes a file of a slot out of the card. @returns Its path. */
  extract(slot: Slot, name: string): string {
    const path = join(this.#folder, name);
    writeFileSync(path, this.read(slot.boot, name));
    return path;
  }
}

/** For the kernel's command line, of which 2048 bytes are read: a file of systemd's that is not on the card. */
export const credential = (name: string, text: string) =>
  `systemd.set_credential_binary=${name}:${Buffer.from(text).toString('base64')}`;

/**
 * A machine that is busy with other things takes minutes for what a board does in seconds, and this is no test of systemd's
 * patience. What is tried is kept or left by what it shows, not by the last resort of ten minutes.
 */
const patience = [
  'systemd.default_device_timeout_sec=1800 systemd.default_timeout_start_sec=1800',
  credential('systemd.unit-dropin.ocellus.service', '[Service]\nTimeoutStartSec=1800\nWatchdogSec=1800\n'),
  credential('systemd.unit-dropin.ocellus-update-deadline.timer', '[Timer]\nOnBootSec=\nOnBootSec=2h\n'),
].join(' ');

/** An emulated board that runs from a card. */
export class Guest {
  /** That it runs from. */
  readonly slot: Slot['name'];
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #from = performance.now();
  #said = '';
  readonly #waiting = new Set<() => void>();
  #ended = false;

  /** @param tryboot The firmware's one-shot flag. @param append More of the kernel's command line. */
  constructor(card: Card, machine: Machine, { tryboot = false, append = '' } = {}) {
    const { slot, files } = card.booted(machine.board, tryboot);
    this.slot = slot.name;
    const line = card.read(slot.boot, files.commandLine).toString().trim();
    const tree = machine.hasOwnTree ? ['-dtb', card.extract(slot, files.deviceTree)] : [];
    this.#child = spawn(
      'qemu-system-aarch64',
      [
        ...machine.options,
        ...['-kernel', card.extract(slot, files.kernel), '-initrd', card.extract(slot, files.initramfs!), ...tree],
        ...['-append', `${line} console=${machine.console},115200 ${patience} ${machine.append} ${append}`],
        ...machine.disk(card.file),
        // 10.0.2.2 is this machine's loopback address, for the guest alone.
        ...machine.network('user,id=net'),
        ...['-display', 'none', '-serial', 'stdio', '-monitor', 'none', '-no-reboot'],
      ],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    const hear = (text: Buffer) => {
      this.#said += text;
      for (const wake of this.#waiting) wake();
    };
    this.#child.stdout.on('data', hear);
    this.#child.stderr.on('data', hear);
    this.#child.on('close', () => {
      this.#ended = true;
      for (const wake of this.#waiting) wake();
    });
  }

  /** All that its serial port has said. */
  get said(): string {
    return this.#said;
  }

  /** Seconds since it was started. */
  get seconds(): number {
    return (performance.now() - this.#from) / 1000;
  }

  /** Waits for a text on its serial port. @throws Error when it ends without. */
  async hears(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#said);
      if (found) return found;
      if (this.#ended) throw new Error(`it ended without ${pattern}:\n${this.#said.slice(-6000)}`);
      await this.#more();
    }
  }

  /** Waits until it is off, or starts again, by itself. */
  async off(): Promise<void> {
    while (!this.#ended) await this.#more();
  }

  /** Its power is cut. */
  async cut(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.off();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
    });
  }
}

/** What the probe found in the guest. */
export type Findings = Readonly<Record<string, string>>;

/**
 * A unit that looks around once Ocellus has run for a while, and tells it on the console. It says what it saw as
 * lines `probe NAME=VALUE`, and `probe end` at last.
 *
 * @param seconds How long after the first frames.
 */
export function probeFiles(seconds: number): { files: Record<string, string>; executable: string[] } {
  const unit = `[Unit]
Description=Probe of the tests
After=ocellus.service
[Service]
Type=oneshot
ExecStart=/etc/ocellus-probe
StandardOutput=tty
StandardError=tty
TTYPath=/dev/console
`;
  const script = `#!/bin/sh
tell() { echo "probe $1=$2"; }
tell uptime "$(cut -d " " -f 1 /proc/uptime)"
fed() { systemctl show -p WatchdogLastPingTimestampMonotonic --value; }
before=$(fed)
sleep ${seconds}
tell fed "$([ "$(fed)" != "$before" ] && echo again)"
tell active "$(systemctl is-active ocellus)"
tell failed "$(systemctl --failed --plain --no-legend | cut -d ' ' -f 1 | tr '\\n' ' ')"
tell root "$(findmnt -n -o FSTYPE,OPTIONS / | tr -s ' ')"
tell remount "$(mount -o remount,rw / 2> /dev/null; touch /usr/probe 2> /dev/null && echo written || echo refused)"
tell data "$(findmnt -n -o FSTYPE,OPTIONS /data | tr -s ' ')"
tell data_mib "$(df -BM --output=size /data | tail -n 1 | tr -d ' M')"
tell var "$(findmnt -n -o FSTYPE /var)"
tell etc "$(findmnt -n -o FSTYPE /etc)"
tell settings "$(findmnt -n -o OPTIONS /boot/firmware)"
tell machine_id "$(cat /etc/machine-id)"
tell hostname "$(cat /proc/sys/kernel/hostname)"
tell watchdog "$(cat /sys/class/watchdog/watchdog0/identity 2> /dev/null) $(cat /sys/class/watchdog/watchdog0/state 2> /dev/null)"
tell watchdog_usec "$(systemctl show -p RuntimeWatchdogUSec --value)"
awk '/^(MemTotal|MemAvailable|MemFree|Slab|CmaTotal)/ { print "probe " tolower($1) "=" int($2 / 1024) }' /proc/meminfo | tr -d ':'
tell ffmpeg "$(ffmpeg -hide_banner -loglevel error -f lavfi -i testsrc -frames:v 1 -f null - 2>&1 && echo works)"
tell v4l2 "$(v4l2-ctl --version 2>&1 | head -n 1)"
tell tryboot "$(modinfo -F license ocellus_tryboot 2>&1)"
tell ports "$(ss -Hltn 2> /dev/null | awk '{ print $4 }' | sort -u | tr '\\n' ' ')"
tell time "$(systemd-analyze time | head -n 1)"
tell blame "$(systemd-analyze blame --no-pager | head -n 12 | tr -s ' ' | tr '\\n' ';')"
tell dmesg "$(dmesg --level=emerg,alert,crit,err 2> /dev/null | tr '\\n' ';')"
[ "$(systemctl is-active ocellus)" = active ] || journalctl -b -u ocellus -o cat --no-pager | tail -n 30
journalctl -b -p err -o cat --no-pager | head -n 20 | sed 's/^/probe journal: /'
sync; echo probe end
`;
  return {
    files: {
      'system/etc/systemd/system/ocellus-probe.service': unit,
      'system/etc/systemd/system/multi-user.target.d/probe.conf': '[Unit]\nWants=ocellus-probe.service\n',
      'system/etc/ocellus-probe': script,
    },
    executable: ['system/etc/ocellus-probe'],
  };
}

export function findings(said: string): Findings {
  return Object.fromEntries(
    [...said.matchAll(/^probe (\w+)=(.*?)\r?$/gm)].map(([, name, value]) => [name!, value!.trim()]),
  );
}
