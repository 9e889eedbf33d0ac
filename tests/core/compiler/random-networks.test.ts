import { expect, test } from 'vitest';
import { random as randomNumbers } from '../../../sdk/base/random.ts';
import { compareWithFloat, NetworkBuilder } from './networks.ts';

type Shape = readonly [number, number, number];
interface Tensor {
  readonly name: string;
  /** Channels, height and width. */
  readonly shape: Shape;
}

const count = process.env.OCELLUS_TEST_LONG ? 1500 : 100;
const side = 16;

/** A network of a few operators in an order that nobody thought of: what each gives is known, what comes together is not. */
class RandomNetwork {
  readonly net = new NetworkBuilder();
  readonly said: string[] = [];
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
    let tensor: Tensor = { name: this.net.conv(this.net.picture(), [3, 8], 3), shape: [8, side, side] };
    for (let left = this.#whole(2, 6); left > 0; left--) tensor = this.#next(tensor);
    this.net.output(tensor.name);
  }

  #whole(from: number, to: number): number {
    return from + Math.floor(this.#random() * (to - from + 1));
  }

  #one<T>(...all: readonly T[]): T {
    return all[this.#whole(0, all.length - 1)]!;
  }

  #next(tensor: Tensor): Tensor {
    const [way, make] = this.#one(...Object.entries(this.#ways));
    const made = make(tensor);
    if (made) this.said.push(`${way} -> ${made.shape.join(' x ')}`);
    return made ?? tensor;
  }

  readonly #ways: Readonly<Record<string, (tensor: Tensor) => Tensor | undefined>> = {
    conv: ({ name, shape: [c, h, w] }) => {
      const outputs = this.#whole(1, 6) * 2;
      const kernel = this.#one(1, 3);
      return { name: this.net.conv(name, [c, outputs], kernel), shape: [outputs, h, w] };
    },
    depthwise: ({ name, shape: [c, h, w] }) => ({
      name: this.net.conv(name, [c, c], 3, { group: c }),
      shape: [c, h, w],
    }),
    function: ({ name, shape }) => {
      const op = this.#one('Relu', 'Sigmoid', 'Tanh', 'HardSwish', 'Elu', 'Softplus', 'Abs', 'Neg', 'Erf', 'LeakyRelu');
      return { name: this.net.node(op, [name]), shape };
    },
    root: ({ name, shape }) => {
      const sum = this.net.node('Add', [this.net.node('Abs', [name]), this.net.constant([], [0.3])]);
      return { name: this.net.node('Sqrt', [sum]), shape };
    },
    limit: ({ name, shape }) => {
      const low = this.#random() * 2 - 1.5;
      const limits = [low, low + 0.4 + this.#random()].map((at) => this.net.constant([], [at]));
      return { name: this.net.node('Clip', [name, ...limits]), shape };
    },
    constant: ({ name, shape: [c, h, w] }) => {
      const op = this.#one('Add', 'Mul', 'Sub', 'Div', 'Max', 'Min');
      const sides = this.#one([c, 1, 1], [1], [w], [h, 1], [h, w], [c, h, w], [c, 1, w]);
      const constant = this.net.random(sides, 0.4, 1);
      const inputs = op === 'Div' || this.#one(true, false) ? [name, constant] : [constant, name];
      return { name: this.net.node(op, inputs), shape: [c, h, w] };
    },
    slopes: ({ name, shape }) => ({
      name: this.net.node('PRelu', [name, this.net.random([shape[0], 1, 1])]),
      shape,
    }),
    normalisation: ({ name, shape }) => {
      const [c] = shape;
      const parts = [this.net.random([c], 0.4, 1), this.net.random([c]), this.net.random([c])];
      return { name: this.net.node('BatchNormalization', [name, ...parts, this.net.random([c], 0.5, 1)]), shape };
    },
    pool: ({ name, shape: [c, h, w] }) => {
      if (h < 4 || w < 4) return undefined;
      const op = this.#one('MaxPool', 'AveragePool');
      const ints = { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] };
      const counted: Record<string, number> = op === 'AveragePool' ? { count_include_pad: this.#one(0, 1) } : {};
      const half = (at: number) => Math.floor((at - 1) / 2) + 1;
      return { name: this.net.node(op, [name], { ints: { ...ints, ...counted } }), shape: [c, half(h), half(w)] };
    },
    resize: ({ name, shape: [c, h, w] }) => {
      if (h * w > 600) return undefined;
      const factor = this.#one(2, 1.5, 3);
      const texts = { mode: this.#one('nearest', 'linear', 'cubic') };
      const scales = this.net.constant([4], [1, 1, factor, factor]);
      const larger = (at: number) => Math.floor(at * factor);
      return { name: this.net.node('Resize', [name, '', scales], { texts }), shape: [c, larger(h), larger(w)] };
    },
    pad: ({ name, shape: [c, h, w] }) => {
      const pads = this.net.integers(0, 0, 1, 0, 0, 0, 0, 2);
      const value = this.net.constant([], [this.#one(0, 0.5)]);
      return { name: this.net.node('Pad', [name, pads, value]), shape: [c, h + 1, w + 2] };
    },
    slice: ({ name, shape }) => {
      const axis = this.#whole(0, 2);
      const step = this.#one(1, 1, 2);
      const size = Math.ceil((shape[axis]! - 2) / step);
      if (shape[axis]! < 6) return undefined;
      const ends = [1, shape[axis]! - 1, axis + 1, step].map((at) => this.net.integers(at));
      const sides = shape.map((at, i) => (i === axis ? size : at)) as unknown as Shape;
      return { name: this.net.node('Slice', [name, ...ends]), shape: sides };
    },
    halves: ({ name, shape }) => {
      const [c] = shape;
      if (c < 3) return undefined;
      const first = this.#whole(1, c - 1);
      const parts = this.net.nodes('Split', [name, this.net.integers(first, c - first)], 2, { ints: { axis: 1 } });
      const changed = this.net.node(this.#one('Relu', 'Sigmoid', 'Tanh'), [parts[0]!]);
      const order = this.#one([changed, parts[1]!], [parts[1]!, changed]);
      return { name: this.net.node('Concat', order, { ints: { axis: 1 } }), shape };
    },
    shuffle: ({ name, shape: [c, h, w] }) => {
      if (c % 2) return undefined;
      const groups = this.net.node('Reshape', [name, this.net.integers(1, 2, c / 2, h, w)]);
      const turned = this.net.node('Transpose', [groups], { ints: { perm: [0, 2, 1, 3, 4] } });
      return { name: this.net.node('Reshape', [turned, this.net.integers(1, c, h, w)]), shape: [c, h, w] };
    },
    blocks: ({ name, shape: [c, h, w] }) => {
      if (c % 4) return undefined;
      const texts = { mode: this.#one('DCR', 'CRD') };
      return {
        name: this.net.node('DepthToSpace', [name], { ints: { blocksize: 2 }, texts }),
        shape: [c / 4, 2 * h, 2 * w],
      };
    },
    turned: ({ name, shape: [c, h, w] }) => {
      const [perm, shape] = this.#one<readonly [number[], Shape]>(
        [
          [0, 2, 3, 1],
          [h, w, c],
        ],
        [
          [0, 1, 3, 2],
          [c, w, h],
        ],
        [
          [0, 3, 1, 2],
          [w, c, h],
        ],
      );
      return { name: this.net.node('Transpose', [name], { ints: { perm } }), shape };
    },
    mean: ({ name, shape }) => {
      const axes = this.#one([1], [2], [3], [2, 3]);
      const op = this.#one('ReduceMean', 'ReduceMax', 'ReduceMin');
      const mean = this.net.node(op, [name, this.net.integers(...axes)], { ints: { keepdims: 1 } });
      if (this.#one(true, false)) return { name: this.net.node(this.#one('Sub', 'Mul', 'Add'), [name, mean]), shape };
      return { name: mean, shape: shape.map((at, i) => (axes.includes(i + 1) ? 1 : at)) as unknown as Shape };
    },
    joined: ({ name, shape: [c, h, w] }) => {
      const other = this.net.conv(name, [c, c], 3);
      const axis = this.#one(0, 1, 2);
      const shape = [c, h, w].map((at, i) => (i === axis ? 2 * at : at)) as unknown as Shape;
      const order = this.#one([name, other], [other, name]);
      return { name: this.net.node('Concat', order, { ints: { axis: axis + 1 } }), shape };
    },
    residual: ({ name, shape: [c, h, w] }) => {
      const other = this.net.conv(name, [c, c], 3);
      return {
        name: this.net.node(this.#one('Add', 'Mul', 'Sub', 'Max', 'Min', 'Mean'), [name, other]),
        shape: [c, h, w],
      };
    },
    softmax: ({ name, shape }) => ({
      name: this.net.node(this.#one('Softmax', 'LogSoftmax'), [name], { ints: { axis: this.#one(1, 2, 3) } }),
      shape,
    }),
    groups: ({ name, shape }) => {
      const [c] = shape;
      const ints = { num_groups: this.#one(1, ...[2, 4, c].filter((count) => c % count === 0)) };
      const inputs = [name, this.net.random([c], 0.4, 1), this.net.random([c])];
      return { name: this.net.node('GroupNormalization', inputs, { ints }), shape };
    },
    instance: ({ name, shape: [c, h, w] }) => {
      const inputs = [name, this.net.random([c], 0.4, 1), this.net.random([c])];
      return { name: this.net.node('InstanceNormalization', inputs), shape: [c, h, w] };
    },
    response: ({ name, shape }) => {
      const floats = { alpha: this.#one(0.1, 1), beta: this.#one(0.5, 0.75, 1), bias: this.#one(1, 2) };
      return { name: this.net.node('LRN', [name], { ints: { size: this.#one(3, 5) }, floats }), shape };
    },
    transposed: ({ name, shape: [c, h, w] }) => {
      if (h * w > 600) return undefined;
      const kernel = this.#one(2, 3, 4);
      const weights = this.net.random([c, 4, kernel, kernel], 2 / Math.sqrt(c * kernel));
      const [y, x] = [2 * h + this.#one(0, 1), 2 * w];
      const ways = this.#one({ ints: { output_shape: [y, x] } }, { texts: { auto_pad: 'SAME_UPPER' } });
      const ints = { kernel_shape: [kernel, kernel], strides: [2, 2], ...('ints' in ways ? ways.ints : {}) };
      const made = this.net.node('ConvTranspose', [name, weights], { ...ways, ints });
      return { name: made, shape: [4, 'ints' in ways ? y : 2 * h, x] };
    },
    moved: ({ name, shape: [c, h, w] }) => {
      if (h < 4 || w < 4) return undefined;
      return { name: this.net.node('Pad', [name, this.net.integers(0, 0, 1, -2, 0, 0, -2, 2)]), shape: [c, h - 1, w] };
    },
    again: ({ name, shape }) => {
      const axis = this.#whole(0, 2);
      const sides = shape.map((at, i) => (i === axis ? 2 * at : at)) as unknown as Shape;
      const repeats = this.net.integers(1, ...shape.map((_, i) => (i === axis ? 2 : 1)));
      return { name: this.net.node('Tile', [name, repeats]), shape: sides };
    },
    sums: ({ name, shape: [c, h, w] }) => {
      const other = this.net.conv(name, [c, c]);
      if (c > 32) return undefined;
      const [equation, shape] = this.#one<readonly [string, Shape]>(
        ['ncij,nckj->ncik', [c, h, h]],
        ['ncij,ncik->ncjk', [c, w, w]],
        ['nchw,nchw->nchw', [c, h, w]],
        ['nchw,ndhw->ncd', [1, c, c]],
      );
      const sums = this.net.node('Einsum', [name, other], { texts: { equation } });
      const seen = this.net.node('Reshape', [sums, this.net.integers(1, ...shape)]);
      return { name: seen, shape };
    },
  };
}

// Measured on the pictures that are compared, so that no range is too small. Bytes round: what is a fault is no such thing by far, or is no number at all.
test(`${count} networks of random operators give what onnxruntime gives`, async () => {
  const wrong: string[] = [];
  const refused: string[] = [];
  const seeds = process.env.OCELLUS_TEST_LONG ? Date.now() % 1e6 : 1;
  for (let i = 0; i < count; i++) {
    const { net, said } = new RandomNetwork(seeds + i);
    try {
      const { errors, deviations } = await compareWithFloat(net.build(side, 'float32', 21), side, 3, 3);
      const isWrong = errors.some((error, k) => !(error < 0.25) && deviations[k]! > 0.05);
      if (isWrong) wrong.push(`${seeds + i}: ${errors.join()} after ${said.join(', ')}`);
    } catch (error) {
      refused.push(`${seeds + i}: ${(error as Error).message} after ${said.join(', ')}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(refused.filter((one) => !one.includes('cannot be compiled'))).toEqual([]);
  expect(refused.length).toBeLessThan(count / 20);
});
