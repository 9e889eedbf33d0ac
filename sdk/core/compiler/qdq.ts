import { nearest } from '../program/arithmetic.ts';
import { elementsOf } from './elements.ts';
import { type ConvConstants, LayerWriter, onnxWeights } from './layers-to-onnx.ts';
import { type ConvLayer, inputsOf, type Layer, type Network, type Region } from './network/network.ts';
import { passesOn, type Quantisation } from './quantise.ts';
import type { Scales } from './scales.ts';

/**
 * How a network in 8 bits is written as ONNX. `per_tensor`: one scale for each tensor, which engines compute in integers.
 * `per_channel`: the scales of the program, one for each channel; engines compute in floats between them.
 */
export type QdqForm = 'per_tensor' | 'per_channel';

/**
 * Writes a network with QuantizeLinear and DequantizeLinear around what the program holds in bytes. It takes the picture in bytes,
 * [1, 3, height, width], and gives the network's own outputs.
 *
 * @param network With the ways between bytes and floats.
 */
export function quantisedOnnx(
  network: Network,
  quantisation: Quantisation,
  form: QdqForm,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const writing = form === 'per_tensor' ? new PerTensor(network, quantisation) : new PerChannel(network, quantisation);
  const writer = new LayerWriter(writing);
  writer.write(network);
  return writer.net.finish(metadata);
}

/** The network in floats; and what each layer alone makes of the floats before it, where it is held in bytes. */
export function layersAloneOnnx(
  network: Network,
  quantisation: Quantisation,
  outputs: ReadonlyMap<Layer, string>,
): Uint8Array<ArrayBuffer> {
  const held = new PerChannel(network, quantisation);
  const inBytes = new Map<Layer, string>();
  let isAlone = false;
  const writer = new LayerWriter({
    constantsOf: (layer, net) => (isAlone ? held.constantsOf(layer, net) : floatConstants(layer, net)),
    after(layer, value, net) {
      inBytes.set(layer, held.after(layer, value, net));
      const output = outputs.get(layer);
      if (output === undefined || layer.kind === 'input') return value;
      isAlone = true;
      const own = net.compute(layer, (region) => net.read(region, inBytes.get(region.layer)!));
      isAlone = false;
      net.net.output(output, held.after(layer, own, net), [1, layer.c, layer.h, layer.w]);
      return value;
    },
  });
  writer.write(network);
  return writer.net.finish();
}

function floatConstants(layer: ConvLayer, { net }: LayerWriter): ConvConstants {
  const { shape, numbers } = onnxWeights(layer, layer.weights);
  return { weights: net.constant('float32', shape, numbers), bias: net.constant('float32', [layer.c], layer.bias) };
}

/** The program's own scales. */
class PerChannel {
  readonly #quantisation: Quantisation;
  readonly #elements: ReturnType<typeof elementsOf>;
  readonly #readByConvolutions: ReadonlySet<Layer>;

  constructor(network: Network, quantisation: Quantisation) {
    this.#quantisation = quantisation;
    this.#elements = elementsOf(network);
    const read = network.layers.flatMap((layer) =>
      inputsOf(layer).map((region, i) => ({
        layer: region.layer,
        isPlain: layer.kind === 'conv' && !layer.picks && i === 0,
      })),
    );
    const others = new Set(read.flatMap(({ layer, isPlain }) => (isPlain ? [] : [layer])));
    for (const { view } of network.outputs) others.add(view.layer);
    this.#readByConvolutions = new Set(read.flatMap(({ layer }) => (others.has(layer) ? [] : [layer])));
  }

  constantsOf(layer: ConvLayer, { net }: LayerWriter): ConvConstants {
    const from = this.#quantisation.ofRegion(layer.input);
    const made = integersOf(layer, from, this.#quantisation);
    const { shape, numbers } = onnxWeights(layer, made.weights);
    const integers = net.constant('int8', shape, numbers);
    // The scales of the inputs are in the integers: a depthwise convolution has one for each, others have all in each.
    const scales = layer.isDepthwise ? made.scale.map((one, o) => one / from.scale[o]!) : made.scale;
    const scale = net.constant('float32', [layer.c], scales);
    const zeros = net.constant('int8', [layer.c], new Int8Array(layer.c));
    const floats = net.node('DequantizeLinear', [integers, scale, zeros], { ints: { axis: 0 } });
    const weights = layer.isDepthwise
      ? floats
      : net.node('Mul', [
          floats,
          net.constant(
            'float32',
            [1, from.scale.length, 1, 1],
            from.scale.map((one) => 1 / one),
          ),
        ]);
    return { weights, bias: net.constant('float32', [layer.c], realBias(layer, made, from)) };
  }

  after(layer: Layer, value: string, writer: LayerWriter): string {
    const isHeld = this.#elements.get(layer) === 'uint8' && layer.kind !== 'input' && !passesOn(layer);
    if (!isHeld) return value;
    const { net } = writer;
    const { scale, zero } = this.#quantisation.of(layer);
    if (this.#readByConvolutions.has(layer)) {
      const ends = [net.constant('float32', [layer.c], scale), net.constant('uint8', [layer.c], zero)];
      const bytes = net.node('QuantizeLinear', [value, ...ends], { ints: { axis: 1 } });
      return net.node('DequantizeLinear', [bytes, ...ends], { ints: { axis: 1 } });
    }
    // onnxruntime joins what stands between a DequantizeLinear and a QuantizeLinear, additions for one, and then refuses scales for
    // each channel: here the scales stand apart from them.
    const one = net.number(1);
    const none = net.constant('uint8', [], [0]);
    const zeros = writer.perChannel(zero);
    const steps = net.node('Add', [net.node('Mul', [value, writer.perChannel(scale.map((own) => 1 / own))]), zeros]);
    const bytes = net.node('QuantizeLinear', [steps, one, none]);
    const back = net.node('DequantizeLinear', [bytes, one, none]);
    return net.node('Mul', [net.node('Sub', [back, zeros]), writer.perChannel(scale)]);
  }
}

/** One scale for each tensor, which is that of its widest channel. */
class PerTensor {
  readonly #quantisation: Quantisation;
  readonly #elements: ReturnType<typeof elementsOf>;

  constructor(network: Network, quantisation: Quantisation) {
    this.#quantisation = quantisation;
    this.#elements = elementsOf(network);
  }

  constantsOf(layer: ConvLayer, { net }: LayerWriter): ConvConstants {
    const from = this.#ofRegion(layer.input);
    const made = integersOf(layer, from, this.#quantisation);
    const { shape, numbers } = onnxWeights(layer, made.weights);
    const dequantised = (
      type: 'int8' | 'int32',
      sides: readonly number[],
      integers: ArrayLike<number>,
      scale: Float64Array,
    ) =>
      net.node(
        'DequantizeLinear',
        [
          net.constant(type, sides, integers),
          net.constant('float32', [layer.c], scale),
          net.constant(type, [layer.c], new Int8Array(layer.c)),
        ],
        { ints: { axis: 0 } },
      );
    const weights = dequantised(
      'int8',
      shape,
      numbers,
      made.scale.map((one) => one / from.scale[0]!),
    );
    return { weights, bias: dequantised('int32', [layer.c], made.bias, made.scale) };
  }

  /** Sums become bytes before an activation that engines compute on bytes: what they were is known where it can be undone. */
  before(layer: ConvLayer, value: string, writer: LayerWriter): string {
    const { kind, slope = [] } = layer.activation;
    if (kind !== 'leaky' || layer.residual || this.#elements.get(layer) !== 'uint8') return value;
    const least = slope.reduce((one, other) => Math.min(one, other), 1);
    const [low, high] = endsOf(this.#quantisation.of(layer));
    return least > 0 ? inBytes(value, oneScale(low / least, high, layer.c), writer) : value;
  }

  after(layer: Layer, value: string, writer: LayerWriter): string {
    return this.#elements.get(layer) === 'uint8' ? inBytes(value, this.#of(layer), writer) : value;
  }

  #of(layer: Layer): Scales {
    return oneScale(...endsOf(this.#quantisation.of(layer)), layer.c);
  }

  #ofRegion({ layer, c }: Region): Scales {
    return oneScale(...endsOf(this.#quantisation.of(layer)), c.size);
  }
}

function inBytes(value: string, { scale, zero }: Scales, { net }: LayerWriter): string {
  const ends = [net.number(scale[0]!), net.constant('uint8', [], [zero[0]!])];
  return net.node('DequantizeLinear', [net.node('QuantizeLinear', [value, ...ends]), ...ends]);
}

/** The least and largest number that its bytes can say. */
function endsOf({ scale, zero, offset }: Scales): [number, number] {
  let [low, high] = [0, 0];
  for (let c = 0; c < scale.length; c++) {
    low = Math.min(low, offset[c]! - zero[c]! * scale[c]!);
    high = Math.max(high, offset[c]! + (255 - zero[c]!) * scale[c]!);
  }
  return [low, high];
}

function oneScale(low: number, high: number, channels: number): Scales {
  const scale = Math.max((high - low) / 255, 1e-9);
  return {
    scale: new Float64Array(channels).fill(scale),
    zero: new Uint8Array(channels).fill(Math.min(255, Math.max(0, nearest(-low / scale)))),
    offset: new Float64Array(channels),
  };
}

/** A convolution's integers; the bias is what it is where an input's integer is its zero point. */
function integersOf(layer: ConvLayer, from: Scales, quantisation: Quantisation) {
  const { weights, bias, scale } = quantisation.integersOf(layer, from);
  const own = Float64Array.from(bias, (one, o) => one + sumOver(layer, weights, o, (c) => from.zero[c]!));
  return { weights, bias: own, scale };
}

/** What the bias is in floats: an input's zero point need not mean 0. */
function realBias(
  layer: ConvLayer,
  { weights, bias, scale }: ReturnType<typeof integersOf>,
  { offset, scale: scales }: Scales,
): Float64Array {
  return bias.map((one, o) => scale[o]! * (one - sumOver(layer, weights, o, (c) => offset[c]! / scales[c]!)));
}

/** A sum over what one output is made of: each integer times something of the channel that it is multiplied with. */
function sumOver(layer: ConvLayer, integers: Int8Array, o: number, of: (channel: number) => number): number {
  const { isDepthwise, c } = layer;
  const count = integers.length / c;
  const inputs = layer.input.c.size;
  let sum = 0;
  for (let i = 0; i < count; i++)
    sum += integers[isDepthwise ? i * c + o : o * count + i]! * of(isDepthwise ? o : i % inputs);
  return sum;
}
