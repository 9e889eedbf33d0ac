import { InputError } from '../../sdk/base/errors.ts';

/** A part of an image that has to be written. */
export interface Extent {
  /** Bytes from the start of the image. */
  readonly at: number;
  readonly bytes: number;
  /** Of what is in it, in hexadecimal digits. */
  readonly sha256?: string;
}

/** What has to be written of an image; the rest does not matter. */
export interface BlockMap {
  /** Bytes of the whole image. */
  readonly size: number;
  /** In their order, without overlap. */
  readonly extents: readonly Extent[];
}

/** Larger ones are no maps of blocks. */
export const largestMap = 64 * 1024 * 1024;

/**
 * Reads a block map as `bmaptool create` writes it (format 1.2 to 2.0).
 *
 * @throws InputError when it is none.
 */
export function parseBmap(text: string, name: string): BlockMap {
  const number = (tag: string) => {
    const value = Number(new RegExp(`<${tag}>\\s*(\\d{1,15})\\s*</${tag}>`).exec(text)?.[1]);
    if (!Number.isSafeInteger(value)) throw new InputError(`${name} is no block map: expected <${tag}>`);
    return value;
  };
  if (!/<bmap\s+version="[12]\./.test(text))
    throw new InputError(`${name} is no block map: expected <bmap version="2.0">`);
  const [size, block] = [number('ImageSize'), number('BlockSize')];
  const isSha256 = /<ChecksumType>\s*sha256\s*<\/ChecksumType>/.test(text);
  const extents: Extent[] = [];
  let end = 0;
  for (const [, attributes, first, last] of text.matchAll(
    /<Range([^>]*)>\s*(\d{1,12})(?:\s*-\s*(\d{1,12}))?\s*<\/Range>/g,
  )) {
    const at = Number(first) * block;
    const until = Math.min((Number(last ?? first) + 1) * block, size);
    if (at < end || until <= at) throw new InputError(`${name}: its ranges are not in their order, or leave the image`);
    const sum = /chksum="([0-9a-f]{64})"/.exec(attributes!)?.[1];
    extents.push({ at, bytes: until - at, ...(isSha256 && sum !== undefined && { sha256: sum }) });
    end = until;
  }
  if (extents.length === 0 && size > 0) throw new InputError(`${name}: it has no <Range>`);
  return { size, extents };
}
