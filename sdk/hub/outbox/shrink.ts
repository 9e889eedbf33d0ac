const quality = 70;
const smallestPixels = 32;
const tries = 5;
/** A picture that uses this fraction of the limit is large enough. */
const goodShare = 0.7;

/**
 * Shrinks a picture to at most this many bytes, at a quality that still shows its subject.
 *
 * @returns Undefined when it is not a picture, or does not fit even at 32 pixels.
 */
export async function shrinkJpeg(jpeg: Buffer, maxBytes: number): Promise<Buffer | undefined> {
  try {
    // Most brokers have no limit, and then it is never needed.
    const { default: sharp } = await import('sharp');
    const { width, height } = await sharp(jpeg).metadata();
    const smallest = smallestPixels / Math.min(width, height);
    let best: Buffer | undefined;
    // Bytes are roughly proportional to the area: the result says how far off that was.
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
