import { InputError } from '../base/errors.ts';

/** Reads bytes of a file or a buffer; fewer at its end. */
export type ReadAt = (at: number, length: number) => Promise<Uint8Array>;

/** Which part of a TIFF is its picture. */
export interface TiffPicture {
  /** The first page that is not a small copy of another one, from 0 on. */
  readonly page: number;
  /** Whether its fourth channel, or second beside grey, says how opaque it is. Others, near infrared for example, are no part of the picture. */
  readonly hasAlpha: boolean;
  /**
   * What is black and what is white of 16 bits, of 65535, where it says that these are not all: 12 bits of a sensor end at 4095. As
   * libvips reads them: it turns those that count from white.
   */
  readonly range?: readonly [black: number, white: number];
}

const tag = {
  subfileType: 254,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  samplesPerPixel: 277,
  subIfds: 330,
  extraSamples: 338,
  sampleFormat: 339,
  lowestSample: 340,
  highestSample: 341,
  dngVersion: 50_706,
};
const photometric = { miniswhite: 0, miniblack: 1, rgb: 2, ycbcr: 6, cfa: 32_803, linearRaw: 34_892 };
const [oldJpeg, jpeg] = [6, 7];
/** Of `extraSamples`: alpha that is in the colours already, and one that is not. */
const [premultiplied, straight] = [1, 2];
const sampleFormats = [
  '',
  'unsigned integers',
  'signed integers',
  'floating point',
  'values of no type',
  'complex integers',
  'complex numbers',
];
const most16 = 65_535;
/** Bytes of a value by its type: BYTE, SHORT, LONG, IFD, LONG8, IFD8. */
const sizes: Readonly<Record<number, number>> = { 1: 1, 3: 2, 4: 4, 13: 4, 16: 8, 18: 8 };
/** Of a tag's values, and of a file's pages; what is beyond is left to the decoder. */
const [mostValues, mostPages, mostEntries] = [16, 64, 4096];

const develop = 'develop it to a JPEG first, with darktable-cli or dcraw for example';

/**
 * Reads what a TIFF says of its samples, before a decoder takes them for something else: libvips shows numbers of 32 bits as white or
 * black, signed ones in half of the range, stored YCbCr as RGB, and a fourth channel as opacity whatever it is.
 *
 * @returns Undefined when it is none, or not written as the standard has it: what becomes of that is the decoder's matter.
 * @throws InputError when the brightness or colour of its samples cannot be told, or it is the raw picture of a camera.
 */
export async function readTiff(read: ReadAt): Promise<TiffPicture | undefined> {
  const pages = await readPages(read);
  if (!pages) return undefined;
  const [first] = pages;
  if (!first) return undefined;
  const one = (of: Page, name: number) => of.get(name)?.[0];
  const isRaw = [photometric.cfa, photometric.linearRaw].includes(one(first, tag.photometric) ?? 0);
  if (isRaw || first.has(tag.dngVersion)) throw new InputError(`it is a camera's raw picture (DNG); ${develop}`);
  const isSmallCopy = (of: Page) => ((one(of, tag.subfileType) ?? 0) & 1) === 1;
  const page = pages.findIndex((of) => !isSmallCopy(of));
  if (page < 0 || (page > 0 && first.has(tag.subIfds))) {
    // The pixels of the picture itself are in a page of this one.
    if (first.has(tag.subIfds))
      throw new InputError(`its first page is a thumbnail of a camera's raw picture; ${develop}`);
    return undefined;
  }
  const range = rangeOf(pages[page]!);
  return { page, hasAlpha: checkSamples(pages[page]!), ...(range && { range }) };
}

/** @see TIFF 6.0, section 19. (MinSampleValue and MaxSampleValue, of section 8, say nothing of how it is to be shown.) */
function rangeOf(page: Page): TiffPicture['range'] {
  if (page.get(tag.bitsPerSample)?.[0] !== 16) return undefined;
  const kind = page.get(tag.photometric)?.[0] ?? photometric.miniblack;
  if (![photometric.miniswhite, photometric.miniblack, photometric.rgb].includes(kind)) return undefined;
  const colours = kind === photometric.rgb ? 3 : 1;
  // One range for all colours: of each its own, the picture would have others.
  const black = Math.min(...(page.get(tag.lowestSample)?.slice(0, colours) ?? [0]));
  const white = Math.max(...(page.get(tag.highestSample)?.slice(0, colours) ?? [most16]));
  const isRange = black >= 0 && black < white && white <= most16 && white - black < most16;
  if (!isRange) return undefined;
  return kind === photometric.miniswhite ? [most16 - white, most16 - black] : [black, white];
}

/** @returns Whether there is alpha. */
function checkSamples(page: Page): boolean {
  const all = (name: number, otherwise: number) => page.get(name) ?? [otherwise];
  const format = all(tag.sampleFormat, 1).find((value) => value !== 1 && value !== 4);
  const bits = Math.max(...all(tag.bitsPerSample, 1));
  if (format !== undefined || ![1, 2, 4, 8, 16].includes(bits)) {
    const got = `${bits} bits${format === undefined ? '' : ` of ${sampleFormats[format] ?? `format ${format}`}`}`;
    const why = bits > 16 || format !== undefined ? ': which of its values are black and white is not said' : '';
    throw new InputError(`expected a TIFF of 8 or 16 bits a channel, got ${got}${why}; convert it to 8 bits`);
  }
  const [kind, compression] = [all(tag.photometric, photometric.miniblack)[0]!, all(tag.compression, 1)[0]!];
  if (kind === photometric.ycbcr && compression !== jpeg && compression !== oldJpeg) {
    throw new InputError('expected a TIFF in grey, RGB or CMYK, got YCbCr without JPEG compression; convert it to RGB');
  }
  const channels = all(tag.samplesPerPixel, 1)[0]!;
  const extra = page.get(tag.extraSamples) ?? [];
  if (channels > 2 && (kind === photometric.miniswhite || kind === photometric.miniblack)) {
    throw new InputError(
      `expected a TIFF in grey, RGB or CMYK, got ${channels} channels of no colour; convert three of them to RGB`,
    );
  }
  return extra[0] === premultiplied || extra[0] === straight;
}

type Page = ReadonlyMap<number, readonly number[]>;

async function readPages(read: ReadAt): Promise<Page[] | undefined> {
  const head = bytesOf(await read(0, 16));
  const order = head.toString('latin1', 0, 2);
  if (head.length < 8 || (order !== 'II' && order !== 'MM')) return undefined;
  const numbers = new Numbers(order === 'II');
  const version = numbers.at(head, 2, 2);
  const isBig = version === 43;
  if ((version !== 42 && !isBig) || (isBig && head.length < 16)) return undefined;
  const width = isBig ? 8 : 4;
  const countWidth = isBig ? 8 : 2;
  const entryBytes = 4 + 2 * width;
  const pages: Page[] = [];
  const seen = new Set<number>();
  for (let at = numbers.at(head, isBig ? 8 : 4, width); at !== 0 && pages.length < mostPages; ) {
    if (seen.has(at)) break;
    seen.add(at);
    const count = numbers.at(bytesOf(await read(at, countWidth)), 0, countWidth);
    if (!(count >= 1 && count <= mostEntries)) break;
    const entries = bytesOf(await read(at + countWidth, count * entryBytes + width));
    if (entries.length < count * entryBytes + width) break;
    const page = new Map<number, readonly number[]>();
    for (let i = 0; i < count; i++) {
      const entry = entries.subarray(i * entryBytes, (i + 1) * entryBytes);
      const name = numbers.at(entry, 0, 2);
      if (wanted.has(name)) page.set(name, await values(read, numbers, entry, width));
    }
    pages.push(page);
    at = numbers.at(entries, count * entryBytes, width);
  }
  return pages;
}

const wanted: ReadonlySet<number> = new Set(Object.values(tag));

async function values(read: ReadAt, numbers: Numbers, entry: Buffer, width: number): Promise<number[]> {
  const size = sizes[numbers.at(entry, 2, 2)];
  const count = Math.min(numbers.at(entry, 4, width), mostValues);
  if (size === undefined) return [];
  const isInside = size * count <= width;
  const from = isInside
    ? entry.subarray(4 + width)
    : bytesOf(await read(numbers.at(entry, 4 + width, width), size * count));
  const found: number[] = [];
  for (let i = 0; i < count && (i + 1) * size <= from.length; i++) found.push(numbers.at(from, i * size, size));
  return found;
}

function bytesOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Numbers of the file's order of bytes. */
class Numbers {
  readonly #isLittle: boolean;

  constructor(isLittle: boolean) {
    this.#isLittle = isLittle;
  }

  /** NaN beyond the end. */
  at(bytes: Buffer, at: number, size: number): number {
    if (at + size > bytes.length) return Number.NaN;
    if (size === 8) return Number(this.#isLittle ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
    return this.#isLittle ? bytes.readUIntLE(at, size) : bytes.readUIntBE(at, size);
  }
}
