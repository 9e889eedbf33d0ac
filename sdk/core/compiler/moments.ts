import type { ConvLayer, Measured, Stretch } from './network/network.ts';
import { reachOf } from './network/view.ts';

/** How what a convolution multiplies its weights with varies together, over pixels of pictures. */
export interface Moments {
  /** Of one output: kernel positions, in each the input channels. Depthwise: kernel positions. */
  readonly size: number;
  /** One set, or of a depthwise one a set for each channel. */
  readonly mean: Float64Array;
  readonly covariance: Float64Array;
}

/** Pixels of each picture that are looked at. */
const pixels = 96;
/** With so many pixels seen for each weight of an output, what varies together does not do so by chance. */
const enough = 8;
/** Larger ones would take longer than they are worth. */
const largest = 1536;

/** Gathers the moments of a convolution's inputs. */
export class MomentsSum {
  readonly layer: ConvLayer;
  readonly measured: Measured;
  readonly #size: number;
  readonly #sets: number;
  readonly #sum: Float64Array;
  readonly #products: Float64Array;
  #count = 0;

  /** @param measured Of the layer that the convolution reads. */
  constructor(layer: ConvLayer, measured: Measured) {
    const { kernel, isDepthwise, input } = layer;
    const taps = kernel[0] * kernel[1];
    this.layer = layer;
    this.measured = measured;
    this.#size = isDepthwise ? taps : taps * input.c.size;
    this.#sets = isDepthwise ? input.c.size : 1;
    this.#sum = new Float64Array(this.#sets * this.#size);
    this.#products = new Float64Array(this.#sets * this.#size ** 2);
  }

  static takes({ kernel, input, isDepthwise, picks }: ConvLayer): boolean {
    return !picks && kernel[0] * kernel[1] * (isDepthwise ? 1 : input.c.size) <= largest;
  }

  /**
   * @param numbers The tensor's, in its order.
   * @param random From 0 to below 1.
   */
  add(numbers: ArrayLike<number>, random: () => number): void {
    const { layer } = this;
    const places = placesOf(this.measured);
    const values = new Float64Array(this.#sets * this.#size);
    const count = Math.min(pixels, layer.h * layer.w);
    for (let n = 0; n < count; n++) {
      this.#look(numbers, places, [Math.floor(random() * layer.h), Math.floor(random() * layer.w)], values);
      this.#accumulate(values);
    }
    this.#count += count;
  }

  /** What the output at row y, column x is made of; outside the picture are zeros. */
  #look(
    numbers: ArrayLike<number>,
    { h, w, c }: Places,
    [y, x]: readonly [number, number],
    values: Float64Array,
  ): void {
    const { input, kernel, stride, pad, dilation, isDepthwise } = this.layer;
    const channels = input.c.size;
    for (let i = 0; i < kernel[0]; i++) {
      const row = y * stride[0] - pad[0] + i * dilation[0];
      for (let j = 0; j < kernel[1]; j++) {
        const column = x * stride[1] - pad[1] + j * dilation[1];
        const isInside = row >= 0 && row < input.h.size && column >= 0 && column < input.w.size;
        const at = isInside ? h[input.h.from + row * input.h.step]! + w[input.w.from + column * input.w.step]! : 0;
        const tap = i * kernel[1] + j;
        for (let channel = 0; channel < channels; channel++) {
          const to = isDepthwise ? channel * this.#size + tap : tap * channels + channel;
          const place = c[this.measured.from + input.c.from + channel]!;
          values[to] = isInside && place >= 0 ? numbers[at + place]! : 0;
        }
      }
    }
  }

  #accumulate(values: Float64Array): void {
    const size = this.#size;
    for (let set = 0; set < this.#sets; set++) {
      const from = set * size;
      for (let i = 0; i < size; i++) {
        const value = values[from + i]!;
        this.#sum[from + i]! += value;
        if (value === 0) continue;
        const row = (from + i) * size;
        for (let j = 0; j <= i; j++) this.#products[row + j]! += value * values[from + j]!;
      }
    }
  }

  /** Of few pixels, covariances count in proportion; each input's own variance counts whole. */
  finish(): Moments {
    const size = this.#size;
    const count = this.#count;
    const trust = Math.min(1, count / (enough * size));
    const mean = this.#sum.map((sum) => sum / count);
    const covariance = new Float64Array(this.#products.length);
    for (let set = 0; set < this.#sets; set++) {
      const from = set * size;
      for (let i = 0; i < size; i++) {
        for (let j = 0; j <= i; j++) {
          const seen = this.#products[(from + i) * size + j]! / count - mean[from + i]! * mean[from + j]!;
          const value = i === j ? seen : seen * trust;
          covariance[(from + i) * size + j] = value;
          covariance[(from + j) * size + i] = value;
        }
      }
    }
    return { size, mean, covariance };
  }
}

/**
 * Where the numbers of each row, column and channel begin in a tensor: the sum of the three is a number's place. Of channels that
 * lie between those of the tensor: -1.
 */
interface Places {
  readonly h: Float64Array;
  readonly w: Float64Array;
  readonly c: Float64Array;
}

function placesOf({ dims }: Measured): Places {
  const stretches = dims.flat();
  let stride = stretches.reduce((product, { size }) => product * size, 1);
  const all = { h: new Map([[0, 0]]), w: new Map([[0, 0]]), c: new Map([[0, 0]]) };
  for (const { axis, size, step } of stretches) {
    stride /= size;
    const before = [...all[axis]];
    all[axis] = new Map(
      Array.from({ length: size }, (_, i) =>
        before.map(([index, at]) => [index + i * step, at + i * stride] as const),
      ).flat(),
    );
  }
  const listed = (axis: Stretch['axis']) => {
    const list = new Float64Array(reachOf(stretches.filter((one) => one.axis === axis))).fill(-1);
    for (const [index, at] of all[axis]) list[index] = at;
    return list;
  };
  return { h: listed('h'), w: listed('w'), c: listed('c') };
}
