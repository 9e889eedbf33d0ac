import { clipRegion, type Region } from '../../core/letterbox.ts';
import type { Preprocessor, PixelSource } from '../preprocess/preprocess.ts';
import { TypeScriptPreprocessor } from '../preprocess/typescript.ts';

export interface ConvertOptions {
  /** The result is no wider; the aspect ratio stays. Never enlarges. */
  readonly maxWidth?: number;
  readonly maxHeight?: number;
  /** The part of the picture that is taken. Default: all of it. */
  readonly region?: Region;
  readonly channels?: 'RGB' | 'BGR';
}

/** Interleaved pixels without padding: 3 bytes each. */
export interface ConvertedPicture {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

/**
 * Any format to RGB24 (or BGR24), for people to look at: a snapshot, the live view. Shrinks on the way, in the same
 * pass. Keeps the tables and the buffer of the last size: `data` is valid until the next call.
 */
export class TypeScriptConverter {
  #size = '';
  #width = 0;
  #height = 0;
  #data = new Uint8Array(0);
  #preprocessor: Preprocessor | undefined;

  /** @throws RangeError when the region does not touch the picture. */
  convert(source: PixelSource, options: ConvertOptions = {}): ConvertedPicture {
    const { maxWidth = Infinity, maxHeight = Infinity, channels = 'RGB' } = options;
    const region = clipRegion(source, options.region ?? { x: 0, y: 0, width: source.width, height: source.height });
    const scale = Math.min(1, maxWidth / region.width, maxHeight / region.height);
    const width = Math.max(1, Math.round(region.width * scale));
    const height = Math.max(1, Math.round(region.height * scale));
    const size = `${width}x${height} ${channels}`;
    if (!this.#preprocessor || size !== this.#size) {
      this.#size = size;
      this.#width = width;
      this.#height = height;
      this.#data = new Uint8Array(width * height * 3);
      this.#preprocessor = new TypeScriptPreprocessor({
        width,
        height,
        layout: 'NHWC',
        type: 'uint8',
        channels,
        mean: [0, 0, 0],
        std: [1, 1, 1],
        pad: 0,
      });
    }
    const geometry = { inputWidth: width, inputHeight: height, left: 0, top: 0, width, height, region };
    this.#preprocessor.run(source, geometry, this.#data);
    return { data: this.#data, width: this.#width, height: this.#height };
  }
}
