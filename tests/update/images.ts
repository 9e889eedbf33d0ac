import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { random } from '../../sdk/base/random.ts';
import { autobootText } from '../../tools/image/layout.ts';
import { makeRelease } from '../../tools/update/make-release.ts';

export const sector = 512;
const kib = 1024;
/** A small card: where each partition is, bytes. The same numbers as on a real one. */
export const areas: Readonly<Record<number, { at: number; bytes: number }>> = {
  1: { at: 64 * kib, bytes: 64 * kib },
  2: { at: 128 * kib, bytes: 128 * kib },
  3: { at: 256 * kib, bytes: 128 * kib },
  5: { at: 448 * kib, bytes: 512 * kib },
  6: { at: 1024 * kib, bytes: 512 * kib },
  7: { at: 1600 * kib, bytes: 64 * kib },
};
export const cardBytes = 2048 * kib;
/** Within partition 1. */
export const fatPlaces = { folder: 2 * sector, file: 3 * sector };

/** How a version behaves once it runs. */
export type Behaviour = 'fine' | 'panics' | 'blind' | 'offline' | 'slow kernels';

/** The image of a card with a version in slot a. What is not marked is the same in each version, at another place. */
export function cardImage(version: string, behaviour: Behaviour = 'fine', seed = 1): Buffer {
  const card = Buffer.alloc(cardBytes);
  partitionTable(card);
  fat(card.subarray(areas[1]!.at, areas[1]!.at + areas[1]!.bytes), autobootText('a'));
  const boot = card.subarray(areas[2]!.at, areas[2]!.at + areas[2]!.bytes);
  noise(boot.subarray(0, 60 * kib), 100);
  boot.write(`kernel ${version}`, 8 * kib);
  boot.write('OCELLUS-A  ', 43);
  boot.write('console=tty1 root=PARTUUID=0ce11005-05 rootfstype=erofs ro panic=10\n', 20 * kib);
  const root = card.subarray(areas[5]!.at, areas[5]!.at + areas[5]!.bytes);
  // Files that did not change, moved by what did.
  const moved = 4 * kib * (seed % 5);
  noise(root.subarray(16 * kib + moved, 300 * kib + moved), 200);
  noise(root.subarray(340 * kib, 380 * kib), 300 + seed);
  root.write(JSON.stringify({ version, behaviour }), 0);
  noise(card.subarray(areas[7]!.at + 4 * kib, areas[7]!.at + areas[7]!.bytes), 400);
  return card;
}

function noise(bytes: Buffer, seed: number): void {
  const next = random(seed);
  for (let i = 0; i + 4 <= bytes.length; i += 4) bytes.writeUInt32LE(Math.floor(next() * 2 ** 32), i);
}

function partitionTable(card: Buffer): void {
  const entry = (table: number, index: number, type: number, at: number, bytes: number) => {
    const place = table + 446 + 16 * index;
    card[place + 4] = type;
    card.writeUInt32LE(at / sector, place + 8);
    card.writeUInt32LE(bytes / sector, place + 12);
    card.writeUInt16LE(0xaa55, table + 510);
  };
  for (const number of [1, 2, 3]) entry(0, number - 1, 0x0c, areas[number]!.at, areas[number]!.bytes);
  const start = 400 * kib;
  entry(0, 3, 0x0f, start, cardBytes - start);
  const logical = [5, 6, 7].map((number) => areas[number]!);
  for (const [i, { at, bytes }] of logical.entries()) {
    const table = i === 0 ? start : at - 16 * kib;
    entry(table, 0, 0x83, at - table, bytes);
    const next = logical[i + 1];
    if (next) entry(table, 1, 0x0f, next.at - 16 * kib - start, next.bytes + 16 * kib);
  }
}

/** A FAT12 file system with one file. */
function fat(volume: Buffer, text: string): void {
  const sectors = volume.length / sector;
  volume.set([0xeb, 0x3c, 0x90], 0);
  volume.write('OCELLUS ', 3);
  volume.writeUInt16LE(sector, 11);
  volume[13] = 1;
  volume.writeUInt16LE(1, 14);
  volume[16] = 1;
  volume.writeUInt16LE(16, 17);
  volume.writeUInt16LE(sectors, 19);
  volume[21] = 0xf8;
  volume.writeUInt16LE(1, 22);
  volume.writeUInt16LE(32, 24);
  volume.writeUInt16LE(2, 26);
  volume[38] = 0x29;
  volume.write('OCELLUS    FAT12   ', 43);
  volume.writeUInt16LE(0xaa55, 510);
  volume.set([0xf8, 0xff, 0xff, 0xff, 0x0f], sector);
  const entry = fatPlaces.folder;
  volume.write('AUTOBOOTTXT', entry);
  volume[entry + 11] = 0x20;
  volume.writeUInt16LE(2, entry + 26);
  volume.writeUInt32LE(text.length, entry + 28);
  volume.write(text, fatPlaces.file);
}

export const pair = generateKeyPairSync('ed25519');

/** What is common to the releases of the tests. */
export const forTests = { title: 'Ocellus', architecture: 'arm64', boards: ['brcm,bcm2711'], key: pair.privateKey };

/** Writes images of cards and makes a release of the last: its payloads are for all of it, and since each of the others. */
export async function releaseOf(
  folder: string,
  versions: readonly { version: string; card: Buffer }[],
  more: { bundles?: boolean; boards?: string[]; architecture?: string } = {},
) {
  const paths = versions.map(({ version, card }) => {
    const path = join(folder, `card-${version}.img`);
    writeFileSync(path, card);
    return { version, image: path };
  });
  const last = paths.at(-1)!;
  const out = join(folder, `release-${last.version}`);
  const made = await makeRelease({ ...forTests, ...last, bases: paths.slice(0, -1), out, ...more });
  return { ...made, out };
}
