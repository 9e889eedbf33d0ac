import { boxIn } from './boxes.ts';
import type { Fragment, VideoHeader } from './fragments.ts';

/**
 * An MP4 file of fragments that follow each other in one stream, the first of them with a key frame. Its times begin at 0, and
 * its head says how long it is and where each fragment lies: players seek in it, and none has to read it to its end.
 */
export function clipOf(fragments: readonly Fragment[]): Buffer {
  const { header } = fragments[0]!;
  const ticks = fragments.reduce((sum, fragment) => sum + fragment.ticks, 0);
  const clip = Buffer.concat([
    withDuration(header, ticks),
    indexOf(fragments, header),
    ...fragments.map(({ bytes }) => bytes),
  ]);
  let at = clip.length - fragments.reduce((sum, { bytes }) => sum + bytes.length, 0);
  let time = 0;
  for (const [i, { bytes, ticks: length, numberAt, timeAt }] of fragments.entries()) {
    clip.writeUInt32BE(i + 1, at + numberAt);
    if (timeAt.isLong) clip.writeBigUInt64BE(BigInt(time), at + timeAt.at);
    else clip.writeUInt32BE(time, at + timeAt.at);
    at += bytes.length;
    time += length;
  }
  return clip;
}

/** The header with a box, mehd, that says how long all fragments are together. */
function withDuration({ bytes, timescale, movieTimescale }: VideoHeader, ticks: number): Buffer {
  const moov = boxIn(bytes, 'moov');
  const extends_ = boxIn(bytes, 'moov/mvex');
  const box = Buffer.alloc(16);
  box.writeUInt32BE(box.length);
  box.write('mehd', 4);
  box.writeUInt32BE(Math.round((ticks * movieTimescale) / timescale), 12);
  const longer = Buffer.concat([bytes.subarray(0, extends_.body), box, bytes.subarray(extends_.body)]);
  for (const { start, end } of [moov, extends_]) longer.writeUInt32BE(end - start + box.length, start);
  return longer;
}

/** A box, sidx: how large and how long each fragment is. */
function indexOf(fragments: readonly Fragment[], { track, timescale }: VideoHeader): Buffer {
  const box = Buffer.alloc(32 + 12 * fragments.length);
  box.writeUInt32BE(box.length);
  box.write('sidx', 4);
  box.writeUInt32BE(track, 12);
  box.writeUInt32BE(timescale, 16);
  box.writeUInt16BE(fragments.length, 30);
  for (const [i, { bytes, ticks, isKey }] of fragments.entries()) {
    const at = 32 + 12 * i;
    box.writeUInt32BE(bytes.length, at);
    box.writeUInt32BE(ticks, at + 4);
    // Begins with what can be decoded alone, at its first byte.
    box.writeUInt32BE(isKey ? 0x9000_0000 : 0, at + 8);
  }
  return box;
}
