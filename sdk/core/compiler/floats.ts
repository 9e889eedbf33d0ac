import { InputError } from '../../base/errors.ts';
import { elementsOf, functions, isFloatOnly, readsFloats } from './elements.ts';
import type { Activation } from './network/activation.ts';
import {
  type AddLayer,
  type AffineLayer,
  type ConstantLayer,
  type ConvLayer,
  inputsOf,
  type Layer,
  type MultiplyLayer,
  mapInputs,
  type Network,
  type PairLayer,
  type Region,
  type UnaryLayer,
} from './network/network.ts';
import { whole } from './network/view.ts';
import { stridesOf } from './places.ts';
import { passesOn } from './quantise.ts';

/** Can it be computed in floats, whatever comes before and after? Convolutions can whose activations have steps on floats. */
export function canBeFloat(layer: Layer): layer is ConvLayer {
  if (layer.kind !== 'conv' || layer.picks || !isExact(layer.input.layer)) return false;
  const { activation, residual } = layer;
  return [activation, residual?.activation ?? activation].every(
    ({ kind }) => kind === 'none' || functions.includes(kind),
  );
}

/** Do its bytes say its numbers? Those of a picture whose mean is no byte are all a little beside them, which only weights can undo. */
function isExact(layer: Layer): boolean {
  if (layer.kind === 'input') return layer.mean.every((mean) => Number.isInteger(mean) && mean >= 0 && mean <= 255);
  return !passesOn(layer) || inputsOf(layer).every((region) => isExact(region.layer));
}

/** Makes steps on floats of the layers with these names. @throws InputError when there is none of that name that can be. */
export function keepFloats(network: Network, names: ReadonlySet<string>): void {
  for (const name of names) {
    const layer = network.layers.find((one) => one.name === name && canBeFloat(one));
    if (!layer) throw new InputError(`expected the name of a convolution to keep in floats, got ${name}`);
    replace(network, layer, inFloats(layer as ConvLayer, true));
  }
}

/** What only outputs want, and has a step on floats, is written as such steps. Before anything else makes bytes of it. */
export function lowerFloats(network: Network): void {
  // The last ones first: what is no convolution any more wants no bytes of those before it.
  const isProduct = (layer: Layer): layer is ConvLayer =>
    layer.kind === 'conv' && isPlain(layer) && isBornFloat(layer.input.layer);
  const products = () => {
    const elements = elementsOf(network);
    return network.layers.filter(isProduct).filter((layer) => elements.get(layer) === 'float32');
  };
  for (let found = products(); found.length > 0; found = products()) {
    for (const layer of found) replace(network, layer, inFloats(layer));
  }
  const elements = elementsOf(network);
  for (const layer of [...network.layers]) {
    if (elements.get(layer) !== 'float32') continue;
    if (layer.kind === 'affine') replace(network, layer, affine(layer));
    else if (layer.kind === 'add' || layer.kind === 'multiply') replace(network, layer, pairOf(layer));
  }
}

/** Puts the way from bytes to floats, and back, between layers that have one and want the other. */
export function bridge(network: Network): void {
  const elements = elementsOf(network);
  const made = new Map<Layer, Layer>();
  const between = (reader: Layer, region: Region, kind: 'dequantise' | 'quantise'): Region => {
    // Of a part of a layer that others want parts of too, all of it is converted, once.
    const isShared = reader.kind !== 'concat';
    const from = isShared ? whole(region.layer) : region;
    const known = isShared ? made.get(from.layer) : undefined;
    const layer = known ?? converted(from, kind);
    if (isShared) made.set(from.layer, layer);
    if (!known) network.layers.splice(network.layers.indexOf(region.layer) + 1, 0, layer);
    return isShared ? { ...region, layer } : whole(layer);
  };
  for (const reader of [...network.layers]) {
    if (reader.kind === 'dequantise' || reader.kind === 'quantise') continue;
    const wants = readsFloats(reader, elements.get(reader) === 'float32') ? 'float32' : 'uint8';
    mapInputs(reader, (region) => {
      const has = elements.get(region.layer) ?? 'float32';
      // Joined floats are made of bytes where they lie.
      if (has === wants || (reader.kind === 'concat' && wants === 'float32')) return region;
      return between(reader, region, wants === 'float32' ? 'dequantise' : 'quantise');
    });
  }
  network.outputs.forEach((output, i) => {
    const { layer } = output.view;
    if (elements.get(layer) !== 'uint8' || stridesOf(output.view)) return;
    const floats = converted(whole(layer), 'dequantise');
    network.layers.splice(network.layers.indexOf(layer) + 1, 0, floats);
    network.outputs[i] = { ...output, view: { ...output.view, layer: floats } };
  });
}

function converted(input: Region, kind: 'dequantise' | 'quantise'): Layer {
  const { layer, h, w, c } = input;
  // Of a part of the pixels the range of all is known: what is joined reads such parts, nothing else.
  const measured = layer.measured && { ...layer.measured, from: layer.measured.from + c.from };
  const sides = { h: h.size, w: w.size, c: c.size };
  const name = `${layer.name}, ${kind === 'quantise' ? 'in bytes' : 'in floats'}`;
  return { kind, name, ...sides, input, measured };
}

/** Is every number that it is made of a float, whatever is done? */
function isBornFloat(layer: Layer): boolean {
  if (isFloatOnly(layer)) return true;
  const passesOn = ['concat', 'affine', 'unary', 'add', 'multiply'].includes(layer.kind);
  return passesOn && inputsOf(layer).every((region) => isBornFloat(region.layer));
}

function isPlain({ kernel, stride, pad, isDepthwise }: ConvLayer): boolean {
  return !isDepthwise && [...kernel, ...stride].every((one) => one === 1) && pad.every((one) => one === 0);
}

/** Several layers for one: the last one has its numbers. */
function replace(network: Network, old: Layer, layers: readonly Layer[]): void {
  const last = layers.at(-1)!;
  last.measured = old.measured;
  network.layers.splice(network.layers.indexOf(old), 1, ...layers);
  for (const layer of network.layers) {
    mapInputs(layer, (region) => (region.layer === old ? { ...region, layer: last } : region));
  }
  network.outputs.forEach((output, i) => {
    if (output.view.layer === old) network.outputs[i] = { ...output, view: { ...output.view, layer: last } };
  });
}

/** Numbers of a file: one for each channel, or one for all where they are alike. */
function constant(name: string, values: ArrayLike<number>): ConstantLayer {
  const all = Float32Array.from(values);
  const own = all.every((value) => value === all[0]) ? all.slice(0, 1) : all;
  return { kind: 'constant', name: `${name}, constant`, h: 1, w: 1, c: own.length, values: own };
}

function pairLayer({ name, h, w, c }: Layer, op: PairLayer['op'], input: Region, second: Region): PairLayer {
  return { kind: 'pair', op, name, h, w, c, input, second };
}

function affine(layer: AffineLayer): Layer[] {
  const layers: Layer[] = [];
  let input = layer.input;
  for (const [op, values, idle] of [
    ['multiply', layer.scale, 1],
    ['add', layer.bias, 0],
  ] as const) {
    if (values.every((value) => value === idle)) continue;
    const second = constant(layer.name, values);
    const made = pairLayer(layer, op, input, whole(second));
    layers.push(second, made);
    input = whole(made);
  }
  // Nothing is done to the numbers: they are added to nothing.
  return layers.length > 0 ? layers : nothing(layer);
}

function nothing(layer: AffineLayer): Layer[] {
  const zero = constant(layer.name, [0]);
  return [zero, pairLayer(layer, 'add', layer.input, whole(zero))];
}

function pairOf(layer: AddLayer | MultiplyLayer): Layer[] {
  const made = pairLayer(layer, layer.kind, layer.input, layer.second);
  return ended([made], layer.activation);
}

/** With what is done to each number then. */
function ended(layers: Layer[], activation: Activation, inFloats?: boolean): Layer[] {
  if (activation.kind === 'none') return layers;
  const before = layers.at(-1)!;
  const { name, h, w, c } = before;
  const last: UnaryLayer = {
    kind: 'unary',
    name,
    h,
    w,
    c,
    input: whole(before),
    activation,
    ...(inFloats && { inFloats }),
  };
  return [...layers, last];
}

/**
 * A convolution that begins with floats.
 *
 * @param always Also where bytes are wanted of it.
 */
function inFloats(layer: ConvLayer, always?: boolean): Layer[] {
  const { name, h, w, c, input, bias, activation, residual } = layer;
  const { isDepthwise, kernel, stride, pad, dilation } = layer;
  const own = weightsOf(layer);
  const layers: Layer[] = [
    own,
    {
      ...{ kind: 'conv_float', name, h, w, c, input, second: whole(own) },
      ...{ isDepthwise, kernel, stride, pad, dilation },
    },
  ];
  if (bias.some((value) => value !== 0)) {
    const added = constant(name, bias);
    layers.push(added, pairLayer(layer, 'add', whole(layers[1]!), whole(added)));
  }
  const done = ended(layers, activation, always);
  if (!residual) return done;
  const sum = pairLayer(layer, 'add', whole(done.at(-1)!), residual.input);
  return ended([...done, sum], residual.activation, always);
}

/** As steps on floats take them: kh * kw x inputs x outputs; depthwise kh x kw x channels. */
function weightsOf({ name, c, input, kernel, weights, isDepthwise }: ConvLayer): ConstantLayer {
  const taps = kernel[0] * kernel[1];
  const sides = isDepthwise ? { h: kernel[0], w: kernel[1] } : { h: taps, w: input.c.size };
  const inputs = sides.h * sides.w;
  const values = isDepthwise
    ? weights
    : Float32Array.from({ length: inputs * c }, (_, i) => weights[(i % c) * inputs + Math.floor(i / c)]!);
  return { kind: 'constant', name: `${name}, constant`, ...sides, c, values };
}
