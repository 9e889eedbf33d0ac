import type { Letterbox } from '../../frame/letterbox.ts';
import { assertAsMany, assertPlace, assertSource, assertTarget } from './check.ts';
import { normalised } from './normalise.ts';
import type { PixelSource, Preprocessor, PreprocessTarget } from './preprocess.ts';

/** Inputs of one channel: the colours in bytes, by another preprocessor, and of each pixel its luma. */
export class GreyPreprocessor implements Preprocessor {
  readonly #target: PreprocessTarget;
  readonly #colours: Preprocessor;
  readonly #bytes: Uint8Array;
  /** A luma 0..255, normalised. */
  readonly #table: Float32Array;

  /** @throws RangeError or TypeError for a target that is none. */
  constructor(target: PreprocessTarget, makeOf: (colours: PreprocessTarget) => Preprocessor) {
    assertTarget(target);
    const { width, height, mean, std } = target;
    this.#target = target;
    this.#colours = makeOf({ ...target, ...inColours });
    this.#bytes = new Uint8Array(width * height * 3);
    this.#table = normalised(mean[0], std[0]);
  }

  run(source: PixelSource, geometry: Letterbox, out: Uint8Array | Float32Array): void {
    assertSource(source);
    assertPlace(source, this.#target, geometry, out);
    this.#run(source, geometry, out);
  }

  runBatch(source: PixelSource, geometries: readonly Letterbox[], outs: readonly (Uint8Array | Float32Array)[]): void {
    assertAsMany(geometries.length, outs.length);
    assertSource(source);
    for (let i = 0; i < outs.length; i++) assertPlace(source, this.#target, geometries[i]!, outs[i]!);
    for (let i = 0; i < outs.length; i++) this.#run(source, geometries[i]!, outs[i]!);
  }

  #run(source: PixelSource, geometry: Letterbox, out: Uint8Array | Float32Array): void {
    const bytes = this.#bytes;
    const table = this.#table;
    this.#colours.run(source, geometry, bytes);
    const isFloat = out instanceof Float32Array;
    for (let i = 0, at = 0; i < out.length; i++, at += 3) {
      const luma = (4899 * bytes[at]! + 9617 * bytes[at + 1]! + 1868 * bytes[at + 2]! + 8192) >> 14;
      out[i] = isFloat ? table[luma]! : luma;
    }
  }
}

const inColours = { channels: 'RGB', type: 'uint8', layout: 'NHWC', mean: [0, 0, 0], std: [1, 1, 1] } as const;
