import { readFile, stat } from 'node:fs/promises';
import type { OverlayOptions, Sharp, SharpOptions } from 'sharp';
import { assertKind } from '../base/arguments.ts';
import { InputError, messageOf } from '../base/errors.ts';
import { otherThanFile } from '../base/other-than-file.ts';
import { assertFrame, Frame, type FrameInfo } from '../frame/frame.ts';
import { maxSide } from '../frame/layout.ts';
import { clipRegion, type Region } from '../frame/letterbox.ts';
import { kernels } from '../kernels/kernels.ts';
import { heicAdvice, isHeic } from './heic.ts';
import { withoutHeaderFaults } from './jpeg-faults.ts';
import { readJpegHeader } from './jpeg-header.ts';
import { headOf, kindOfUnreadable } from './picture-kinds.ts';
import type { PictureMemory } from './picture-memory.ts';
import { mostBytesAtOnce, prepareForSharp } from './sharp-input.ts';

/** The largest picture that is decoded by default: 100 megapixels are 300 MB of RGB. */
const defaultMaxPixels = 100e6;

let loading: Promise<typeof import('sharp').default> | undefined;

/** sharp is loaded on first use: it takes 30 ms and some MB. */
function loadSharp(): Promise<typeof import('sharp').default> {
  loading ??= import('sharp').then(({ default: sharp }) => {
    // Pictures come one at a time and each is different: a cache and more threads would only cost memory.
    sharp.cache(false);
    sharp.concurrency(1);
    return sharp;
  });
  return loading;
}

/** Loads what pictures are encoded with, before the first one is wanted in a hurry. Whoever encodes one gets the error, if any. */
export function prepareEncoding(): void {
  loadSharp().catch(() => {});
}

/**
 * Reads a picture: JPEG, PNG, WebP, AVIF, GIF, TIFF or SVG; of several the first, in a TIFF the first that is no thumbnail. It is
 * rotated as its EXIF data says, transparency is blended onto white, and the frame is RGB24. Faults in a JPEG's headers that lose no pixels are
 * ignored; damaged or missing pixels are not.
 *
 * @param input A path, or the file's bytes.
 * @param info What is known of the frame; by default number 0 and the current time.
 * @param maxPixels Larger pictures are refused. Default: 100 million.
 * @throws InputError when it cannot be read: absent, empty, damaged, of an unknown kind, too large, or no file (a pipe, a device).
 *
 * @example
 * const frame = await readPicture('cat.jpg');
 */
export async function readPicture(
  input: string | Uint8Array,
  info: Partial<FrameInfo> = {},
  maxPixels: number = defaultMaxPixels,
): Promise<Frame> {
  return readPictureInto(undefined, input, info, maxPixels);
}

/**
 * `readPicture` for pictures that come one after the other.
 *
 * @param memory Of those before: a JPEG's pixels may be put there, and then belong to it again after the frame's last `release()`.
 */
export async function readPictureInto(
  memory: PictureMemory | undefined,
  input: string | Uint8Array,
  info: Partial<FrameInfo> = {},
  maxPixels: number = defaultMaxPixels,
): Promise<Frame> {
  if (typeof input !== 'string') assertKind('readPicture', input, 'bytes', 'a path, or the bytes of a picture');
  const name = typeof input === 'string' ? input : (info.name ?? 'the picture');
  try {
    if (typeof input === 'string') await assertNoPipe(input);
    const { data, width, height, memory: from } = await decode(input, maxPixels, memory);
    if (width > maxSide || height > maxSide) {
      throw new InputError(`expected at most ${maxSide} pixels a side, got ${width}x${height}`);
    }
    return new Frame(
      {
        sequence: 0,
        captureTimeNs: Number(process.hrtime.bigint()),
        wallTimeMs: Date.now(),
        ...(typeof input === 'string' && { name: input }),
        ...info,
        format: 'RGB24',
        width,
        height,
        planes: [{ data, stride: width * 3 }],
      },
      () => from?.giveBack(data),
    );
  } catch (error) {
    const why = (await plainReason(input)) ?? reason(error, maxPixels);
    throw new InputError(`${name} cannot be read as a picture: ${why}`);
  }
}

/** @throws InputError when it would be waited for, or has no end. What is absent, its reader says. */
async function assertNoPipe(path: string): Promise<void> {
  const file = await stat(path).catch(() => undefined);
  const other = file && otherThanFile(file);
  if (other !== undefined) throw new InputError(`expected a file, got ${other}`);
}

/** RGB24 without padding, upright. */
interface Decoded {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  /** Where the pixels are from, if they are to be given back. */
  readonly memory?: PictureMemory;
}

/**
 * An ordinary JPEG by libjpeg-turbo, where the addon has it: that takes half the time, and no library is loaded for it.
 * All else by sharp, which gives the same pixels of those, and says what is wrong with a file.
 */
async function decode(
  input: string | Uint8Array,
  maxPixels: number,
  memory: PictureMemory | undefined,
): Promise<Decoded> {
  const jpeg = typeof input === 'string' ? await readJpeg(input) : input;
  const header = jpeg && readJpegHeader(jpeg);
  if (header?.isOrdinary && header.width * header.height <= maxPixels) {
    const { width, height, profile } = header;
    const into = kernels.jpeg && memory?.take(width * height * 3);
    const data = await kernels.jpeg?.(
      jpeg!,
      width,
      height,
      into,
      ...(profile === undefined || profile === 'nothing' ? [] : profile),
    );
    if (data) return { data, width, height, ...(into && { memory }) };
    if (into) memory!.giveBack(into);
  }
  return decodeBySharp(header ? jpeg! : input, maxPixels, header?.profile === 'nothing');
}

/** The bytes of a file that is one of some size, and begins as a JPEG does; else undefined, and its reader says why. */
async function readJpeg(path: string): Promise<Uint8Array | undefined> {
  try {
    const file = await stat(path);
    if (!file.isFile() || file.size > mostBytesAtOnce) return undefined;
    const bytes = await readFile(path);
    return bytes[0] === 0xff && bytes[1] === 0xd8 ? bytes : undefined;
  } catch {
    return undefined;
  }
}

/** Strict: a decoder's warning is an error too, since most mean lost pixels. @param ignoreIcc Its profile is that of sRGB. */
async function decodeBySharp(input: string | Uint8Array, maxPixels: number, ignoreIcc: boolean): Promise<Decoded> {
  const sharp = await loadSharp();
  const { input: prepared, page, isOpaque = false, range, orientation } = await prepareForSharp(input);
  const options: SharpOptions = { limitInputPixels: maxPixels, failOn: 'warning', ignoreIcc };
  if (page !== undefined) options.page = page;
  const read = async (from: string | Uint8Array) => {
    const whole = turned(sharp(from, options), orientation);
    const upright = range ? whole.linear(...stretch(range)) : whole;
    const { data, info } = await (isOpaque ? upright : upright.flatten({ background: '#ffffff' }))
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height };
  };
  try {
    return await read(prepared);
  } catch (error) {
    if (!/jpeg/i.test(messageOf(error))) throw error;
    const mended = withoutHeaderFaults(typeof input === 'string' ? await readFile(input) : input);
    if (!mended) throw error;
    return await read(mended);
  }
}

/** The factor and the sum that make black 0 and white 65535. */
function stretch([black, white]: readonly [number, number]): [factor: number, sum: number] {
  const factor = 65_535 / (white - black);
  return [factor, -black * factor];
}

/** @param orientation As EXIF counts them. Default: what sharp finds in the picture. */
function turned(picture: Sharp, orientation: number | undefined): Sharp {
  if (orientation === undefined) return picture.rotate();
  // sharp mirrors before it turns.
  const mirrored = [2, 5, 7].includes(orientation) ? picture.flop() : orientation === 4 ? picture.flip() : picture;
  const degrees: Readonly<Record<number, number>> = { 3: 180, 5: 270, 6: 90, 7: 90, 8: 270 };
  return orientation in degrees ? mirrored.rotate(degrees[orientation]) : mirrored;
}

/** What can be told without decoding, and sharp does not say. */
async function plainReason(input: string | Uint8Array): Promise<string | undefined> {
  if (typeof input === 'string') {
    const file = await stat(input).catch(() => undefined);
    if (file?.isDirectory()) return 'it is a folder; name the pictures in it';
    if (!file?.isFile()) return undefined;
  }
  const head = typeof input === 'string' ? await headOf(input).catch(() => undefined) : input;
  if (!head) return undefined;
  if (head.length === 0) return 'it is empty';
  if (isHeic(head)) return heicAdvice;
  const kind = kindOfUnreadable(head);
  return kind && `it is ${kind}`;
}

/** How decoders say that a file is none of what they can read, whole as it may be: a kind of compression, of colours or of numbers. */
const outsideDecoders =
  /not configured|not implemented|not supported|unsupported|no known route|bad labq|unknown pseudo-tag/i;

/** How sharp and libvips say that bytes are missing, in words about themselves. */
const cutOff = /treated as error due to failOn|bad seek to|read error at scanline/i;

function reason(error: unknown, maxPixels: number): string {
  // sharp repeats the path, and libvips writes a line for each thing it tried.
  const first = messageOf(error).trim().split('\n')[0]!;
  if (/pixel limit/i.test(first)) return `expected at most ${maxPixels / 1e6} megapixels`;
  if (/unsupported image format/i.test(first)) return 'expected JPEG, PNG, WebP, AVIF, GIF, TIFF or SVG';
  if (/file is missing/i.test(first)) return 'there is no such file';
  if (cutOff.test(first)) return 'it is damaged, or was cut off';
  if (outsideDecoders.test(first)) return `${first}; convert it to a JPEG or PNG of 8 bits a channel`;
  return first;
}

/** Size, quality and part of a picture. */
export interface EncodeOptions {
  /** The picture is shrunk to fit, never enlarged. */
  maxWidth?: number;
  maxHeight?: number;
  /** 1..100. Default 80. */
  quality?: number;
  /** The part of the frame that is shown. Default: all of it. */
  region?: Region;
  /** An SVG of the frame's size, laid over it. */
  overlaySvg?: string;
}

const converter = kernels.converter();
/** The current encoding. One at a time: they share the converter's buffers, and memory stays small. */
let last: Promise<unknown> = Promise.resolve();

/**
 * Encodes a frame as JPEG. Pixels are converted and shrunk in one pass on the calling thread, and compressed on
 * another.
 *
 * @throws RangeError when the quality is out of range or the region does not touch the frame.
 */
export async function encodeJpeg(frame: Frame, options: EncodeOptions = {}): Promise<Buffer> {
  assertFrame('encodeJpeg', frame);
  assertKind('encodeJpeg: options', options, 'object');
  const { quality = 80 } = options;
  if (!(quality >= 1 && quality <= 100)) throw new RangeError(`quality: expected 1..100, got ${quality}`);
  frame.acquire();
  const encoded = last.then(() => encode(frame, quality, options)).finally(() => frame.release());
  last = encoded.catch(() => {});
  return encoded;
}

async function encode(frame: Frame, quality: number, options: EncodeOptions): Promise<Buffer> {
  const sharp = await loadSharp();
  const { overlaySvg, region, maxWidth, maxHeight } = options;
  const { data, width, height } = converter.convert(frame, { maxWidth, maxHeight, region });
  const picture: Sharp = sharp(data, { raw: { width, height, channels: 3 } });
  if (overlaySvg) picture.composite([await fitOverlay(sharp, overlaySvg, frame, region, width, height)]);
  return picture.jpeg({ quality }).toBuffer();
}

/**
 * An SVG of the part of the overlay that is shown, in the picture's size. What is laid over is drawn by libvips alone: pixels
 * that pass through JavaScript wait for its garbage collector, 2.7 MB for each picture of 768x432.
 */
async function fitOverlay(
  sharp: typeof import('sharp').default,
  svg: string,
  frame: Frame,
  region: Region | undefined,
  width: number,
  height: number,
): Promise<OverlayOptions> {
  const { x, y, ...shown } = clipRegion(frame, region ?? { x: 0, y: 0, width: frame.width, height: frame.height });
  // An SVG of another size is stretched.
  const own = await sharp(Buffer.from(svg)).metadata();
  const open = (size: { width: number; height: number }, viewBox: readonly number[]) =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="${viewBox.join(' ')}" preserveAspectRatio="none">`;
  const whole = `${open(frame, [0, 0, own.width, own.height])}${svg.replace(beforeSvg, '')}</svg>`;
  return { input: Buffer.from(`${open({ width, height }, [x, y, shown.width, shown.height])}${whole}</svg>`) };
}

/** What may stand before an SVG's own element, and not inside of another one. */
const beforeSvg = /^[^<]*(?:<\?xml[^>]*>)?[^<]*(?:<!DOCTYPE[^>]*>)?/i;
