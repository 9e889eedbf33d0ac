import { join } from 'node:path';
import { InputError } from '../../sdk/base/errors.ts';
import { readText } from '../../sdk/base/system-files.ts';
import { type Part, partitions, type Slot, slotOfPartition } from '../../sdk/update/slots.ts';

/** What a running system with two slots says of itself. */
export interface System {
  readonly running: Slot;
  /** Of the image: IMAGE_VERSION of os-release. */
  readonly version: string;
  /** As Debian names it. */
  readonly architecture: string;
  /** The device tree's `compatible`. */
  readonly board: readonly string[];
  /** The device file of a partition. */
  device(slot: Slot, part: Part): string;
  /** The mount point of the first partition, with `autoboot.txt`. */
  readonly firmware: string;
  /** What is kept of updates, on the data partition: root's own. */
  readonly state: string;
  /** For what lasts until the next boot: root's own, readable by all. */
  readonly run: string;
  /** Where `ocellus run` says how it is and asks for updates: the service's own. */
  readonly service: string;
}

const debianNames: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64', arm: 'armhf' };

/**
 * Finds out which slot runs, by the root that the kernel was given.
 *
 * @param root Where `/proc` and the rest are.
 * @throws InputError where this is no card with two slots.
 */
export function describeSystem(root = '/'): System {
  const at = (...path: string[]) => join(root, ...path);
  const commandLine = readText(at('proc/cmdline')) ?? '';
  const [, disk, number] = /(?:^|\s)root=PARTUUID=([0-9a-f]{8})-([0-9a-f]{2})(?:\s|$)/i.exec(commandLine) ?? [];
  const running = number === undefined ? undefined : slotOfPartition(Number.parseInt(number, 16));
  const [, version] = /^IMAGE_VERSION="?([^"\n]+)"?$/m.exec(readText(at('usr/lib/os-release')) ?? '') ?? [];
  if (disk === undefined || running === undefined || version === undefined) {
    throw new InputError(
      'this system has no two slots: expected a card made by `ocellus image build`. Elsewhere update the package instead: docs/update.md',
    );
  }
  return {
    running,
    version,
    architecture: debianNames[process.arch] ?? process.arch,
    board: (readText(at('proc/device-tree/compatible')) ?? '').split('\0').filter(Boolean),
    device: (slot, part) =>
      at('dev/disk/by-partuuid', `${disk}-${partitions[slot][part].toString(16).padStart(2, '0')}`),
    firmware: at('boot/firmware'),
    state: at('data/update'),
    run: at('run/ocellus-update'),
    service: at('run/ocellus'),
  };
}
