import type { JpegDecoder } from './jpeg.ts';

/** What jpeg/binding.cpp gives. */
export interface JpegFunctions {
  /** Only where libjpeg-turbo was there when the addon was built. */
  readonly decodeJpeg?: JpegDecoder;
}
