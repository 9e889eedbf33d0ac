import { InputError } from '../../sdk/base/errors.ts';
import { command } from '../shared/block-device.ts';

/** A whole disk of this machine, and why it may not be written to. */
export interface Disk {
  /** `/dev/sdb` */
  readonly path: string;
  readonly bytes: number;
  /** What it calls itself: `Generic MassStorageClass`; may be empty. */
  readonly model: string;
  /** How it is connected: `usb`, `mmc`, `sata`; may be empty. */
  readonly way: string;
  /** A card or a stick: it is made to be taken out. */
  readonly isRemovable: boolean;
  readonly isReadOnly: boolean;
  /** Where it, its partitions or what is made of them are in use: mount points, `[SWAP]`. */
  readonly uses: readonly string[];
}

interface Node {
  readonly path: string;
  readonly size: number | string | null;
  readonly type: string;
  readonly rm: boolean | string;
  readonly ro: boolean | string;
  readonly hotplug: boolean | string;
  readonly tran: string | null;
  readonly model: string | null;
  readonly vendor: string | null;
  readonly mountpoints?: readonly (string | null)[];
  readonly children?: readonly Node[];
}

const columns = 'PATH,SIZE,TYPE,RM,RO,HOTPLUG,TRAN,MODEL,VENDOR,MOUNTPOINTS';
const diskTypes = new Set(['disk', 'loop']);
const isSet = (value: boolean | string) => value === true || value === '1';

/**
 * Reads what `lsblk --json --bytes` says.
 *
 * @throws InputError when that is something else.
 */
export function parseDisks(text: string): Disk[] {
  let nodes: readonly Node[];
  try {
    nodes = (JSON.parse(text) as { blockdevices: readonly Node[] }).blockdevices;
  } catch {
    throw new InputError('lsblk: expected JSON; update util-linux');
  }
  return nodes
    .filter(({ type, size }) => diskTypes.has(type) && Number(size) > 0)
    .map((node) => ({
      path: node.path,
      bytes: Number(node.size),
      model: [node.vendor, node.model]
        .map((one) => (one ?? '').trim())
        .filter(Boolean)
        .join(' '),
      way: node.tran ?? (node.path.startsWith('/dev/mmcblk') ? 'mmc' : ''),
      isRemovable: node.type === 'disk' && (isSet(node.rm) || isSet(node.hotplug) || node.tran === 'usb'),
      isReadOnly: isSet(node.ro),
      uses: usesOf(node),
    }));
}

function usesOf({ mountpoints = [], children = [] }: Node): string[] {
  return [...mountpoints.filter((one) => one !== null), ...children.flatMap(usesOf)];
}

/** The disks of this machine. @throws InputError when lsblk is missing. */
export async function findDisks(): Promise<Disk[]> {
  return parseDisks(await command('lsblk', '--json', '--bytes', '--output', columns));
}

/** Those that an image is meant for: removable, and nothing of them is in use. */
export const cardsOf = (disks: readonly Disk[]): Disk[] =>
  disks.filter(({ isRemovable, uses, isReadOnly }) => isRemovable && uses.length === 0 && !isReadOnly);

/** What is everything of a system that runs: nobody means to overwrite it. */
const ofSystem = new Set(['/', '/boot', '/boot/efi', '/boot/firmware', '/usr', '/var', '/home', '[SWAP]']);

/** @throws InputError when it is in use, or not a whole disk. @param path As it was named, links followed. */
export function assertFree(path: string, disks: readonly Disk[]): Disk {
  const disk = disks.find((one) => one.path === path);
  if (!disk) {
    const whole = disks.find((one) => path.startsWith(one.path));
    throw new InputError(
      `${path} is not a whole disk: expected ${whole ? whole.path : 'one of `ocellus flash`'}, since an image brings its own partitions`,
    );
  }
  const system = disk.uses.filter((use) => ofSystem.has(use));
  if (system.length > 0)
    throw new InputError(`${path} is a disk of the system that runs (${system.join(', ')}): nothing was written`);
  if (disk.uses.length > 0)
    throw new InputError(`${path} is mounted at ${disk.uses.join(', ')}: unmount it first (umount ${disk.uses[0]})`);
  if (disk.isReadOnly) throw new InputError(`${path} is read-only: move the card's write-protect switch`);
  return disk;
}
