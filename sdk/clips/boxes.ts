/** One box of an MP4 file; places are bytes of the buffer it was found in. */
export interface Box {
  readonly type: string;
  readonly start: number;
  /** Of what it holds. */
  readonly body: number;
  readonly end: number;
}

const headBytes = 8;
const longHeadBytes = 16;

/** The box that begins at `start`, whose head has to be there. Its `end` may be beyond the buffer. @throws Error when it is none. */
export function boxAt(bytes: Buffer, start: number): Box {
  const type = bytes.toString('latin1', start + 4, start + headBytes);
  const size = bytes.readUInt32BE(start);
  const isLong = size === 1;
  const whole = isLong ? Number(bytes.readBigUInt64BE(start + headBytes)) : size;
  const head = isLong ? longHeadBytes : headBytes;
  if (whole < head || !/^[\x20-\x7e]{4}$/.test(type))
    throw new Error(`expected a box of MP4, got one of ${whole} bytes`);
  return { type, start, body: start + head, end: start + whole };
}

/** Bytes that `boxAt` reads. */
export const boxHeadBytes = longHeadBytes;

/** The boxes one after the other from `from` to `to`. @throws Error when they are not. */
export function* boxesIn(bytes: Buffer, from: number, to: number): Generator<Box> {
  for (let at = from; at < to; ) {
    const box = boxAt(bytes, at);
    if (box.end > to) throw new Error(`expected a box of MP4 that ends by ${to}, got one to ${box.end}`);
    yield box;
    at = box.end;
  }
}

/** The first box of this path: `moov/trak/mdia`. @throws Error when there is none. */
export function boxIn(bytes: Buffer, path: string, from = 0, to = bytes.length): Box {
  let [at, end] = [from, to];
  let found: Box | undefined;
  for (const type of path.split('/')) {
    found = undefined;
    for (const box of boxesIn(bytes, at, end)) {
      if (box.type !== type) continue;
      found = box;
      break;
    }
    if (!found) throw new Error(`expected a box ${path} of MP4, got none`);
    [at, end] = [found.body, found.end];
  }
  return found!;
}
