import { crc32 } from 'node:zlib';
import { random } from '../../../sdk/base/random.ts';
import type { Program } from '../../../sdk/core/program/program.ts';

/** Where the parts of a file of a program are that do not hold constants: header, steps, views, tensors. */
export function parts({ steps, views, tensors }: Program) {
  const stepsAt = 96;
  const viewsAt = stepsAt + 192 * steps.length;
  const tensorsAt = viewsAt + 48 * views.length;
  return { stepsAt, viewsAt, tensorsAt, namesAt: tensorsAt + 64 * tensors.length };
}

/** A copy with other bytes, and the checksum of those: only what they mean can be found wrong. */
export function changed(file: Uint8Array, change: (data: DataView<ArrayBuffer>) => void): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(file);
  const data = new DataView(copy.buffer);
  change(data);
  if (copy.length >= 96) data.setUint32(24, crc32(copy.subarray(96)), true);
  return copy;
}

/** Numbers that somebody who wants to do harm would put there. */
const odd = [0, 1, 2, 3, 5, 63, 64, 65, 127, 128, 255, 256, 4096, 4097, 65535, 0x7fffffff, 0x80000000, 0xffffffff];

/** Each byte of `from` to `to` once: one bit the other way round, another byte, or an odd number of 16 or 32 bits. */
export function* damages(file: Uint8Array, from: number, to: number, seed: number): Generator<Uint8Array<ArrayBuffer>> {
  const next = random(seed);
  const below = (count: number) => Math.floor(next() * count);
  for (let at = from; at < to; at++) {
    const number = odd[below(odd.length)]!;
    const kind = below(4);
    yield changed(file, (data) => {
      if (kind === 0) data.setUint8(at, data.getUint8(at) ^ (1 << below(8)));
      else if (kind === 1) data.setUint8(at, below(256));
      else if (kind === 2) data.setUint16(at - (at % 2), number % 65536, true);
      else data.setUint32(at - (at % 4), number, true);
    });
  }
}
