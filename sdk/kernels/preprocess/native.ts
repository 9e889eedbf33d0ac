import { pixelFormats } from '../../frame/layout.ts';
import type { Letterbox } from '../../frame/letterbox.ts';
import { assertAsMany, assertTarget } from './check.ts';
import { biasOf, scaleOf } from './normalise.ts';
import { PaddedTensors } from './padding.ts';
import type { PixelSource, Preprocessor, PreprocessTarget } from './preprocess.ts';

type Tensor = Uint8Array | Float32Array;

/** What preprocess/binding.cpp gives. */
export interface PreprocessFunctions {
  preprocessor(
    width: number,
    height: number,
    planar: boolean,
    floats: boolean,
    bgr: boolean,
    area: boolean,
    pad: number,
    scale: Float32Array,
    bias: Float32Array,
  ): PreprocessRun;
}

/** `places` has nine numbers for each of `outs`. Checks all it is given. */
type PreprocessRun = (
  source: Float64Array,
  plane0: Uint8Array | undefined,
  plane1: Uint8Array | undefined,
  plane2: Uint8Array | undefined,
  places: Float64Array,
  outs: Tensor | readonly Tensor[],
) => void;

const placeValues = 9;

/** The tables are native memory, freed with this object. */
export class NativePreprocessor implements Preprocessor {
  readonly #run: PreprocessRun;
  readonly #inputWidth: number;
  readonly #inputHeight: number;
  readonly #padded = new PaddedTensors();
  readonly #source = new Float64Array(8);
  readonly #place = new Float64Array(placeValues);

  /** @throws RangeError or TypeError for a target that is none. */
  constructor(functions: PreprocessFunctions, target: PreprocessTarget) {
    assertTarget(target);
    const { width, height, layout, type, channels, mean, std, pad, quality = 'area' } = target;
    this.#inputWidth = width;
    this.#inputHeight = height;
    const scale = Float32Array.from(std, scaleOf);
    const bias = Float32Array.from(std, (one, channel) => biasOf(mean[channel]!, one));
    this.#run = functions.preprocessor(
      width,
      height,
      layout === 'NCHW',
      type === 'float32',
      channels === 'BGR',
      quality === 'area',
      pad,
      scale,
      bias,
    );
  }

  run(source: PixelSource, geometry: Letterbox, out: Tensor): void {
    try {
      this.#fill(this.#place, 0, geometry, out);
      this.#runAll(source, this.#place, out);
    } catch (error) {
      this.#padded.forget(out);
      throw error;
    }
  }

  runBatch(source: PixelSource, geometries: readonly Letterbox[], outs: readonly Tensor[]): void {
    assertAsMany(geometries.length, outs.length);
    const places = new Float64Array(placeValues * outs.length);
    try {
      for (let i = 0; i < outs.length; i++) this.#fill(places, i * placeValues, geometries[i]!, outs[i]!);
      this.#runAll(source, places, outs);
    } catch (error) {
      for (const out of outs) this.#padded.forget(out);
      throw error;
    }
  }

  #fill(places: Float64Array, at: number, geometry: Letterbox, out: Tensor): void {
    const { inputWidth, inputHeight, left, top, width, height, region } = geometry;
    if (inputWidth !== this.#inputWidth || inputHeight !== this.#inputHeight) {
      throw new RangeError(
        `geometry: expected an input of ${this.#inputWidth}x${this.#inputHeight}, got ${inputWidth}x${inputHeight}`,
      );
    }
    places[at] = this.#padded.claim(out, geometry) ? 1 : 0;
    places[at + 1] = left;
    places[at + 2] = top;
    places[at + 3] = width;
    places[at + 4] = height;
    places[at + 5] = region.x;
    places[at + 6] = region.y;
    places[at + 7] = region.width;
    places[at + 8] = region.height;
  }

  #runAll(
    { format, width, height, planes, colour }: PixelSource,
    places: Float64Array,
    outs: Tensor | readonly Tensor[],
  ) {
    const source = this.#source;
    source[0] = pixelFormats.indexOf(format);
    source[1] = width;
    source[2] = height;
    const [first, second, third] = planes;
    source[3] = first?.stride ?? 0;
    source[4] = second?.stride ?? 0;
    source[5] = third?.stride ?? 0;
    source[6] = colour.matrix === 'bt709' ? 1 : 0;
    source[7] = colour.range === 'limited' ? 1 : 0;
    this.#run(source, first?.data, second?.data, third?.data, places, outs);
  }
}
