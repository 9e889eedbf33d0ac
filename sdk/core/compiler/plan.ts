import { InputError } from '../../base/errors.ts';
import { nearest, saturate8 } from '../program/arithmetic.ts';
import {
  bytesOf,
  type ElementName,
  limits,
  type Program,
  type ProgramStep,
  type ProgramTensor,
  type ProgramView,
} from '../program/program.ts';
import { arrange } from './arena.ts';
import { endOf } from './epilogue.ts';
import { type FloatWork, floatStepOf, inOrderOf, isFloatWork, rearranging } from './float-steps.ts';
import {
  type ConcatLayer,
  type ConvLayer,
  inputsOf,
  type Layer,
  type Network,
  type NetworkOutput,
  type Region,
  type View,
} from './network/network.ts';
import { isWhole, movedTo, regionOf, shapeOf, whole } from './network/view.ts';
import { type Buffer, haloOf, isSpread, type Place, Places, stridesOf } from './places.ts';
import type { Quantisation } from './quantise.ts';
import type { Scales } from './scales.ts';

/** Makes the flat list of steps: everything has its place and its integers. */
export function plan(network: Network, quantisation: Quantisation): Program {
  return new Planner(network, quantisation).plan();
}

/** Convolutions read their padding around the picture: around a part of one, and around pixels of several steps, there is none. */
export function copyCrops(network: Network): void {
  for (const layer of [...network.layers]) {
    if (layer.kind !== 'conv' || haloOf(layer) === 0) continue;
    const { h, w, layer: read } = layer.input;
    const isFull = [h, w].every(({ from, step }) => from === 0 && step === 1) && h.size === read.h && w.size === read.w;
    if (isFull && !isSpread(read)) continue;
    const { c } = layer.input;
    const copy: Layer = {
      kind: 'copy',
      name: `${layer.name}, copy`,
      h: h.size,
      w: w.size,
      c: c.size,
      input: layer.input,
    };
    network.layers.splice(network.layers.indexOf(layer), 0, copy);
    layer.input = whole(copy);
  }
}

/** A view before its buffer has a place. */
interface PlannedView {
  readonly place: Place;
  readonly view: Omit<ProgramView, 'offset'>;
}

class Planner {
  readonly #network: Network;
  readonly #quantisation: Quantisation;
  readonly #places: Places;
  readonly #steps: ProgramStep[] = [];
  readonly #views: PlannedView[] = [];
  readonly #known = new Map<string, number>();
  readonly #tensors: { tensor: ProgramTensor; buffer: Buffer | undefined }[] = [];

  constructor(network: Network, quantisation: Quantisation) {
    this.#network = network;
    this.#quantisation = quantisation;
    this.#places = new Places(network);
  }

  plan(): Program {
    const { layers, outputs } = this.#network;
    const inputs = layers.filter((layer) => layer.kind === 'input');
    for (const { tensor, h, w, c, spaceToDepth } of inputs.slice(0, 1)) {
      const factor = spaceToDepth ? 2 : 1;
      // Channels last, whatever the network had: who prepares the picture can write either, and this one is only copied.
      const shape = [1, h * factor, w * factor, c / factor ** 2];
      this.#tensors.push({ tensor: { name: tensor, direction: 'input', element: 'uint8', shape }, buffer: undefined });
    }
    if (inputs.length === 0)
      throw new InputError('expected a network that looks at its picture, got one that does not');
    const finals = outputs.map((output) => this.#addOutput(output));
    for (const layer of layers) {
      this.#emit(layer);
      for (const [i, output] of outputs.entries()) {
        if (output.view.layer === layer && !this.#places.isInPlace(output)) this.#emitOutput(output, finals[i]!);
      }
    }
    return this.#finish(finals);
  }

  /** @returns The output's memory. */
  #addOutput(output: NetworkOutput): Buffer {
    const shape = shapeOf(output.view);
    const bytes = shape.reduce((product, side) => product * side, 4);
    const buffer = this.#places.isInPlace(output)
      ? this.#places.of(output.view.layer).buffer
      : this.#places.tensor(bytes);
    this.#tensors.push({ tensor: { name: output.name, direction: 'output', element: 'float32', shape }, buffer });
    return buffer;
  }

  /** Memory is given by lifetime: what the caller sees stays. */
  #finish(finals: readonly Buffer[]): Program {
    for (const buffer of finals) buffer.last = this.#steps.length;
    const arenaBytes = arrange(this.#places.buffers.filter(({ last }) => last >= 0));
    const views = this.#views.map(({ place: { buffer, offset }, view }) => ({
      ...view,
      offset: buffer.offset + buffer.origin + offset,
    }));
    const tensors = this.#tensors.map(({ tensor, buffer }) => (buffer ? { ...tensor, offset: buffer.offset } : tensor));
    return { tensors, views, steps: this.#steps, arenaBytes };
  }

  /** @returns The view's index. The step that is added next uses it. */
  #viewOf(region: Region): number {
    const { layer, h, w, c } = region;
    const place = this.#places.of(layer);
    const element = this.#places.elementOf(layer);
    const from = h.from * place.rowBytes + w.from * place.pixelBytes + c.from * bytesOf(element);
    const moved = {
      ...place,
      offset: place.offset + from,
      pixelBytes: place.pixelBytes * w.step,
      rowBytes: place.rowBytes * h.step,
    };
    const hasHalo = isWhole({ ...region, c: { from: 0, size: layer.c, step: 1 } });
    const zeros = element === 'uint8' ? this.#quantisation.ofRegion(region).zero : undefined;
    return this.#addView(moved, [h.size, w.size, c.size], element, hasHalo ? zeros : undefined);
  }

  #addView(
    place: Place,
    [h, w, channels]: readonly [number, number, number],
    element: ElementName,
    zeros: Uint8Array | undefined,
  ): number {
    const { buffer, offset, pixelBytes, rowBytes } = place;
    buffer.first = Math.min(buffer.first, this.#steps.length);
    buffer.last = Math.max(buffer.last, this.#steps.length);
    const halo = zeros ? buffer.halo : 0;
    const view = { h, w, channels, pixelBytes, rowBytes, halo, element, ...(halo > 0 && { zeroPoints: zeros }) };
    const key = [this.#places.buffers.indexOf(buffer), offset, h, w, channels, pixelBytes, rowBytes, halo].join();
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, this.#views.length);
    return this.#views.push({ place, view }) - 1;
  }

  #emit(layer: Layer): void {
    if (layer.kind === 'concat') this.#emitConcat(layer);
    else if (layer.kind === 'input') this.#emitInput(layer);
    else if (layer.kind === 'conv') this.#emitConv(layer);
    else if (layer.kind === 'max_pool' || layer.kind === 'average_pool') this.#emitPool(layer);
    else if (layer.kind === 'add' || layer.kind === 'multiply') this.#emitPair(layer);
    else if (layer.kind === 'resize') {
      const op = layer.mode === 'nearest' ? 'resize_nearest' : 'resize_bilinear';
      this.#step(layer, {
        op,
        in: this.#viewOf(layer.input),
        kernel: layer.factors,
      });
    } else if (layer.kind === 'copy') {
      this.#copy(layer.name, layer.input, this.#viewOf(whole(layer)), this.#quantisation.ofRegion(layer.input));
    } else if (layer.kind === 'dequantise' && this.#places.elementOf(layer.input.layer) === 'uint8') {
      this.#dequantise(layer.name, layer.input, this.#viewOf(whole(layer)), this.#quantisation.ofRegion(layer.input));
    } else if (layer.kind === 'unary' && this.#places.elementOf(layer) === 'uint8') this.#emitTable(layer);
    else if (isFloatWork(layer)) this.#emitFloats(layer);
    else throw new Error(`${layer.name}: a layer of the kind ${layer.kind} is left over`);
  }

  #emitFloats(layer: FloatWork): void {
    const views = inputsOf(layer).map((region) => this.#viewOf(region));
    this.#step(layer, floatStepOf(layer, views, layer.kind === 'quantise' ? this.#quantisation.of(layer) : undefined));
  }

  #step(layer: Layer, step: Partial<ProgramStep> & Pick<ProgramStep, 'op' | 'in'>): void {
    const out = this.#viewOf(whole(layer));
    this.#steps.push({ epilogue: 'linear', name: layer.name, macs: 0, ...step, out });
  }

  #emitInput(layer: Extract<Layer, { kind: 'input' }>): void {
    const { spaceToDepth } = layer;
    this.#step(layer, { op: 'input', in: 0, ...(spaceToDepth && { spaceToDepth }) });
  }

  #emitConv(layer: ConvLayer): void {
    const { input, isDepthwise, kernel, stride, pad, dilation, picks, h, w, c, residual } = layer;
    this.#assertPadded(layer);
    const from = this.#quantisation.ofRegion(input);
    const made = picks ? picking(picks, from) : this.#quantisation.integersOf(layer, from);
    const element = this.#places.elementOf(layer);
    const end = endOf(layer, made, element, this.#quantisation);
    this.#step(layer, {
      op: isDepthwise ? 'depthwise' : 'conv',
      in: this.#viewOf(input),
      ...(residual && { in2: this.#viewOf(residual.input), residual: true }),
      ...{ kernel, stride, pad: [pad[0], pad[1]], dilation, weights: made.weights, bias: made.bias },
      ...end,
      macs: h * w * c * kernel[0] * kernel[1] * (isDepthwise ? 1 : input.c.size),
    });
  }

  #assertPadded(layer: ConvLayer): void {
    if (this.#places.elementOf(layer.input.layer) !== 'uint8') {
      throw new InputError(`${layer.name}: its input is floats, which come only from what is not quantised`);
    }
  }

  #emitPool(layer: Extract<Layer, { kind: 'max_pool' | 'average_pool' }>): void {
    const { input, kernel, stride } = layer;
    const view = { in: this.#viewOf(input), kernel, stride };
    if (layer.kind === 'max_pool') {
      this.#step(layer, { op: 'max_pool', ...view, pad: layer.pad });
      return;
    }
    const from = this.#quantisation.ofRegion(input);
    const taps = kernel[0] * kernel[1];
    const scale = from.scale.map((one) => one / taps);
    const bias = Int32Array.from(from.zero, (zero) => -taps * zero);
    this.#step(layer, { op: 'average_pool', ...view, bias, ...endOf(layer, { scale }, 'uint8', this.#quantisation) });
  }

  #emitPair(layer: Extract<Layer, { kind: 'add' | 'multiply' }>): void {
    const [a, b] = [this.#quantisation.ofRegion(layer.input), this.#quantisation.ofRegion(layer.second)];
    const out = this.#quantisation.of(layer).scale;
    const views = { in: this.#viewOf(layer.input), in2: this.#viewOf(layer.second), za: a.zero, zb: b.zero };
    if (layer.kind === 'multiply') {
      const scale = a.scale.map((one, c) => one * b.scale[c]!);
      this.#step(layer, { op: 'multiply', ...views, ...endOf(layer, { scale }, 'uint8', this.#quantisation) });
      return;
    }
    const { z, lo, hi } = endOf(layer, { scale: a.scale }, 'uint8', this.#quantisation);
    const m = Float32Array.from(a.scale, (one, c) => one / out[c]!);
    const rm = Float32Array.from(b.scale, (one, c) => one / out[c]!);
    this.#step(layer, { op: 'add', ...views, m, rm, z, lo, hi });
  }

  /** What is no epilogue is looked up. */
  #emitTable(layer: Extract<Layer, { kind: 'unary' }>): void {
    const from = this.#quantisation.ofRegion(layer.input);
    const to = this.#quantisation.of(layer);
    const table = new Uint8Array(layer.c * 256);
    for (let c = 0; c < layer.c; c++) {
      for (let q = 0; q < 256; q++) {
        const value = layer.activation.of((q - from.zero[c]!) * from.scale[c]! + from.offset[c]!, c);
        table[c * 256 + q] = saturate8(nearest(value / to.scale[c]!) + to.zero[c]!);
      }
    }
    this.#step(layer, { op: 'table', in: this.#viewOf(layer.input), table });
  }

  /** What is not computed where it is to lie, is copied there. */
  #emitConcat(concat: ConcatLayer): void {
    concat.parts.forEach((part, i) => {
      if (this.#places.isIn(concat, i)) return;
      const element = this.#places.elementOf(concat);
      const scales = this.#places.elementOf(part.layer) === 'uint8' ? this.#quantisation.ofRegion(part) : undefined;
      const zeros = element === 'uint8' ? scales?.zero : undefined;
      const sides = [part.h.size, part.w.size, part.c.size] as const;
      const name = `${concat.name}, part ${i + 1}`;
      const out = this.#addView(this.#places.ofPart(concat, i), sides, element, zeros);
      // Floats that are needed in two places.
      if (!scales) this.#steps.push({ ...rearranging(inOrderOf(part)), name, in: this.#viewOf(part), out });
      else if (element === 'float32') this.#dequantise(name, part, out, scales);
      else this.#copy(name, part, out, scales);
    });
  }

  /** Numbers as they are. */
  #copy(name: string, from: Region, out: number, { zero }: Scales): void {
    const c = from.c.size;
    this.#steps.push({
      ...{ op: 'requantise', epilogue: 'linear', name, in: this.#viewOf(from), out, macs: 0, za: zero },
      ...{ m: new Float32Array(c).fill(1), z: zero, lo: new Uint8Array(c), hi: new Uint8Array(c).fill(255) },
    });
  }

  #dequantise(name: string, from: Region, out: number, { zero, scale }: Scales): void {
    const m = Float32Array.from(scale);
    this.#steps.push({ op: 'dequantise', epilogue: 'linear', name, in: this.#viewOf(from), out, macs: 0, za: zero, m });
  }

  /** Floats that lie in another order than the caller is to see them in. */
  #moveOutput(name: string, view: View, buffer: Buffer): void {
    const walk = movedTo(view.layer, view).dims.flat();
    const count = walk.reduce((product, { size }) => product * size, 1);
    // In rows, so that threads can share them.
    const inner = walk.reduceRight((product, { size }) => (product * size <= mostInRow ? product * size : product), 1);
    const c = count % inner === 0 && count / inner <= limits.floatSide ? inner : count;
    const place = { buffer, offset: 0, pixelBytes: 4 * c, rowBytes: 4 * c };
    const out = this.#addView(place, [count / c, 1, c], 'float32', undefined);
    this.#steps.push({ ...rearranging(walk), name: `${name}, order`, in: this.#viewOf(regionOf(view)), out });
  }

  #emitOutput({ name, view }: NetworkOutput, buffer: Buffer): void {
    const region = regionOf(view);
    const strides = stridesOf({ ...view, start: { h: 0, w: 0, c: 0 }, layer: { ...view.layer, ...sidesOf(region) } });
    if (this.#places.elementOf(view.layer) === 'float32' || !strides) {
      this.#moveOutput(name, view, buffer);
      return;
    }
    const place = { buffer, offset: 0, pixelBytes: strides.pixel * 4, rowBytes: strides.row * 4 };
    const out = this.#addView(place, [region.h.size, region.w.size, region.c.size], 'float32', undefined);
    this.#dequantise(name, region, out, this.#quantisation.ofRegion(region));
  }
}

/** As many numbers as a row of what an output is moved to has, at most. */
const mostInRow = 4096;

const sidesOf = ({ h, w, c }: Region) => ({ h: h.size, w: w.size, c: c.size });

/** A convolution that only puts channels in another order: one weight of 1 each. */
function picking(picks: readonly number[], from: Scales) {
  const inputs = from.scale.length;
  const weights = new Int8Array(picks.length * inputs);
  picks.forEach((at, o) => {
    weights[o * inputs + at] = 1;
  });
  const bias = Int32Array.from(picks, (at) => -from.zero[at]!);
  return { weights, bias, scale: Float64Array.from(picks, (at) => from.scale[at]!) };
}
