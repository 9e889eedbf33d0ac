import { createHash } from 'node:crypto';
import { InputError } from '../base/errors.ts';
import type { Card } from './card.ts';
import type { PartImages } from './manifest.ts';
import type { PayloadReader } from './payload.ts';
import { blockBytes, type Step } from './program.ts';
import { otherSlot, type Part, partNames, type Slot } from './slots.ts';

/** Read and written at a time, bytes: a whole number of blocks. */
const chunkBytes = 256 * blockBytes;

/** The SHA-256 of the first `bytes` of a part, in hexadecimal digits. @param report Told the bytes of each piece. */
export async function sumOf(
  card: Card,
  slot: Slot,
  part: Part,
  bytes: number,
  report: (bytes: number) => void = () => {},
): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes; at += chunkBytes) {
    const length = Math.min(chunkBytes, bytes - at);
    hash.update(await card.read(slot, part, at, length));
    report(length);
  }
  return hash.digest('hex');
}

/** Whether the slot holds these images, whole. */
export async function isOnCard(
  card: Card,
  slot: Slot,
  images: PartImages,
  report?: (bytes: number) => void,
): Promise<boolean> {
  for (const part of partNames) {
    const { bytes, sha256 } = images[part];
    if ((await card.size(slot, part)) < bytes) return false;
    if ((await sumOf(card, slot, part, bytes, report)) !== sha256[slot]) return false;
  }
  return true;
}

/**
 * Writes a release to a slot, brings it onto the medium and reads all of it back. Blocks that are there already are not
 * written again: it is gentle on the card, and what a power cut has interrupted goes on where it was.
 *
 * @param report Told the bytes of each piece that was made, and of each that was read back.
 * @throws InputError when what was read back is not what the manifest says.
 */
export async function writeSlot(
  card: Card,
  slot: Slot,
  images: PartImages,
  payload: PayloadReader,
  report: (bytes: number) => void,
): Promise<void> {
  for (const part of partNames) {
    await writePart(card, slot, part, images[part].bytes, payload.program[part][slot], payload, report);
    await card.sync(slot, part);
  }
  for (const part of partNames) {
    const { bytes, sha256 } = images[part];
    const sum = await sumOf(card, slot, part, bytes, report);
    if (sum === sha256[slot]) continue;
    throw new InputError(
      `what was written to slot ${slot} (${part}) reads back as sha256 ${sum}: expected ${sha256[slot]}. The slot is not used; try again, and replace the card if it comes again`,
    );
  }
}

async function writePart(
  card: Card,
  slot: Slot,
  part: Part,
  bytes: number,
  steps: readonly Step[],
  payload: PayloadReader,
  report: (bytes: number) => void,
): Promise<void> {
  let at = 0;
  let chunk = Buffer.alloc(chunkBytes);
  let filled = 0;
  const flush = async () => {
    if (filled === 0) return;
    const piece = chunk.subarray(0, filled);
    const there = await card.read(slot, part, at, filled);
    if (!there.equals(piece)) await card.write(slot, part, at, piece);
    report(filled);
    at += filled;
    filled = 0;
    chunk = Buffer.alloc(chunkBytes);
  };
  for (const [kind, count, from = 0] of steps) {
    for (let done = 0; done < count; ) {
      const many = kind === 'fresh' ? 1 : Math.min(count - done, (chunkBytes - filled) / blockBytes);
      if (at + filled + many * blockBytes > bytes)
        throw new InputError(`the steps of ${part} make more than ${bytes} bytes`);
      if (kind === 'fresh') chunk.set(await payload.block(from + done), filled);
      else if (kind === 'copy')
        chunk.set(await card.read(otherSlot(slot), part, (from + done) * blockBytes, many * blockBytes), filled);
      done += many;
      filled += many * blockBytes;
      if (filled === chunkBytes) await flush();
    }
  }
  await flush();
  if (at !== bytes) throw new InputError(`the steps of ${part} make ${at} bytes: expected ${bytes}`);
}
