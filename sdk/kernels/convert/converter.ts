import { clipRegion, type Region } from '../../frame/letterbox.ts';
import type { PixelSource, Preprocessor, PreprocessTarget } from '../preprocess/preprocess.ts';

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

interface Kept {
  readonly width: number;
  readonly height: number;
  readonly channels: 'RGB' | 'BGR';
  readonly preprocessor: Preprocessor;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** A live view and a snapshot or two of different sizes. */
const maxKept = 3;

/**
 * Any format to RGB24 (or BGR24), for people to look at: a snapshot, the live view. Shrinks on the way, in the same
 * pass. Keeps the tables and the buffers of the last few sizes: `data` is valid until the next call.
 */
export class Converter {
  readonly #makePreprocessor: (target: PreprocessTarget) => Preprocessor;
  /** Newest last. */
  readonly #kept: Kept[] = [];

  /** @param makePreprocessor Does the work: the native one or its twin. */
  constructor(makePreprocessor: (target: PreprocessTarget) => Preprocessor) {
    this.#makePreprocessor = makePreprocessor;
  }

  /** @throws RangeError when the region does not touch the picture. */
  convert(source: PixelSource, options: ConvertOptions = {}): ConvertedPicture {
    const { maxWidth = Infinity, maxHeight = Infinity, channels = 'RGB' } = options;
    const region = clipRegion(source, options.region ?? { x: 0, y: 0, width: source.width, height: source.height });
    const scale = Math.min(1, maxWidth / region.width, maxHeight / region.height);
    const width = Math.max(1, Math.round(region.width * scale));
    const height = Math.max(1, Math.round(region.height * scale));
    const { preprocessor, data } = this.#of(width, height, channels);
    const geometry = { inputWidth: width, inputHeight: height, left: 0, top: 0, width, height, region };
    preprocessor.run(source, geometry, data);
    return { data, width, height };
  }

  #of(width: number, height: number, channels: 'RGB' | 'BGR'): Kept {
    const known = this.#kept.find((one) => one.width === width && one.height === height && one.channels === channels);
    if (known) return known;
    const made: Kept = {
      width,
      height,
      channels,
      preprocessor: this.#makePreprocessor({
        width,
        height,
        layout: 'NHWC',
        type: 'uint8',
        channels,
        mean: [0, 0, 0],
        std: [1, 1, 1],
        pad: 0,
        quality: 'area',
      }),
      data: new Uint8Array(width * height * 3),
    };
    this.#kept.push(made);
    if (this.#kept.length > maxKept) this.#kept.shift();
    return made;
  }
}
