import { around, assertReads, axisOf, count, type LayerKind, type Shape, weightsOf, wrong } from './kind.ts';
import type { CaffeLayer } from './network.ts';

const same = (layer: CaffeLayer, inputs: readonly Shape[]) => {
  assertReads(layer, inputs, 1);
  if (inputs[0]!.length < 2) throw wrong(layer, 'a bottom with channels', `[${inputs[0]!.join(', ')}]`);
  return [inputs[0]!];
};

interface Neighbours {
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly k: number;
}

function neighboursOf(layer: CaffeLayer): Neighbours {
  const own = layer.settings.message('lrn_param');
  const region = own.text('norm_region') ?? 'ACROSS_CHANNELS';
  if (region !== 'ACROSS_CHANNELS' && region !== '0') throw wrong(layer, 'the norm_region ACROSS_CHANNELS', region);
  const size = own.number('local_size') ?? 5;
  if (!Number.isInteger(size) || size < 1 || size % 2 === 0) throw wrong(layer, 'an odd local_size', `${size}`);
  return { size, alpha: own.number('alpha') ?? 1, beta: own.number('beta') ?? 0.75, k: own.number('k') ?? 1 };
}

const lrn: LayerKind = {
  shapes: same,
  write(layer, graph) {
    const { size, alpha, beta, k } = neighboursOf(layer);
    const attributes = { size, alpha: { float: alpha }, beta: { float: beta }, bias: { float: k } };
    graph.node(layer, 'LRN', layer.reads, layer.writes, attributes);
  },
  run(layer, [input]) {
    const { size, alpha, beta, k } = neighboursOf(layer);
    const { side, inner } = around(input!.shape, 1);
    const result = input!.data.map((value, at) => {
      const channel = Math.floor(at / inner) % side;
      let sum = 0;
      for (let i = Math.max(0, channel - (size >> 1)); i <= Math.min(side - 1, channel + (size >> 1)); i++) {
        sum += input!.data[at + (i - channel) * inner]! ** 2;
      }
      return value / (k + (alpha / size) * sum) ** beta;
    });
    return [result];
  },
};

interface Statistics {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly eps: number;
}

function statisticsOf(layer: CaffeLayer, shape: Shape): Statistics {
  const channels = shape[1]!;
  // Sums over a moving average, and by what they are divided.
  const total = weightsOf(layer, 2, 1, 'the factor of its averages').data[0]!;
  const factor = total === 0 ? 0 : 1 / total;
  const mean = weightsOf(layer, 0, channels, 'means').data.map((value) => value * factor);
  const variance = weightsOf(layer, 1, channels, 'variances').data.map((value) => value * factor);
  return { mean, variance, eps: layer.settings.message('batch_norm_param').number('eps') ?? 1e-5 };
}

const batchNorm: LayerKind = {
  shapes: same,
  write(layer, graph) {
    const shape = graph.shapeOf(layer.reads[0]!);
    const { mean, variance, eps } = statisticsOf(layer, shape);
    const channel = (role: string, data: Float32Array) => graph.constant(layer, role, [data.length], data);
    const names = [
      channel('scale', new Float32Array(mean.length).fill(1)),
      channel('shift', new Float32Array(mean.length)),
      channel('mean', mean),
      channel('variance', variance),
    ];
    graph.node(layer, 'BatchNormalization', [layer.reads[0]!, ...names], layer.writes, { epsilon: { float: eps } });
  },
  run(layer, [input]) {
    const { mean, variance, eps } = statisticsOf(layer, input!.shape);
    const { side, inner } = around(input!.shape, 1);
    const result = input!.data.map((value, at) => {
      const channel = Math.floor(at / inner) % side;
      return (value - mean[channel]!) / Math.sqrt(variance[channel]! + eps);
    });
    return [result];
  },
};

interface Affine {
  readonly axis: number;
  readonly shape: Shape;
  readonly hasBias: boolean;
}

/** A factor, and a shift, of one or several axes: of its weights or of a second bottom. */
function affineOf(layer: CaffeLayer, shape: Shape, second: Shape | undefined): Affine {
  const own = layer.settings.message(layer.type === 'Bias' ? 'bias_param' : 'scale_param');
  const axis = axisOf(layer, own.number('axis') ?? 1, shape);
  const axes = own.number('num_axes') ?? 1;
  const sides = second ?? shape.slice(axis, axes < 0 ? undefined : axis + axes);
  const fits = sides.every((side, i) => side === shape[axis + i]);
  if (!fits) throw wrong(layer, `a second bottom like a part of [${shape.join(', ')}]`, `[${sides.join(', ')}]`);
  return { axis, shape: sides, hasBias: layer.type === 'Scale' && own.flag('bias_term', false) };
}

const affine: LayerKind = {
  shapes(layer, inputs) {
    assertReads(layer, inputs, 1, 2);
    affineOf(layer, inputs[0]!, inputs[1]);
    return [inputs[0]!];
  },
  write(layer, graph) {
    const [from, second] = layer.reads as [string, string | undefined];
    const whole = graph.shapeOf(from);
    const { axis, shape, hasBias } = affineOf(layer, whole, second === undefined ? undefined : graph.shapeOf(second));
    const sides = [...shape, ...whole.slice(axis + shape.length).map(() => 1)];
    const constant = (index: number, role: string) =>
      graph.constant(layer, role, sides, weightsOf(layer, index, count(shape), role).data);
    let factor = second;
    if (factor === undefined) factor = constant(0, 'factors');
    else if (graph.shapeOf(factor).length !== sides.length) {
      const spread = graph.inner(layer, 'spread');
      const to = graph.constant(layer, 'shape', [sides.length], BigInt64Array.from(sides, BigInt));
      graph.node(layer, 'Reshape', [factor, to], [spread]);
      factor = spread;
    }
    const op = layer.type === 'Bias' ? 'Add' : 'Mul';
    const scaled = hasBias ? [graph.inner(layer, 'scaled')] : layer.writes;
    graph.node(layer, op, [from, factor], scaled);
    if (hasBias) graph.node(layer, 'Add', [scaled[0]!, constant(second === undefined ? 1 : 0, 'shifts')], layer.writes);
  },
  run(layer, [input, second]) {
    const { axis, shape, hasBias } = affineOf(layer, input!.shape, second?.shape);
    const length = count(shape);
    const inner = count(input!.shape.slice(axis + shape.length));
    const factors = second?.data ?? weightsOf(layer, 0, length, 'factors').data;
    const shifts = hasBias ? weightsOf(layer, second ? 0 : 1, length, 'shifts').data : undefined;
    const result = input!.data.map((value, at) => {
      const i = Math.floor(at / inner) % length;
      return layer.type === 'Bias' ? value + factors[i]! : value * factors[i]! + (shifts?.[i] ?? 0);
    });
    return [result];
  },
};

const softmaxAxis = (layer: CaffeLayer, shape: Shape) =>
  axisOf(layer, layer.settings.message('softmax_param').number('axis') ?? 1, shape);

const softmax: LayerKind = {
  shapes(layer, inputs) {
    assertReads(layer, inputs, 1);
    softmaxAxis(layer, inputs[0]!);
    return [inputs[0]!];
  },
  write(layer, graph) {
    const axis = softmaxAxis(layer, graph.shapeOf(layer.reads[0]!));
    graph.node(layer, 'Softmax', layer.reads, layer.writes, { axis });
  },
  run(layer, [input]) {
    const { outer, side, inner } = around(input!.shape, softmaxAxis(layer, input!.shape));
    const result = new Float32Array(input!.data.length);
    for (let row = 0; row < outer * inner; row++) {
      const first = Math.floor(row / inner) * side * inner + (row % inner);
      const places = Array.from({ length: side }, (_, i) => first + i * inner);
      const greatest = places.reduce((most, at) => Math.max(most, input!.data[at]!), -Infinity);
      const powers = places.map((at) => Math.exp(input!.data[at]! - greatest));
      const sum = powers.reduce((total, one) => total + one, 0);
      places.forEach((at, i) => {
        result[at] = powers[i]! / sum;
      });
    }
    return [result];
  },
};

const eps = 1e-10;

/** SSD's: each place has the length one over its channels, times a factor. */
const lengths: LayerKind = {
  shapes(layer, inputs) {
    if (layer.settings.message('norm_param').flag('across_spatial', true)) {
      throw wrong(layer, 'across_spatial: false', 'true');
    }
    return same(layer, inputs);
  },
  write(layer, graph) {
    const [from] = layer.reads as [string];
    const shape = graph.shapeOf(from);
    const inner = (role: string) => graph.inner(layer, role);
    const [squares, sums, least, roots, normed] = ['squares', 'sums', 'least', 'roots', 'normed'].map(inner);
    graph.node(layer, 'Mul', [from, from], [squares!]);
    const axes = graph.constant(layer, 'axes', [1], BigInt64Array.of(1n));
    graph.node(layer, 'ReduceSum', [squares!, axes], [sums!], { keepdims: 1 });
    graph.node(layer, 'Add', [sums!, graph.constant(layer, 'eps', [], Float32Array.of(eps))], [least!]);
    graph.node(layer, 'Sqrt', [least!], [roots!]);
    graph.node(layer, 'Div', [from, roots!], [normed!]);
    const isShared = layer.settings.message('norm_param').flag('channel_shared', true);
    const { data } = weightsOf(layer, 0, isShared ? 1 : shape[1]!, 'factors');
    const sides = isShared ? [] : [shape[1]!, ...shape.slice(2).map(() => 1)];
    graph.node(layer, 'Mul', [normed!, graph.constant(layer, 'factors', sides, data)], layer.writes);
  },
  run(layer, [input]) {
    const { side, inner } = around(input!.shape, 1);
    const isShared = layer.settings.message('norm_param').flag('channel_shared', true);
    const { data: factors } = weightsOf(layer, 0, isShared ? 1 : side, 'factors');
    const result = input!.data.map((value, at) => {
      const first = Math.floor(at / (side * inner)) * side * inner + (at % inner);
      let sum = eps;
      for (let i = 0; i < side; i++) sum += input!.data[first + i * inner]! ** 2;
      return (value / Math.sqrt(sum)) * factors[isShared ? 0 : Math.floor(at / inner) % side]!;
    });
    return [result];
  },
};

export const normalisingKinds: Readonly<Record<string, LayerKind>> = {
  LRN: lrn,
  BatchNorm: batchNorm,
  Scale: affine,
  Bias: affine,
  Softmax: softmax,
  Normalize: lengths,
};
