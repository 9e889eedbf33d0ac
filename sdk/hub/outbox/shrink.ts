const quality = 70;
const smallestPixels = 32;
const tries = 5;
/** A picture that uses this fraction of the limit is large enough. */
const goodShare = 0.7;

/**
 * Shrinks a picture to at most this many bytes, at a quality that still shows what it is of.
 *
 * @returns Undefined when it is no picture, or does not fit at 32 pixels either.
 */
export async function shrinkJpeg(jpeg: Buffer, maxBytes: number): Promise<Buffer | undefined> {
  try {
    // Most brokers take what comes, and then nobody needs it here.
    const { default: sharp } = await import('sharp');
    const { width, height } = await sharp(jpeg).metadata();
    const smallest = smallestPixels / Math.min(width, height);
    let best: Buffer | undefined;
    // A picture's bytes go with its area, more or less: what came out says how far off that was.
    let scale = 1;
    let bytes = jpeg.length;
    for (let i = 0; i < tries; i++) {
      scale = Math.min(1, Math.max(smallest, scale * Math.sqrt((maxBytes / bytes) * 0.9)));
      const small = await sharp(jpeg)
        .resize({ width: Math.round(width * scale) })
        .jpeg({ quality })
        .toBuffer();
      bytes = small.length;
      if (bytes <= maxBytes && bytes > (best?.length ?? 0)) best = small;
      if (best && (scale === 1 || best.length >= maxBytes * goodShare)) break;
    }
    return best;
  } catch {
    return undefined;
  }
}
