import { bytesOf, type ElementName } from '../program/program.ts';
import type { Block } from './arena.ts';
import { elementsOf } from './elements.ts';
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
import { isWhole, regionOf, shapeOf } from './network/view.ts';

/** Memory that holds one layer, or several beside each other. */
export interface Buffer extends Block {
  readonly halo: number;
  /** From the block's start to pixel (0, 0). */
  readonly origin: number;
}

/** Where a layer's numbers are. */
export interface Place {
  readonly buffer: Buffer;
  /** From the buffer's pixel (0, 0), in bytes. */
  readonly offset: number;
  readonly pixelBytes: number;
  readonly rowBytes: number;
}

/** Layers that have their place within another one's, and where there: nothing is moved to join them. */
interface Within {
  readonly concat: ConcatLayer;
  /** Channels, or pixels, before it; of pixels between pixels: parts. */
  readonly from: number;
}

/** Finds where each layer's numbers are to lie. */
export class Places {
  readonly elements: ReadonlyMap<Layer, ElementName>;
  readonly buffers: Buffer[] = [];
  readonly #within = new Map<Layer, Within>();
  readonly #outputs = new Map<Layer, NetworkOutput>();
  readonly #places = new Map<Layer, Place>();
  readonly #halos = new Map<Layer, number>();
  readonly #rows = new Map<Layer, number>();

  constructor(network: Network) {
    this.elements = elementsOf(network);
    for (const output of network.outputs) {
      const { layer } = output.view;
      const isFree = this.elements.get(layer) === 'float32' && !this.#outputs.has(layer);
      if (isFree && stridesOf(output.view)) this.#outputs.set(layer, output);
    }
    // From the last one on, so that what is within another one has its place there.
    for (const layer of [...network.layers].reverse()) {
      if (layer.kind === 'concat') this.#takeIn(layer);
    }
    for (const layer of network.layers) {
      if (layer.kind === 'conv') this.#needHalo(layer);
      // Each part's rows have whole pixels.
      if (isSpread(layer)) this.#rows.set(layer, Math.ceil(layer.w / layer.factors![1]) * layer.factors![1]);
    }
    const read = network.layers.flatMap(inputsOf);
    for (const region of [...read, ...network.outputs.map(({ view }) => regionOf(view))]) this.#needRow(region);
  }

  elementOf(layer: Layer): ElementName {
    const element = this.elements.get(layer);
    if (!element)
      throw new Error(`${layer.name || layer.kind}: expected a layer of the network, got one that no step computes`);
    return element;
  }

  /** Is the output's memory where its layer is computed? */
  isInPlace(output: NetworkOutput): boolean {
    return this.#outputs.get(output.view.layer) === output;
  }

  /** Is a part of joined channels computed where it is to lie? */
  isIn(concat: ConcatLayer, index: number): boolean {
    const part = concat.parts[index]!;
    const within = this.#within.get(part.layer);
    return within?.concat === concat && within.from === startOf(concat, index);
  }

  /** The place of a part of joined layers: where it is computed, or is to be copied to. */
  ofPart(concat: ConcatLayer, index: number): Place {
    const part = concat.parts[index]!;
    return this.#inside(concat, startOf(concat, index), [part.w.size, part.c.size]);
  }

  of(layer: Layer): Place {
    let place = this.#places.get(layer);
    if (!place) {
      place = this.#find(layer);
      this.#places.set(layer, place);
    }
    return place;
  }

  /** Memory of a tensor that the caller sees, its numbers in order. */
  tensor(bytes: number): Buffer {
    return this.#buffer(bytes, 0, 0);
  }

  #takeIn(concat: ConcatLayer): void {
    let from = 0;
    for (const part of concat.parts) {
      const isSame = this.elementOf(part.layer) === this.elementOf(concat);
      const isFree =
        !this.#within.has(part.layer) &&
        !this.#outputs.has(part.layer) &&
        part.layer.kind !== 'input' &&
        !isSpread(part.layer);
      if (isWhole(part) && isSame && isFree) this.#within.set(part.layer, { concat, from });
      from += lengthOf(concat, part);
    }
  }

  /** The padding of a convolution is the halo of what it reads. */
  #needHalo(layer: ConvLayer): void {
    const needed = haloOf(layer);
    const root = this.#root(layer.input.layer);
    this.#halos.set(root, Math.max(this.#halos.get(root) ?? 0, needed));
  }

  /** Where every second pixel is read, the one after the last lies in its row too: a view's rows have whole pixels. */
  #needRow({ layer, w }: Region): void {
    const root = this.#root(layer);
    this.#rows.set(root, Math.max(this.#rows.get(root) ?? 0, w.size * w.step));
  }

  #root(layer: Layer): Layer {
    const within = this.#within.get(layer);
    return within ? this.#root(within.concat) : layer;
  }

  #find(layer: Layer): Place {
    const within = this.#within.get(layer);
    if (within) return this.#inside(within.concat, within.from, [layer.w, layer.c]);
    const unit = bytesOf(this.elementOf(layer));
    const output = this.#outputs.get(layer);
    if (output) {
      const { pixel, row } = stridesOf(output.view)!;
      const bytes = layer.h * layer.w * layer.c * unit;
      return { buffer: this.#buffer(bytes, 0, 0), offset: 0, pixelBytes: pixel * unit, rowBytes: row * unit };
    }
    const halo = this.#halos.get(layer) ?? 0;
    const pixelBytes = pitchOf(layer, unit);
    const rowBytes = Math.max(layer.w + 2 * halo, this.#rows.get(layer) ?? 0) * pixelBytes;
    const bytes = (layer.h + 2 * halo) * rowBytes;
    const buffer = this.#buffer(bytes, halo, halo * (rowBytes + pixelBytes));
    return { buffer, offset: 0, pixelBytes, rowBytes };
  }

  #buffer(bytes: number, halo: number, origin: number): Buffer {
    const buffer = { bytes, halo, origin, first: Number.POSITIVE_INFINITY, last: -1, offset: 0 };
    this.buffers.push(buffer);
    return buffer;
  }

  #inside(concat: ConcatLayer, from: number, [w, c]: readonly [number, number]): Place {
    const { buffer, offset, pixelBytes, rowBytes } = this.of(concat);
    if (concat.axis === 'c') {
      return { buffer, offset: offset + from * bytesOf(this.elementOf(concat)), pixelBytes, rowBytes };
    }
    if (isSpread(concat)) {
      const [down, across] = concat.factors!;
      const at = Math.floor(from / across) * rowBytes + (from % across) * pixelBytes;
      return { buffer, offset: offset + at, pixelBytes: across * pixelBytes, rowBytes: down * rowBytes };
    }
    const groups = c / concat.c;
    const pixel = groups * pixelBytes;
    return { buffer, offset: offset + from * pixelBytes, pixelBytes: pixel, rowBytes: w * pixel };
  }
}

/** Bytes from one pixel to the next: whole vectors' worth where there are many channels. */
function pitchOf(layer: Layer, unit: number): number {
  // Lists of pixels have none between their parts' groups of channels.
  if (layer.kind === 'concat' && layer.axis === 'w') return layer.c * unit;
  const grain = layer.c * unit > 16 ? 16 : 4;
  return Math.ceil((layer.c * unit) / grain) * grain;
}

function startOf(concat: ConcatLayer, index: number): number {
  return concat.parts.slice(0, index).reduce((sum, part) => sum + lengthOf(concat, part), 0);
}

/** How many channels, or pixels, a part is among the joined ones; of pixels between pixels it is one of so many. */
function lengthOf({ axis, c }: ConcatLayer, part: Region): number {
  if (axis === 'pixels') return 1;
  return axis === 'c' ? part.c.size : (part.h.size * part.w.size * part.c.size) / c;
}

/**
 * Are its parts pixels between each other's? None of them can fill the halo around all: who needs one reads a copy, and joined with
 * others it is copied, too.
 */
export function isSpread(layer: Layer): layer is ConcatLayer & { readonly axis: 'pixels' } {
  return layer.kind === 'concat' && layer.axis === 'pixels';
}

/** Pixels that a convolution reads beyond its picture. */
export function haloOf({ input, kernel, stride, pad, dilation, h, w }: ConvLayer): number {
  const beyond = (out: number, axis: 0 | 1, side: number) =>
    (out - 1) * stride[axis] - pad[axis] + (kernel[axis] - 1) * dilation[axis] - (side - 1);
  return Math.max(0, pad[0], pad[1], beyond(h, 0, input.h.size), beyond(w, 1, input.w.size));
}

/**
 * Numbers from one pixel, and from one row, of a layer to the next, where the layer lies in the tensor as that has to lie;
 * undefined where channels would not be neighbours, or numbers be missing.
 */
export function stridesOf(view: View): { pixel: number; row: number } | undefined {
  if (!isWhole(regionOf(view))) return undefined;
  const { layer } = view;
  const count = shapeOf(view).reduce((product, side) => product * side, 1);
  if (count !== layer.h * layer.w * layer.c) return undefined;
  const units = new Map<string, number>();
  let stride = count;
  for (const { axis, size, step } of view.dims.flat()) {
    stride /= size;
    const unit = stride / step;
    if (!Number.isInteger(unit) || (units.get(axis) ?? unit) !== unit) return undefined;
    units.set(axis, unit);
  }
  if ((units.get('c') ?? 1) !== 1) return undefined;
  const pixel = units.get('w') ?? layer.c;
  return pixel < layer.c ? undefined : { pixel, row: units.get('h') ?? pixel * layer.w };
}
