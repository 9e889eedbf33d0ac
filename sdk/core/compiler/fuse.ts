import { type Activation, chained, line, none } from './network/activation.ts';
import {
  type AddLayer,
  type AffineLayer,
  type ConcatLayer,
  type ConvLayer,
  fixedPart,
  inputsOf,
  type Layer,
  mapInputs,
  type Network,
  type Region,
  type UnaryLayer,
} from './network/network.ts';
import { isWhole, whole } from './network/view.ts';

/** Joins what one step can do: normalisation, activation and addition into the convolution before, slices of the picture into the picture. */
export function fuse(network: Network): void {
  run(network, passes);
}

/** After it is known what floats are: what is left of scales and sums are steps on bytes. */
export function fuseBytes(network: Network): void {
  run(network, [...passes, unaryOfLine, affineAlone]);
}

function run(network: Network, all: readonly Pass[]): void {
  const fusing = new Fusing(network);
  fusing.removeUnused();
  // Each of these may make room for another one.
  while (all.some((pass) => network.layers.some((layer) => pass(layer, fusing)))) fusing.removeUnused();
}

/** @returns Whether something was changed; the network is then looked at anew. */
type Pass = (layer: Layer, fusing: Fusing) => boolean;

class Fusing {
  readonly network: Network;

  constructor(network: Network) {
    this.network = network;
  }

  /** The regions of a layer that others read; of an output, all of it. */
  usesOf(layer: Layer): Region[] {
    const { layers, outputs } = this.network;
    const read = layers.flatMap(inputsOf).filter((region) => region.layer === layer);
    return [...read, ...outputs.filter(({ view }) => view.layer === layer).map(() => whole(layer))];
  }

  /** Is a region all of a layer that nobody else reads? */
  isOnlyUse(region: Region): boolean {
    return isWhole(region) && this.usesOf(region.layer).length === 1;
  }

  /** Whoever read `old` reads `by`. */
  replace(old: Layer, by: Layer): void {
    for (const layer of this.network.layers) {
      if (layer !== by) mapInputs(layer, (region) => (region.layer === old ? { ...region, layer: by } : region));
    }
    const { outputs } = this.network;
    outputs.forEach((output, i) => {
      if (output.view.layer === old) outputs[i] = { ...output, view: { ...output.view, layer: by } };
    });
  }

  /** Puts layers where another one is, which goes. */
  putAt(old: Layer, layers: readonly Layer[]): void {
    const all = this.network.layers.filter((layer) => !layers.includes(layer));
    const at = all.indexOf(old);
    all.splice(at, 1, ...layers);
    this.network.layers = all;
  }

  removeUnused(): void {
    const used = new Set<Layer>();
    const waiting = this.network.outputs.map(({ view }) => view.layer);
    for (let layer = waiting.pop(); layer; layer = waiting.pop()) {
      if (used.has(layer)) continue;
      used.add(layer);
      waiting.push(...inputsOf(layer).map((region) => region.layer));
    }
    this.network.layers = this.network.layers.filter((layer) => used.has(layer));
  }
}

/** What was said of the later layer's numbers holds for the one that now gives them. */
function inherit(layer: Layer, later: Layer): void {
  layer.measured = later.measured;
  // A scale that was said of the numbers before says nothing of what a factor or a sum makes of them.
  layer.fixed = later.fixed;
}

const affineOnInput: Pass = (layer, fusing) => {
  if (layer.kind !== 'affine' || layer.input.layer.kind !== 'input' || !isWhole(layer.input)) return false;
  const { scale, mean, ...input } = layer.input.layer;
  const scales = scale.map((one, c) => one * layer.scale[c]!);
  const means = mean.map((one, c) => one - layer.bias[c]! / scales[c]!);
  // Zeros around the picture are bytes too: where no byte is 0, the picture is brought to a range that has one.
  if (!means.every((one) => one >= -0.5 && one <= 255.5)) return false;
  const joined: Layer = { ...input, scale: scales, mean: means, measured: layer.measured };
  fusing.putAt(layer, [joined]);
  fusing.replace(layer, joined);
  return true;
};

/** Every second pixel of the picture, four times: the picture's own step can take it so. */
const slicesOfInput: Pass = (layer, fusing) => {
  if (layer.kind !== 'concat' || layer.axis !== 'c' || layer.parts.length !== 4) return false;
  const input = layer.parts[0]!.layer;
  if (input.kind !== 'input' || input.spaceToDepth) return false;
  const isQuarter = ({ h, w, c, ...part }: Region) =>
    part.layer === input &&
    [h, w].every(({ from, step }) => step === 2 && from <= 1) &&
    h.size * 2 === input.h &&
    w.size * 2 === input.w &&
    c.size === input.c;
  if (!layer.parts.every(isQuarter)) return false;
  const four = (values: Float64Array) => Float64Array.from({ length: layer.c }, (_, i) => values[i % input.c]!);
  const { h, w, c, measured } = layer;
  const spaceToDepth = layer.parts.flatMap((part) => [part.h.from, part.w.from]);
  const joined: Layer = { ...input, h, w, c, measured, scale: four(input.scale), mean: four(input.mean), spaceToDepth };
  fusing.putAt(layer, [joined]);
  fusing.replace(layer, joined);
  return true;
};

/** A convolution of which others read only slices is one convolution for each: they may end differently. */
const splitConv: Pass = (layer, fusing) => {
  if (layer.kind !== 'conv' || layer.isDepthwise || layer.residual || layer.picks) return false;
  const uses = fusing.usesOf(layer);
  const isSlice = ({ h, w, c }: Region) =>
    c.size < layer.c &&
    [h, w].every(({ from, step }) => from === 0 && step === 1) &&
    h.size === layer.h &&
    w.size === layer.w;
  // To be read by convolutions is no reason: those read slices as they are.
  const isEnded = fusing.network.layers.some(
    (other) =>
      (other.kind === 'unary' || (other.kind === 'concat' && other.axis === 'w')) &&
      inputsOf(other).some((region) => region.layer === layer),
  );
  if (uses.length < 2 || !isEnded || !uses.every(isSlice)) return false;
  const starts = new Map(uses.map(({ c }) => [c.from, c.size]));
  const isApart = uses.every(
    ({ c }) =>
      starts.get(c.from) === c.size && [...starts].every(([from]) => from <= c.from || from >= c.from + c.size),
  );
  if (!isApart || starts.size < 2) return false;
  const parts = new Map([...starts].map(([from, size]) => [from, partOf(layer, from, size)]));
  fusing.putAt(layer, [...parts.values()]);
  for (const other of fusing.network.layers) {
    mapInputs(other, (region) => (region.layer === layer ? whole(parts.get(region.c.from)!) : region));
  }
  return true;
};

/** Some of its output channels. */
function partOf(layer: ConvLayer, from: number, size: number): ConvLayer {
  const { weights, bias, grid, activation, measured, fixed } = layer;
  const unit = weights.length / layer.c;
  const rows = <T extends Float32Array | Int8Array>(values: T) => values.slice(from * unit, (from + size) * unit) as T;
  const { slope } = activation;
  const isPerChannel = slope && slope.length > 1;
  return {
    ...layer,
    name: `${layer.name}, ${from} to ${from + size - 1}`,
    c: size,
    weights: rows(weights),
    bias: bias.slice(from, from + size),
    grid: grid && { weights: rows(grid.weights), scale: grid.scale.slice(from, from + size) },
    activation: isPerChannel ? { ...activation, slope: slope.slice(from, from + size) } : activation,
    measured: measured && { ...measured, from: measured.from + from },
    fixed: fixedPart(fixed, from, size),
  };
}

/** What follows joined channels, or pixels, number by number, may as well come before. */
const afterConcat: Pass = (layer, fusing) => {
  if ((layer.kind !== 'affine' && layer.kind !== 'unary') || !fusing.isOnlyUse(layer.input)) return false;
  const concat = layer.input.layer;
  if (concat.kind !== 'concat' || concat.axis === 'w' || !concat.parts.every((part) => fusing.isOnlyUse(part)))
    return false;
  let from = 0;
  const parts = concat.parts.map((part) => {
    const size = part.c.size;
    const one = slicedAfter(layer, part, from, size);
    if (concat.axis === 'c') from += size;
    return one;
  });
  const joined: ConcatLayer = { ...concat, name: concat.name, measured: layer.measured, parts: parts.map(whole) };
  fusing.putAt(layer, [...parts, joined]);
  fusing.replace(layer, joined);
  return true;
};

function slicedAfter(layer: AffineLayer | UnaryLayer, input: Region, from: number, size: number): Layer {
  const { measured, fixed } = layer;
  const said = {
    h: input.h.size,
    w: input.w.size,
    c: size,
    input,
    measured: measured && { ...measured, from: measured.from + from },
    fixed: fixedPart(fixed, from, size),
  };
  if (layer.kind === 'affine') {
    const cut = (values: Float64Array) => values.slice(from, from + size);
    return { ...layer, ...said, scale: cut(layer.scale), bias: cut(layer.bias) };
  }
  const { slope = [] } = layer.activation;
  const activation =
    slope.length > 1 ? { ...layer.activation, slope: slope.slice(from, from + size) } : layer.activation;
  return { ...layer, ...said, activation };
}

const affineAfterConv: Pass = (layer, fusing) => {
  if (layer.kind !== 'affine' || !fusing.isOnlyUse(layer.input)) return false;
  const conv = layer.input.layer;
  if (conv.kind !== 'conv' || conv.activation.kind !== 'none' || conv.residual || conv.picks) return false;
  const unit = conv.weights.length / conv.c;
  const channelOf = conv.isDepthwise ? (i: number) => i % conv.c : (i: number) => Math.floor(i / unit);
  conv.weights = conv.weights.map((value, i) => value * layer.scale[channelOf(i)]!);
  conv.bias = conv.bias.map((value, o) => value * layer.scale[o]! + layer.bias[o]!);
  const isScaled = layer.scale.every((one) => one > 0);
  conv.grid =
    isScaled && conv.grid ? { ...conv.grid, scale: conv.grid.scale.map((one, o) => one * layer.scale[o]!) } : undefined;
  inherit(conv, layer);
  fusing.putAt(layer, [conv]);
  fusing.replace(layer, conv);
  return true;
};

/** A table goes from before a line that is no tensor of the graph (HardSigmoid has one): nobody knows the range of its numbers. */
const unaryOfLine: Pass = (layer, fusing) => {
  if (layer.kind !== 'unary' || layer.activation.kind !== 'other' || !fusing.isOnlyUse(layer.input)) return false;
  const before = layer.input.layer;
  if (before.kind !== 'affine' || before.measured) return false;
  const [factor, sum] = [before.scale[0]!, before.bias[0]!];
  if (!before.scale.every((one) => one === factor) || !before.bias.every((one) => one === sum)) return false;
  layer.activation = chained(line(factor, sum), layer.activation);
  layer.input = before.input;
  return true;
};

/** One that no convolution takes is one by itself, of one pixel a channel. */
const affineAlone: Pass = (layer, fusing) => {
  if (layer.kind !== 'affine') return false;
  const { name, h, w, c, input, scale, bias, measured, fixed } = layer;
  const conv: ConvLayer = {
    ...{
      kind: 'conv',
      name,
      h,
      w,
      c,
      input,
      isDepthwise: true,
      weights: Float32Array.from(scale),
      bias,
      measured,
      fixed,
    },
    ...{ kernel: [1, 1], stride: [1, 1], pad: [0, 0, 0, 0], dilation: [1, 1], activation: none },
  };
  fusing.putAt(layer, [conv]);
  fusing.replace(layer, conv);
  return true;
};

/** What a convolution on bytes does with its sums (`epilogueOf`). */
const epilogues: readonly Activation['kind'][] = ['none', 'clip', 'leaky', 'silu', 'hardswish', 'sigmoid'];

const unaryAfter: Pass = (layer, fusing) => {
  if (layer.kind !== 'unary' || !fusing.isOnlyUse(layer.input)) return false;
  const before = layer.input.layer;
  if (before.kind !== 'conv' && before.kind !== 'add' && before.kind !== 'multiply' && before.kind !== 'unary')
    return false;
  if (before.kind === 'conv' && before.picks) return false;
  const first = before.kind === 'conv' && before.residual ? before.residual.activation : before.activation;
  const both = chained(first, layer.activation);
  const isConv = before.kind === 'conv' && !before.residual;
  // On floats there are no tables.
  if (both.kind === 'other' && [before, layer].some((one) => one.kind === 'unary' && one.inFloats)) return false;
  const takes = isConv ? epilogues.includes(both.kind) : before.kind === 'unary' || both.kind === 'clip';
  if (!takes) return false;
  if (before.kind === 'conv' && before.residual) {
    if (before.activation.kind !== 'none') return false;
    before.residual = { ...before.residual, activation: both };
  } else before.activation = both;
  inherit(before, layer);
  fusing.putAt(layer, [before]);
  fusing.replace(layer, before);
  return true;
};

const addToConv: Pass = (layer, fusing) => {
  if (layer.kind !== 'add') return false;
  const { layers } = fusing.network;
  const candidates = [
    [layer.input, layer.second],
    [layer.second, layer.input],
  ] as const;
  // The later one: what it adds is there by then.
  const [found] = candidates
    .filter(([own, other]) => takesResidual(own, other, layer, fusing))
    .sort(([a], [b]) => layers.indexOf(b.layer) - layers.indexOf(a.layer));
  if (!found) return false;
  const [own, other] = found;
  const conv = own.layer as ConvLayer;
  conv.residual = { input: other, activation: layer.activation };
  inherit(conv, layer);
  fusing.putAt(layer, [conv]);
  fusing.replace(layer, conv);
  return true;
};

function takesResidual(own: Region, other: Region, { activation }: AddLayer, fusing: Fusing): boolean {
  const { layer } = own;
  if (layer.kind !== 'conv' || layer.residual || layer.picks || !fusing.isOnlyUse(own) || other.layer === layer)
    return false;
  return layer.activation.kind === 'none' || (layer.activation.kind === 'silu' && activation.kind === 'none');
}

const passes: readonly Pass[] = [
  affineOnInput,
  slicesOfInput,
  splitConv,
  afterConcat,
  affineAfterConv,
  unaryAfter,
  addToConv,
];
