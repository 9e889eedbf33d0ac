import { PbfWriter } from 'pbf';

/** Numbers of a constant: their array says the type. */
export type WrittenNumbers = Float32Array | Int8Array | Uint8Array | Int32Array | BigInt64Array;

/** A constant of a network that is written. */
export interface WrittenConstant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: WrittenNumbers;
}

/** An attribute of a node: whole numbers are told from fractions by `{ float }`. */
export type WrittenAttribute = number | string | readonly number[] | { readonly float: number };

export interface WrittenNode {
  readonly op: string;
  readonly name: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, WrittenAttribute>>;
}

/** Types of numbers that are written here, with their TensorProto.DataType. */
const types = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;
export type WrittenType = keyof typeof types;

/** An input or output. */
export interface WrittenValue {
  readonly name: string;
  readonly shape: readonly number[];
  /** Default: float32. */
  readonly type?: WrittenType;
}

/** A network to be written as an ONNX file. `OnnxBuilder` makes one whose nodes and tensors need no names of their own. */
export interface WrittenNetwork {
  /** Who made the file, as `producer_name` says it. */
  readonly producer: string;
  /** Of ONNX' own operators. */
  readonly opset: number;
  readonly inputs: readonly WrittenValue[];
  readonly outputs: readonly WrittenValue[];
  readonly nodes: readonly WrittenNode[];
  readonly constants: readonly WrittenConstant[];
  readonly metadata?: Readonly<Record<string, string>>;
}

/** IR version 8, which every runtime that knows opset 13 reads. */
const irVersion = 8;

/**
 * Writes an ONNX file (onnx.proto of ONNX 1.16).
 *
 * @example
 * writeOnnx({ producer: 'me', opset: 13, inputs: [x], outputs: [y], nodes: [relu], constants: [] });
 */
export function writeOnnx(network: WrittenNetwork): Uint8Array<ArrayBuffer> {
  const writer = new PbfWriter();
  writer.writeVarintField(1, irVersion);
  writeText(writer, 2, network.producer);
  writer.writeMessage(7, writeGraph, network);
  writer.writeMessage(8, (version: number, pbf) => pbf.writeVarintField(2, version), network.opset);
  for (const entry of Object.entries(network.metadata ?? {})) writer.writeMessage(14, writeEntry, entry);
  return Uint8Array.from(writer.finish());
}

/** Not writeStringField of the library: it garbles what lies beyond the basic plane. */
function writeText(pbf: PbfWriter, field: number, text: string): void {
  pbf.writeBytesField(field, Buffer.from(text));
}

function writeEntry([key, value]: [string, string], pbf: PbfWriter): void {
  writeText(pbf, 1, key);
  writeText(pbf, 2, value);
}

function writeGraph({ nodes, constants, inputs, outputs }: WrittenNetwork, pbf: PbfWriter): void {
  for (const node of nodes) pbf.writeMessage(1, writeNode, node);
  writeText(pbf, 2, 'network');
  for (const constant of constants) pbf.writeMessage(5, writeConstant, constant);
  for (const input of inputs) pbf.writeMessage(11, writeValue, input);
  for (const output of outputs) pbf.writeMessage(12, writeValue, output);
}

function writeNode({ op, name, inputs, outputs, attributes = {} }: WrittenNode, pbf: PbfWriter): void {
  for (const input of inputs) writeText(pbf, 1, input);
  for (const output of outputs) writeText(pbf, 2, output);
  writeText(pbf, 3, name);
  writeText(pbf, 4, op);
  for (const attribute of Object.entries(attributes)) pbf.writeMessage(5, writeAttribute, attribute);
}

/** AttributeProto; field 20 is the type: FLOAT 1, INT 2, STRING 3, INTS 7. */
function writeAttribute([name, value]: [string, WrittenAttribute], pbf: PbfWriter): void {
  writeText(pbf, 1, name);
  if (typeof value === 'number') {
    pbf.writeVarintField(3, value);
    pbf.writeVarintField(20, 2);
  } else if (typeof value === 'string') {
    writeText(pbf, 4, value);
    pbf.writeVarintField(20, 3);
  } else if ('float' in value) {
    pbf.writeFloatField(2, value.float);
    pbf.writeVarintField(20, 1);
  } else {
    for (const one of value) pbf.writeVarintField(8, one);
    pbf.writeVarintField(20, 7);
  }
}

function writeConstant({ name, shape, data }: WrittenConstant, pbf: PbfWriter): void {
  for (const side of shape) pbf.writeVarintField(1, side);
  pbf.writeVarintField(2, typeOf(data));
  writeText(pbf, 8, name);
  pbf.writeBytesField(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function typeOf(data: WrittenNumbers): number {
  if (data instanceof Float32Array) return types.float32;
  if (data instanceof Uint8Array) return types.uint8;
  if (data instanceof Int8Array) return types.int8;
  return data instanceof Int32Array ? types.int32 : types.int64;
}

function writeValue({ name, shape, type = 'float32' }: WrittenValue, pbf: PbfWriter): void {
  writeText(pbf, 1, name);
  pbf.writeMessage(2, (_, value) => value.writeMessage(1, writeTensorType, { shape, type }), undefined);
}

function writeTensorType({ shape, type }: Required<Omit<WrittenValue, 'name'>>, pbf: PbfWriter): void {
  pbf.writeVarintField(1, types[type]);
  pbf.writeMessage(
    2,
    (sides: readonly number[], dimensions) => {
      for (const side of sides) {
        dimensions.writeMessage(1, (one: number, dimension) => dimension.writeVarintField(1, one), side);
      }
    },
    shape,
  );
}
