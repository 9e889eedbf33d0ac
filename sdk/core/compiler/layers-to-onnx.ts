import { OnnxBuilder } from '../onnx/builder.ts';
import type { Activation } from './network/activation.ts';
import type { ConcatLayer, ConvLayer, InputLayer, Layer, Network, Region, Stretch } from './network/network.ts';
import { movedTo, placesOf, regionOf, shapeOf } from './network/view.ts';

/** What a convolution multiplies with, in floats and as ONNX has it; and the names of its constants. */
export interface ConvConstants {
  readonly weights: string;
  readonly bias: string;
}

/** What whoever writes layers decides about them. */
export interface LayerWriting {
  /** Adds the constants of a convolution. */
  constantsOf(layer: ConvLayer, net: LayerWriter): ConvConstants;
  /** What becomes of a convolution's sums before its activation. @param value Their name. @returns The name of what is used. */
  before?(layer: ConvLayer, value: string, net: LayerWriter): string;
  /** What becomes of a layer's numbers before others read them. @param value Their name. @returns The name of what is read. */
  after(layer: Layer, value: string, net: LayerWriter): string;
}

/** Writes layers as nodes of ONNX: of each a tensor [1, channels, height, width]. */
export class LayerWriter {
  readonly net = new OnnxBuilder('ocellus');
  readonly #writing: LayerWriting;
  readonly #values = new Map<Layer, string>();

  constructor(writing: LayerWriting) {
    this.#writing = writing;
  }

  /** The name of what is read of a layer that was written. */
  valueOf(layer: Layer): string {
    const value = this.#values.get(layer);
    if (value === undefined)
      throw new Error(`${layer.name}: expected a layer that comes before, got one that does not`);
    return value;
  }

  /** Writes all layers and outputs. */
  write({ layers, outputs }: Network): void {
    for (const layer of layers) {
      const value = layer.kind === 'input' ? this.#input(layer) : this.compute(layer, (region) => this.read(region));
      this.#values.set(layer, this.#writing.after(layer, value, this));
    }
    for (const { name, view } of outputs) {
      const moved = this.#moved(this.read(regionOf(view)), sidesOf(regionOf(view)), {
        walk: movedTo(view.layer, view).dims.flat(),
        shape: shapeOf(view),
      });
      this.net.output(name, moved, shapeOf(view));
    }
  }

  /** A block of a layer's numbers. @param value Other numbers in place of the layer's own. */
  read(region: Region, value = this.valueOf(region.layer)): string {
    const { layer, h, w, c } = region;
    const parts = [
      { axis: 1, range: c, side: layer.c },
      { axis: 2, range: h, side: layer.h },
      { axis: 3, range: w, side: layer.w },
    ].filter(({ range, side }) => range.size !== side);
    if (parts.length === 0) return value;
    const { net } = this;
    return net.node('Slice', [
      value,
      net.integers(...parts.map(({ range }) => range.from)),
      net.integers(...parts.map(({ range }) => range.from + (range.size - 1) * range.step + 1)),
      net.integers(...parts.map(({ axis }) => axis)),
      net.integers(...parts.map(({ range }) => range.step)),
    ]);
  }

  /** Writes what a layer does. @param read Gives the name of what it reads. @returns The name of its numbers. */
  compute(layer: Exclude<Layer, InputLayer>, read: (region: Region) => string): string {
    const { net } = this;
    switch (layer.kind) {
      case 'conv':
        return this.#conv(layer, read);
      case 'max_pool':
      case 'average_pool':
        return this.#pool(layer, read(layer.input));
      case 'resize': {
        const scales = net.constant('float32', [4], [1, 1, ...layer.factors]);
        const texts: Readonly<Record<string, string>> =
          layer.mode === 'nearest'
            ? { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
            : { mode: 'linear', coordinate_transformation_mode: 'half_pixel' };
        return net.node('Resize', [read(layer.input), '', scales], { texts }, layer.name);
      }
      case 'add':
      case 'multiply':
      case 'pair': {
        const op = { add: 'Add', subtract: 'Sub', multiply: 'Mul', divide: 'Div', max: 'Max', min: 'Min' } as const;
        const name = op[layer.kind === 'pair' ? layer.op : layer.kind];
        const value = net.node(name, [read(layer.input), read(layer.second)], {}, layer.name);
        return layer.kind === 'pair' ? value : this.#activated(layer, value, layer.activation);
      }
      case 'unary':
        return this.#activated(layer, read(layer.input), layer.activation);
      case 'affine': {
        const scaled = net.node('Mul', [read(layer.input), this.perChannel(layer.scale)], {}, layer.name);
        return net.node('Add', [scaled, this.perChannel(layer.bias)], {}, layer.name);
      }
      case 'concat': {
        if (layer.axis === 'pixels') return this.#spread(layer, read);
        const parts = layer.parts.map((part) => (layer.axis === 'c' ? read(part) : this.#inRow(part, layer.c, read)));
        return net.node('Concat', parts, { ints: { axis: layer.axis === 'c' ? 1 : 3 } }, layer.name);
      }
      case 'argmax': {
        const found = net.node('ArgMax', [read(layer.input)], { ints: { axis: 1 } }, layer.name);
        return net.node('Cast', [found], { ints: { to: 1 } });
      }
      case 'softmax':
        return this.#softmax(layer, read(layer.input));
      case 'matmul': {
        const [a, b] = [this.#rows(layer.input, read), this.#rows(layer.second, read)];
        return this.#picture(net.node('MatMul', [a, b], {}, layer.name), layer);
      }
      case 'conv_float': {
        const { kernel, isDepthwise, input, c } = layer;
        const inputs = isDepthwise ? 1 : input.c.size;
        const given = read(layer.second);
        // Outputs, places of the kernel, inputs: the last two change places.
        const turned = isDepthwise ? given : net.node('Transpose', [given], { ints: { perm: [0, 1, 3, 2] } });
        const weights = net.node('Reshape', [turned, net.integers(c, inputs, ...kernel)]);
        const ints = { ...windowOf(layer), group: isDepthwise ? c : 1 };
        return net.node('Conv', [read(input), weights], { ints }, layer.name);
      }
      case 'rearrange': {
        const shape = [1, layer.h, layer.w, layer.c];
        const moved = this.#moved(read(layer.input), sidesOf(layer.input), { walk: layer.walk, shape });
        return net.node('Transpose', [moved], { ints: { perm: [0, 3, 1, 2] } });
      }
      case 'constant': {
        const { h, w, c, values } = layer;
        const turned = Float32Array.from(values, (_, i) => values[(i % (h * w)) * c + Math.floor(i / (h * w))]!);
        return net.constant('float32', [1, c, h, w], turned);
      }
      default:
        // Numbers as they are: how they are held is said after it.
        return read(layer.input);
    }
  }

  /** A constant with a number for each channel. */
  perChannel(numbers: ArrayLike<number>): string {
    return this.net.constant('float32', [1, numbers.length, 1, 1], numbers);
  }

  /** The picture in bytes becomes the layer's numbers. */
  #input({ tensor, h, w, c, scale, mean, spaceToDepth }: InputLayer): string {
    const { net } = this;
    const factor = spaceToDepth ? 2 : 1;
    const channels = c / factor ** 2;
    net.input(tensor, 'uint8', [1, channels, h * factor, w * factor]);
    let value = net.node('Cast', [tensor], { ints: { to: 1 } });
    if (mean.some((one) => one !== 0)) value = net.node('Sub', [value, this.perChannel(mean.slice(0, channels))]);
    if (scale.some((one) => one !== 1)) value = net.node('Mul', [value, this.perChannel(scale.slice(0, channels))]);
    if (!spaceToDepth) return value;
    const blocks = Array.from({ length: factor ** 2 }, (_, block) =>
      net.node('Slice', [
        value,
        net.integers(spaceToDepth[2 * block]!, spaceToDepth[2 * block + 1]!),
        net.integers(h * factor, w * factor),
        net.integers(2, 3),
        net.integers(factor, factor),
      ]),
    );
    return net.node('Concat', blocks, { ints: { axis: 1 } });
  }

  #conv(layer: ConvLayer, read: (region: Region) => string): string {
    const { net } = this;
    const { input, isDepthwise, picks, residual, name } = layer;
    if (picks) return net.node('Gather', [read(input), net.integers(...picks)], { ints: { axis: 1 } }, name);
    const { weights, bias } = this.#writing.constantsOf(layer, this);
    const ints = { ...windowOf(layer), group: isDepthwise ? layer.c : 1 };
    const made = net.node('Conv', [read(input), weights, bias], { ints }, name);
    const sum = this.#activated(layer, this.#writing.before?.(layer, made, this) ?? made, layer.activation);
    if (!residual) return sum;
    return this.#activated(layer, net.node('Add', [sum, read(residual.input)], {}, name), residual.activation);
  }

  #pool(layer: Extract<Layer, { kind: 'max_pool' | 'average_pool' }>, input: string): string {
    const { kernel, stride, h, w, name } = layer;
    const [top, left] = layer.kind === 'max_pool' ? layer.pad : [0, 0];
    const rest = (out: number, at: 0 | 1, before: number, side: number) =>
      Math.max(0, (out - 1) * stride[at] + kernel[at] - side - before);
    const pads = [top, left, rest(h, 0, top, layer.input.h.size), rest(w, 1, left, layer.input.w.size)];
    const op = layer.kind === 'max_pool' ? 'MaxPool' : 'AveragePool';
    return this.net.node(op, [input], { ints: { kernel_shape: kernel, strides: stride, pads } }, name);
  }

  #softmax({ group, h, w, c, name }: Extract<Layer, { kind: 'softmax' }>, input: string): string {
    const { net } = this;
    const split = net.node('Reshape', [input, net.integers(1, c / group, group, h * w)]);
    const made = net.node('Softmax', [split], { ints: { axis: 2 } }, name);
    return net.node('Reshape', [made, net.integers(1, c, h, w)]);
  }

  #activated(layer: Layer, value: string, { kind, low, high, slope = [], written }: Activation): string {
    const { net } = this;
    const { name, c } = layer;
    switch (kind) {
      case 'none':
        return value;
      case 'clip': {
        const end = (one: number | undefined) => (one !== undefined && Number.isFinite(one) ? net.number(one) : '');
        if (low === 0 && high === Number.POSITIVE_INFINITY) return net.node('Relu', [value], {}, name);
        return net.node('Clip', [value, end(low), end(high)], {}, name);
      }
      case 'leaky': {
        const own = Array.from({ length: c }, (_, i) => slope[slope.length === 1 ? 0 : i]!);
        if (own.every((one) => one === own[0]))
          return net.node('LeakyRelu', [value], { floats: { alpha: own[0]! } }, name);
        return net.node('PRelu', [value, net.constant('float32', [c, 1, 1], own)], {}, name);
      }
      case 'silu':
        return net.node('Mul', [value, net.node('Sigmoid', [value], {}, name)], {}, name);
      case 'hardswish': {
        const gate = net.node('HardSigmoid', [value], { floats: { alpha: 1 / 6, beta: 0.5 } }, name);
        return net.node('Mul', [value, gate], {}, name);
      }
      case 'sigmoid':
      case 'exp':
      case 'sqrt':
      case 'log':
        return net.node({ sigmoid: 'Sigmoid', exp: 'Exp', sqrt: 'Sqrt', log: 'Log' }[kind], [value], {}, name);
      case 'other':
        return written!(net, value, (one, of) => this.#activated(layer, of, one));
    }
  }

  /** The pixels as rows, the channels as columns. */
  #rows(region: Region, read: (region: Region) => string): string {
    const { net } = this;
    const turned = net.node('Transpose', [read(region)], { ints: { perm: [0, 2, 3, 1] } });
    return net.node('Reshape', [turned, net.integers(region.h.size * region.w.size, region.c.size)]);
  }

  #picture(rows: string, { h, w, c }: Layer): string {
    const { net } = this;
    const picture = net.node('Reshape', [rows, net.integers(1, h, w, c)]);
    return net.node('Transpose', [picture], { ints: { perm: [0, 3, 1, 2] } });
  }

  /** A part's pixels one behind the other, each of so many channels. */
  #inRow(part: Region, channels: number, read: (region: Region) => string): string {
    const { net } = this;
    const turned = net.node('Transpose', [read(part)], { ints: { perm: [0, 2, 3, 1] } });
    const pixels = (part.h.size * part.w.size * part.c.size) / channels;
    const row = net.node('Reshape', [turned, net.integers(1, 1, pixels, channels)]);
    return net.node('Transpose', [row], { ints: { perm: [0, 3, 1, 2] } });
  }

  /** Pixels between pixels: those of a part beside those of the next, as dimensions that are then one with height and width. */
  #spread({ name, h, w, c, factors, parts }: ConcatLayer, read: (region: Region) => string): string {
    const { net } = this;
    const [down, across] = factors!;
    const [rows, columns] = [Math.ceil(h / down), Math.ceil(w / across)];
    const sides = [1, c, rows, 1, columns, 1];
    const apart = parts.map((part) => {
      const missing = [rows - part.h.size, columns - part.w.size];
      const filled = missing.some((one) => one > 0)
        ? net.node('Pad', [read(part), net.integers(0, 0, 0, 0, 0, 0, ...missing)])
        : read(part);
      return net.node('Reshape', [filled, net.integers(...sides)]);
    });
    const lines = Array.from({ length: down }, (_, y) =>
      net.node('Concat', apart.slice(y * across, (y + 1) * across), { ints: { axis: 5 } }),
    );
    const all = net.node('Concat', lines, { ints: { axis: 3 } });
    const picture = net.node('Reshape', [all, net.integers(1, c, rows * down, columns * across)], {}, name);
    if (rows * down === h && columns * across === w) return picture;
    return net.node('Slice', [picture, net.integers(0, 0), net.integers(h, w), net.integers(2, 3)]);
  }

  /** Numbers in another order, and of another shape. */
  #moved(
    value: string,
    sides: Readonly<Record<Stretch['axis'], number>>,
    { walk, shape }: { readonly walk: readonly Stretch[]; readonly shape: readonly number[] },
  ): string {
    const { net } = this;
    const steps = walk.filter(({ size }) => size > 1);
    let read = value;
    const factors = (['c', 'h', 'w'] as const).flatMap((axis, i) => {
      const own = steps.filter((one) => one.axis === axis).sort((a, b) => b.step - a.step);
      const isWhole = own.every(
        ({ step }, i) => step === own.slice(i + 1).reduce((product, { size }) => product * size, 1),
      );
      const count = own.reduce((product, { size }) => product * size, 1);
      // With gaps, or some of them several times: each axis can be picked from by itself.
      if (!isWhole || count !== sides[axis])
        read = net.node('Gather', [read, net.integers(...placesOf(own))], { ints: { axis: i + 1 } });
      return own;
    });
    const split = net.node('Reshape', [read, net.integers(...factors.map(({ size }) => size))]);
    const perm = steps.map((one) => factors.indexOf(one));
    const isSame = perm.every((from, i) => from === i);
    const turned = isSame ? split : net.node('Transpose', [split], { ints: { perm } });
    return net.node('Reshape', [turned, net.integers(...shape)]);
  }
}

const windowOf = ({ kernel, stride, pad, dilation }: Pick<ConvLayer, 'kernel' | 'stride' | 'pad' | 'dilation'>) => ({
  kernel_shape: kernel,
  strides: stride,
  pads: pad,
  dilations: dilation,
});

const sidesOf = ({ h, w, c }: Region) => ({ h: h.size, w: w.size, c: c.size });

/** A convolution's weights as ONNX has them: [output][input][kh][kw]. @param weights As the layer has them. */
export function onnxWeights(
  { isDepthwise, kernel, c, input }: ConvLayer,
  weights: ArrayLike<number>,
): { readonly shape: readonly number[]; readonly numbers: Float64Array } {
  const taps = kernel[0] * kernel[1];
  const inputs = isDepthwise ? 1 : input.c.size;
  const numbers = Float64Array.from({ length: c * inputs * taps }, (_, at) => {
    const tap = at % taps;
    const i = Math.floor(at / taps) % inputs;
    const o = Math.floor(at / (taps * inputs));
    return weights[isDepthwise ? tap * c + o : (o * taps + tap) * inputs + i]!;
  });
  return { shape: [c, inputs, ...kernel], numbers };
}
