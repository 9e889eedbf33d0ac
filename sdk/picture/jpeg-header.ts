import { orientationOf } from './exif.ts';
import { readProfile, type ToSrgb } from './icc.ts';

/** What a JPEG says of itself before its pixels. */
export interface JpegHeader {
  /** Pixels, before it is turned. */
  readonly width: number;
  readonly height: number;
  /** It is upright, its colours are sRGB or become that as `profile` says, and it is neither CMYK nor progressive. */
  readonly isOrdinary: boolean;
  /** What its colour profile asks for; undefined where it has none, or one that is read by others. */
  readonly profile?: ToSrgb;
}

const marker = {
  soi: 0xd8,
  sof0: 0xc0,
  sof1: 0xc1,
  dht: 0xc4,
  jpg: 0xc8,
  dac: 0xcc,
  sos: 0xda,
  app1: 0xe1,
  app2: 0xe2,
};
const isFrame = (code: number) =>
  code >= marker.sof0 && code <= 0xcf && code !== marker.dht && code !== marker.jpg && code !== marker.dac;

const exifName = 'Exif\0\0';
const profileName = 'ICC_PROFILE\0';

/**
 * Reads the header of a JPEG, up to its first scan.
 *
 * @returns Undefined when it is none, or not written as the standard has it: what becomes of that is the decoder's matter.
 */
export function readJpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  const jpeg = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (jpeg.length < 4 || jpeg[0] !== 0xff || jpeg[1] !== marker.soi) return undefined;
  let frame: Buffer | undefined;
  let frameCode = 0;
  let exif: Buffer | undefined;
  const pieces: Buffer[] = [];
  /** Something whose meaning is left to others: a second picture, a map of brightness, a profile in a strange order. */
  let isStrange = false;
  for (let at = 2; ; ) {
    if (at + 4 > jpeg.length || jpeg[at] !== 0xff) return undefined;
    const code = jpeg[at + 1]!;
    if (code === marker.sos) break;
    const end = at + 2 + jpeg.readUInt16BE(at + 2);
    if (code < marker.sof0 || end < at + 4 || end > jpeg.length) return undefined;
    const content = jpeg.subarray(at + 4, end);
    if (isFrame(code)) {
      isStrange ||= frame !== undefined;
      [frame, frameCode] = [content, code];
    } else if (code === marker.app1 && startsWith(content, exifName)) {
      isStrange ||= exif !== undefined;
      exif = content.subarray(exifName.length);
    } else if (code === marker.app2) {
      isStrange ||= !startsWith(content, profileName) || content[profileName.length] !== pieces.length + 1;
      pieces.push(content.subarray(profileName.length + 2));
      isStrange ||= content[profileName.length + 1]! < pieces.length;
    }
    at = end;
  }
  if (!frame || frame.length < 6) return undefined;
  const [height, width, components] = [frame.readUInt16BE(1), frame.readUInt16BE(3), frame[5]!];
  if (width === 0 || height === 0) return undefined;
  const isReadable = pieces.length > 0 && !isStrange && components === 3;
  const profile = isReadable ? readProfile(Buffer.concat(pieces)) : undefined;
  const isSequential = frameCode === marker.sof0 || frameCode === marker.sof1;
  const isRgbOrGrey = frame[0] === 8 && (components === 1 || components === 3);
  const isOrdinary =
    isSequential &&
    isRgbOrGrey &&
    !isStrange &&
    (exif === undefined || orientationOf(exif) === 1) &&
    (pieces.length === 0 || profile !== undefined);
  return { width, height, isOrdinary, ...(profile && { profile }) };
}

function startsWith(content: Buffer, name: string): boolean {
  return content.toString('latin1', 0, name.length) === name;
}
