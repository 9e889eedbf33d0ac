import { boxAt, boxesIn, boxHeadBytes, boxIn } from './boxes.ts';

/** What stands in front of a stream's fragments. */
export interface VideoHeader {
  /** `ftyp` and `moov`. */
  readonly bytes: Buffer;
  /** Undefined: no page plays it. */
  readonly codec: 'h264' | 'h265' | undefined;
  readonly track: number;
  /** Ticks a second: of the video, and of the whole. */
  readonly timescale: number;
  readonly movieTimescale: number;
}

/** A piece of video: `moof` and `mdat`. */
export interface Fragment {
  readonly header: VideoHeader;
  readonly bytes: Buffer;
  readonly ticks: number;
  /** Its first frame can be decoded without those before. */
  readonly isKey: boolean;
  /** Where in its bytes its number is, and its time. */
  readonly numberAt: number;
  readonly timeAt: { readonly at: number; readonly isLong: boolean };
}

/** A second of 8K is smaller. */
const mostBytes = 32 * 1024 * 1024;
/** Of ISO/IEC 14496-12. */
const isNoSync = 0x1_0000;

/** Finds the fragments in a stream of MP4, as the muxer of ffmpeg writes one. */
export class FragmentReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Bytes that are needed to go on. */
  #wanted = boxHeadBytes;
  #ftyp: Buffer | undefined;
  #moof: Buffer | undefined;
  #header: VideoHeader | undefined;

  /** Once it has come. */
  get header(): VideoHeader | undefined {
    return this.#header;
  }

  /** @returns The fragments that end with these bytes. @throws Error when it is no such stream. */
  write(bytes: Buffer): Fragment[] {
    this.#chunks.push(bytes);
    this.#bytes += bytes.length;
    const found: Fragment[] = [];
    while (this.#bytes >= this.#wanted) {
      const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
      this.#chunks = [all];
      const { type, end } = boxAt(all, 0);
      if (end > mostBytes) throw new Error(`expected boxes of at most ${mostBytes} bytes, got ${type} of ${end}`);
      this.#wanted = Math.max(end, boxHeadBytes);
      if (all.length < end) break;
      // Of its own: a chunk is as large as a read.
      const fragment = this.#take(type, Buffer.from(all.subarray(0, end)));
      if (fragment) found.push(fragment);
      this.#chunks = end < all.length ? [all.subarray(end)] : [];
      this.#bytes -= end;
      this.#wanted = boxHeadBytes;
    }
    return found;
  }

  #take(type: string, box: Buffer): Fragment | undefined {
    if (type === 'ftyp') this.#ftyp = box;
    else if (type === 'moov') this.#header = headerOf(Buffer.concat([this.#ftyp ?? Buffer.alloc(0), box]));
    else if (type === 'moof') this.#moof = box;
    else if (type === 'mdat' && this.#moof && this.#header) {
      const bytes = Buffer.concat([this.#moof, box]);
      this.#moof = undefined;
      return fragmentOf(bytes, this.#header);
    }
    return undefined;
  }
}

function headerOf(bytes: Buffer): VideoHeader {
  const media = boxIn(bytes, 'moov/trak/mdia');
  const inMedia = (path: string) => boxIn(bytes, path, media.body, media.end);
  // Behind version, flags and the count of entries.
  const entry = boxAt(bytes, inMedia('minf/stbl/stsd').body + 8);
  // The same, but for players that want what they need in front: Apple's.
  if (entry.type === 'hev1') bytes.write('hvc1', entry.start + 4, 'latin1');
  const codec = entry.type === 'avc1' ? 'h264' : /^h(ev|vc)1$/.test(entry.type) ? 'h265' : undefined;
  return {
    ...{ bytes, codec },
    track: afterTimes(bytes, boxIn(bytes, 'moov/trak/tkhd').body),
    timescale: afterTimes(bytes, inMedia('mdhd').body),
    movieTimescale: afterTimes(bytes, boxIn(bytes, 'moov/mvhd').body),
  };
}

/** The number behind version, flags, and when it was made and changed. */
const afterTimes = (bytes: Buffer, body: number) => bytes.readUInt32BE(body + (bytes[body] === 1 ? 20 : 12));

function fragmentOf(bytes: Buffer, header: VideoHeader): Fragment {
  const track = boxIn(bytes, 'moof/traf');
  const time = boxIn(bytes, 'tfdt', track.body, track.end).body;
  const defaults = defaultsIn(bytes, boxIn(bytes, 'tfhd', track.body, track.end).body);
  let ticks = 0;
  let isKey: boolean | undefined;
  for (const { type, body } of boxesIn(bytes, track.body, track.end)) {
    if (type !== 'trun') continue;
    const run = runIn(bytes, body, defaults);
    ticks += run.ticks;
    isKey ??= run.isKey;
  }
  return {
    ...{ header, bytes, ticks, isKey: isKey ?? false },
    numberAt: boxIn(bytes, 'moof/mfhd').body + 4,
    timeAt: { at: time + 4, isLong: bytes[time] === 1 },
  };
}

interface Defaults {
  readonly ticks: number;
  readonly flags: number;
}

/** The number at the place, and the place behind it: for fields that are there by a flag. */
function fieldsAt(bytes: Buffer, from: number, flags: number) {
  let at = from;
  return (flag: number, length = 4): number | undefined => {
    if ((flags & flag) === 0) return undefined;
    at += length;
    return bytes.readUInt32BE(at - 4);
  };
}

function defaultsIn(bytes: Buffer, body: number): Defaults {
  const next = fieldsAt(bytes, body + 8, bytes.readUIntBE(body + 1, 3));
  next(0x1, 8);
  next(0x2);
  const ticks = next(0x8) ?? 0;
  next(0x10);
  return { ticks, flags: next(0x20) ?? 0 };
}

function runIn(bytes: Buffer, body: number, defaults: Defaults): { ticks: number; isKey: boolean } {
  const flags = bytes.readUIntBE(body + 1, 3);
  const count = bytes.readUInt32BE(body + 4);
  const next = fieldsAt(bytes, body + 8, flags);
  next(0x1);
  const first = next(0x4);
  let [ticks, firstFlags] = [0, first ?? defaults.flags];
  for (let i = 0; i < count; i++) {
    ticks += next(0x100) ?? defaults.ticks;
    next(0x200);
    const own = next(0x400);
    if (i === 0 && first === undefined && own !== undefined) firstFlags = own;
    next(0x800);
  }
  return { ticks, isKey: count > 0 && (firstFlags & isNoSync) === 0 };
}
