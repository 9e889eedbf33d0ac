import type { Activation } from './activation.ts';

/**
 * A network between graph and program: layers over pictures height x width x channels, in float, without tensors that only
 * describe others anew. An operator of a graph adds layers (operators/), fuse.ts joins them, quantise.ts gives them their
 * integers, plan.ts their places.
 */
export type Layer =
  | InputLayer
  | ConvLayer
  | MaxPoolLayer
  | AveragePoolLayer
  | ResizeLayer
  | AddLayer
  | MultiplyLayer
  | UnaryLayer
  | AffineLayer
  | CopyLayer
  | ConcatLayer
  | FloatLayer;

/** Part of an axis of a layer's numbers: so many, so far apart. A dimension of a tensor is made of some, the outermost first. */
export interface Stretch {
  readonly axis: 'h' | 'w' | 'c';
  readonly size: number;
  readonly step: number;
}

/**
 * A tensor of the graph as what it is in memory: a layer's numbers, height x width x channels, in which each dimension walks
 * along some axes. To reshape, transpose, slice and split a tensor is to describe it anew; nothing is computed.
 */
export interface View {
  readonly layer: Layer;
  readonly start: { readonly h: number; readonly w: number; readonly c: number };
  /** Of each dimension of the tensor; none where its size is 1. */
  readonly dims: readonly (readonly Stretch[])[];
}

/** A block of a layer's numbers, evenly spaced along height and width. */
export interface Region {
  readonly layer: Layer;
  readonly h: Range;
  readonly w: Range;
  /** Its step is 1. */
  readonly c: Range;
}

export interface Range {
  readonly from: number;
  readonly size: number;
  readonly step: number;
}

interface LayerBase {
  /** The graph's node, for messages and listings. */
  name: string;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  /** Where the range of each of its channels can be measured. */
  measured?: Measured;
  /** The scale and zero point that the graph itself says: of all channels, or of each. */
  fixed?: Fixed;
}

/** A tensor of the graph that has a layer's numbers. */
export interface Measured {
  readonly tensor: string;
  /** How it lies in the layer. */
  readonly dims: View['dims'];
  /** The layer's first channel among the tensor's. */
  readonly from: number;
}

export interface Fixed {
  readonly scale: readonly number[];
  readonly zero: readonly number[];
}

export function fixedPart(fixed: Fixed | undefined, from: number, size: number): Fixed | undefined {
  return fixed && { scale: fixed.scale.slice(from, from + size), zero: fixed.zero.slice(from, from + size) };
}

export interface InputLayer extends LayerBase {
  readonly kind: 'input';
  readonly tensor: string;
  /** A number is (pixel - mean) * scale, for each channel. */
  scale: Float64Array;
  mean: Float64Array;
  /** Pairs (dy, dx): each block of channels takes every second pixel from there on. */
  readonly spaceToDepth?: readonly number[];
}

/** Dense or depthwise; a fully connected layer is one whose kernel is the whole picture. */
export interface ConvLayer extends LayerBase {
  readonly kind: 'conv';
  input: Region;
  readonly isDepthwise: boolean;
  /** [output][kh][kw][input]; depthwise [kh][kw][channel]. */
  weights: Float32Array;
  bias: Float64Array;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** Top, left, bottom, right. */
  pad: readonly [number, number, number, number];
  readonly dilation: readonly [number, number];
  activation: Activation;
  /** What is added after the activation, and what happens then. */
  residual?: { readonly input: Region; activation: Activation };
  /** Each output channel is this input channel: nothing is computed, channels are put in another order. */
  readonly picks?: readonly number[];
  /** The integers that the graph has as weights, and what each output channel's are multiplied with. */
  grid?: { readonly weights: Int8Array; readonly scale: Float64Array };
}

interface Pool extends LayerBase {
  input: Region;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
}

export interface MaxPoolLayer extends Pool {
  readonly kind: 'max_pool';
  /** Top, left. */
  readonly pad: readonly [number, number];
}

export interface AveragePoolLayer extends Pool {
  readonly kind: 'average_pool';
}

export interface ResizeLayer extends LayerBase {
  readonly kind: 'resize';
  input: Region;
  readonly mode: 'nearest' | 'bilinear';
  readonly factors: readonly [number, number];
}

export interface AddLayer extends LayerBase {
  readonly kind: 'add';
  input: Region;
  second: Region;
  activation: Activation;
}

/** The second one may be a single pixel. */
export interface MultiplyLayer extends LayerBase {
  readonly kind: 'multiply';
  input: Region;
  second: Region;
  activation: Activation;
}

export interface UnaryLayer extends LayerBase {
  readonly kind: 'unary';
  /** It takes and gives floats, whoever wants bytes of it. */
  readonly inFloats?: boolean;
  input: Region;
  activation: Activation;
}

/** scale * x + bias, for each channel. */
export interface AffineLayer extends LayerBase {
  readonly kind: 'affine';
  input: Region;
  readonly scale: Float64Array;
  readonly bias: Float64Array;
}

export interface CopyLayer extends LayerBase {
  readonly kind: 'copy';
  input: Region;
}

export interface ConcatLayer extends LayerBase {
  readonly kind: 'concat';
  /** Channels beside channels; pixels behind pixels, each part row by row; or pixels between pixels. */
  readonly axis: 'c' | 'w' | 'pixels';
  /** Of pixels between pixels: every so many rows, and columns, are of one part. The parts are in the order of their first pixels. */
  readonly factors?: readonly [number, number];
  parts: Region[];
}

/** Layers that are floats, or the way to them and back: no others would hold what they give. */
export type FloatLayer =
  | PairLayer
  | SoftmaxLayer
  | ArgMaxLayer
  | MatmulLayer
  | FloatConvLayer
  | RearrangeLayer
  | ConstantLayer
  | DequantiseLayer
  | QuantiseLayer;

/** Two operands, number by number; each of an operand's sides is the layer's or 1. */
export interface PairLayer extends LayerBase {
  readonly kind: 'pair';
  readonly op: 'add' | 'subtract' | 'multiply' | 'divide' | 'max' | 'min';
  input: Region;
  second: Region;
}

/** Of each group of so many channels. */
export interface SoftmaxLayer extends LayerBase {
  readonly kind: 'softmax';
  input: Region;
  readonly group: number;
}

/** Which channel of each pixel is the largest, the first of several. */
export interface ArgMaxLayer extends LayerBase {
  readonly kind: 'argmax';
  input: Region;
}

/** Pixels are rows, channels are columns: the second one has a pixel for each channel of the first. */
export interface MatmulLayer extends LayerBase {
  readonly kind: 'matmul';
  input: Region;
  second: Region;
}

/** A convolution of floats, without bias and activation, which are layers of their own. */
export interface FloatConvLayer extends LayerBase {
  readonly kind: 'conv_float';
  input: Region;
  /** A constant: kh * kw x inputs x outputs; depthwise kh x kw x channels. */
  second: Region;
  readonly isDepthwise: boolean;
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  /** Top, left, bottom, right. */
  readonly pad: readonly [number, number, number, number];
  readonly dilation: readonly [number, number];
}

/** The input's numbers in another order. */
export interface RearrangeLayer extends LayerBase {
  readonly kind: 'rearrange';
  input: Region;
  /** In which order they are read, the outermost stretch first; within the region. */
  readonly walk: readonly Stretch[];
}

export interface ConstantLayer extends LayerBase {
  readonly kind: 'constant';
  /** Height x width x channels. */
  readonly values: Float32Array;
}

export interface DequantiseLayer extends LayerBase {
  readonly kind: 'dequantise';
  input: Region;
}

export interface QuantiseLayer extends LayerBase {
  readonly kind: 'quantise';
  input: Region;
}

/** A tensor that the caller sees. */
export interface NetworkOutput {
  readonly name: string;
  readonly view: View;
}

export interface Network {
  /** In an order in which they can run. */
  layers: Layer[];
  readonly outputs: NetworkOutput[];
}

/** What a layer reads. */
export function inputsOf(layer: Layer): Region[] {
  switch (layer.kind) {
    case 'input':
    case 'constant':
      return [];
    case 'concat':
      return layer.parts;
    case 'add':
    case 'multiply':
    case 'pair':
    case 'matmul':
    case 'conv_float':
      return [layer.input, layer.second];
    case 'conv':
      return layer.residual ? [layer.input, layer.residual.input] : [layer.input];
    default:
      return [layer.input];
  }
}

/** Replaces what a layer reads. */
export function mapInputs(layer: Layer, change: (region: Region) => Region): void {
  if (layer.kind === 'input' || layer.kind === 'constant') return;
  if (layer.kind === 'concat') {
    layer.parts = layer.parts.map(change);
    return;
  }
  layer.input = change(layer.input);
  if ('second' in layer) layer.second = change(layer.second);
  else if (layer.kind === 'conv' && layer.residual) {
    layer.residual = { ...layer.residual, input: change(layer.residual.input) };
  }
}
