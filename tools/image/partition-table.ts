import type { FileHandle } from 'node:fs/promises';
import { InputError } from '../../sdk/base/errors.ts';
import { type Partition, sectorSize } from './layout.ts';

/** What a disk or an image says of itself. */
export interface PartitionTable {
  /** The MBR's signature, by which Linux names the partitions. */
  readonly diskId: number;
  /** In order of their numbers, the extended one included. */
  readonly partitions: readonly Partition[];
}

/** Offsets in an MBR. */
const idAt = 440;
const entriesAt = 446;
const entryLength = 16;
const signatureAt = 510;
const isExtended = (type: number) => type === 0x05 || type === 0x0f || type === 0x85;
/** A chain of logical partitions that goes on longer is a circle. */
const mostLogical = 60;

/**
 * Reads the MBR of a disk or an image, its logical partitions included.
 *
 * @throws InputError where there is none, or where the chain of logical partitions leads in a circle.
 * @example
 * await using file = await open('card.img');
 * const { partitions } = await readPartitionTable(file);
 */
export async function readPartitionTable(file: FileHandle): Promise<PartitionTable> {
  const mbr = await sectorAt(file, 0);
  const partitions: Partition[] = [];
  for (let index = 0; index < 4; index++) {
    const entry = entryOf(mbr, index);
    if (entry.type === 0) continue;
    if (entry.type === 0xee) throw new InputError('expected an MBR, got a GPT');
    partitions.push({ number: index + 1, ...entry });
  }
  const extended = partitions.find(({ type }) => isExtended(type));
  if (extended) partitions.push(...(await logicalPartitions(file, extended.start)));
  return { diskId: mbr.readUInt32LE(idAt), partitions };
}

async function logicalPartitions(file: FileHandle, base: number): Promise<Partition[]> {
  const found: Partition[] = [];
  for (let at = base; found.length < mostLogical; ) {
    const table = await sectorAt(file, at);
    const own = entryOf(table, 0);
    if (own.type !== 0) found.push({ number: 5 + found.length, ...own, start: at + own.start });
    const next = entryOf(table, 1);
    if (next.type === 0) return found;
    at = base + next.start;
  }
  throw new InputError(
    `expected at most ${mostLogical} logical partitions, got a chain that goes on: the table is broken`,
  );
}

async function sectorAt(file: FileHandle, sector: number): Promise<Buffer> {
  const bytes = Buffer.alloc(sectorSize);
  const { bytesRead } = await file.read(bytes, 0, sectorSize, sector * sectorSize);
  if (bytesRead < sectorSize || bytes.readUInt16LE(signatureAt) !== 0xaa55) {
    throw new InputError(`expected a partition table in sector ${sector}, got none: this is no image of a card`);
  }
  return bytes;
}

function entryOf(table: Buffer, index: number): Omit<Partition, 'number'> {
  const at = entriesAt + index * entryLength;
  return { type: table[at + 4]!, start: table.readUInt32LE(at + 8), sectors: table.readUInt32LE(at + 12) };
}
