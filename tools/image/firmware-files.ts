/**
 * What a board's firmware does with the text files of a card, as far as these cards use it: `[filters]`, `boot_partition`,
 * `kernel`, `initramfs`, `cmdline`. It stands for start.elf and the bootloader of a Pi 4, which no emulator runs.
 */

/** What decides which sections of a file hold. */
export interface Board {
  /** As in a filter, such as `pi3`, `pi4`, `cm4`, `pi02`; several where a board answers to several. */
  readonly names: readonly string[];
  /** Was the board started by `reboot "0 tryboot"`? */
  readonly tryboot?: boolean;
}

/** Boards that boot Debian's kernel, with the device tree that the firmware picks once `upstream_kernel=1` is set. */
export const boards = {
  'Raspberry Pi 3 B': { names: ['pi3'], deviceTree: 'bcm2837-rpi-3-b.dtb' },
  'Raspberry Pi 3 B+': { names: ['pi3', 'pi3+'], deviceTree: 'bcm2837-rpi-3-b-plus.dtb' },
  'Raspberry Pi 3 A+': { names: ['pi3', 'pi3+'], deviceTree: 'bcm2837-rpi-3-a-plus.dtb' },
  'Raspberry Pi Zero 2 W': { names: ['pi0', 'pi0w', 'pi02'], deviceTree: 'bcm2837-rpi-zero-2-w.dtb' },
  'Compute Module 3': { names: ['cm3', 'pi3'], deviceTree: 'bcm2837-rpi-cm3-io3.dtb' },
  'Raspberry Pi 4 B': { names: ['pi4'], deviceTree: 'bcm2711-rpi-4-b.dtb' },
  'Raspberry Pi 400': { names: ['pi4', 'pi400'], deviceTree: 'bcm2711-rpi-400.dtb' },
  'Compute Module 4': { names: ['cm4', 'pi4'], deviceTree: 'bcm2711-rpi-cm4-io.dtb' },
} as const satisfies Record<string, Board & { deviceTree: string }>;

/** A file may be longer than this, but the firmware reads no further. */
export const autobootLimit = 512;
/** Longer lines are cut. */
const lineLimit = 98;

/**
 * The settings that hold for a board, in the order of the file; `initramfs` is the one whose value follows a space.
 * A section `[all]` ends every filter; of filters in a row each has to hold, one of a kind replaces the one before it.
 */
export function firmwareSettings(text: string, board: Board): Map<string, string> {
  const settings = new Map<string, string>();
  let modelHolds = true;
  let trybootHolds = true;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.slice(0, lineLimit).trim();
    if (line === '' || line.startsWith('#')) continue;
    const filter = /^\[(.+)\]$/.exec(line)?.[1];
    if (filter === 'all') modelHolds = trybootHolds = true;
    else if (filter === 'none') modelHolds = false;
    else if (filter === 'tryboot') trybootHolds = board.tryboot === true;
    else if (filter !== undefined) modelHolds = board.names.includes(filter);
    else if (modelHolds && trybootHolds) {
      const [, name, value] = /^([^=\s]+)(?:=|\s+)(.*)$/.exec(line) ?? [];
      if (name !== undefined) settings.set(name, value!.trim());
    }
  }
  return settings;
}

/** The number of the partition that `autoboot.txt` sends the firmware to. */
export function bootPartition(autoboot: string, board: Board): number {
  const settings = firmwareSettings(Buffer.from(autoboot).subarray(0, autobootLimit).toString(), board);
  return Number(settings.get('boot_partition') ?? 1);
}

/** The files of a slot that the firmware hands the processor over to. */
export interface BootedFiles {
  readonly kernel: string;
  readonly initramfs: string | undefined;
  readonly commandLine: string;
  readonly deviceTree: string;
}

/**
 * What a slot boots.
 *
 * @param files Its `config.txt`, and the names of all its files.
 * @throws Error where `config.txt` names a file that is not there, which a board answers with a black screen.
 */
export function bootedFiles(
  config: string,
  files: readonly string[],
  board: Board & { deviceTree: string },
): BootedFiles {
  const settings = firmwareSettings(config, board);
  if (settings.get('arm_64bit') !== '1') throw new Error('expected arm_64bit=1 in config.txt: the kernel has 64 bits');
  if (settings.get('upstream_kernel') !== '1') {
    throw new Error(
      'expected upstream_kernel=1 in config.txt: the firmware would look for device trees of other names',
    );
  }
  const initramfs = settings.get('initramfs')?.split(/\s+/)[0];
  const booted = {
    kernel: settings.get('kernel') ?? 'kernel8.img',
    initramfs,
    commandLine: settings.get('cmdline') ?? 'cmdline.txt',
    deviceTree: settings.get('device_tree') ?? board.deviceTree,
  };
  for (const name of Object.values(booted)) {
    if (name !== undefined && !files.includes(name))
      throw new Error(`config.txt names ${name}, which is not in its slot`);
  }
  return booted;
}

/**
 * `config.txt` of a slot.
 *
 * @param kernel Of Debian: its name has the version in it, and so has the initramfs'.
 */
export function configText(kernel: string, initramfs: string): string {
  return `# Written by \`ocellus image build\`. An update replaces it: settings of your own belong into ocellus.toml.
arm_64bit=1
# Device trees with the names of the kernel that Linux publishes, and memory left to what they say.
upstream_kernel=1
enable_uart=1
disable_splash=1
# The least that the firmware takes: pictures are scaled by the processor.
gpu_mem=32
kernel=${kernel}
initramfs ${initramfs}
`;
}

/** `config.txt` of the first partition. It holds nothing, but without it a Pi 3 does not read the `autoboot.txt` beside it. */
export const settingsConfigText = '# The firmware looks for this file. What it boots is named in autoboot.txt.\n';
