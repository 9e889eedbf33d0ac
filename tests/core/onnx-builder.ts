import { PbfWriter } from 'pbf';

/**
 * Small ONNX models, written field by field (onnx.proto of ONNX 1.16), so that tests need no Python and no network
 * that somebody trained.
 */

/** TensorProto.DataType. */
const types = { float32: 1, uint8: 2, int8: 3, int16: 5, int32: 6, int64: 7, float16: 10 } as const;
export type ElementType = keyof typeof types;

export interface Value {
  readonly name: string;
  readonly type?: ElementType;
  /** A text is a dimension that is open. */
  readonly shape: readonly (number | string)[];
}

export interface Constant {
  readonly name: string;
  readonly type?: ElementType;
  readonly shape: readonly number[];
  /** Of float16 the bits. */
  readonly data: readonly number[];
  /** Where its bytes are instead: in a file of their own. */
  readonly external?: { readonly location: string; readonly offset?: number; readonly length?: number };
}

export interface Operation {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly ints?: Readonly<Record<string, number | readonly number[]>>;
  readonly floats?: Readonly<Record<string, number>>;
  readonly texts?: Readonly<Record<string, string>>;
  /** The attribute `value` of a Constant. */
  readonly value?: Constant;
}

export interface OnnxModel {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly operations?: readonly Operation[];
  readonly constants?: readonly Constant[];
  readonly metadata?: Readonly<Record<string, string>>;
  /** Default 13. */
  readonly opset?: number;
}

export function onnxModel(model: OnnxModel): Uint8Array<ArrayBuffer> {
  const writer = new PbfWriter();
  writer.writeVarintField(1, 8); // ir_version
  writer.writeMessage(7, writeGraph, model);
  writer.writeMessage(8, (version: number, pbf) => pbf.writeVarintField(2, version), model.opset ?? 13); // opset_import
  writeMetadata(model.metadata ?? {}, writer);
  return Uint8Array.from(writer.finish());
}

/** The fields of a model's metadata alone. */
export function metadataFields(metadata: Readonly<Record<string, string>>): Uint8Array {
  const writer = new PbfWriter();
  writeMetadata(metadata, writer);
  return writer.finish();
}

function writeMetadata(metadata: Readonly<Record<string, string>>, writer: PbfWriter): void {
  for (const entry of Object.entries(metadata)) {
    writer.writeMessage(
      14,
      ([key, value]: [string, string], pbf) => {
        // Not writeStringField: it garbles what lies beyond the basic plane.
        pbf.writeBytesField(1, Buffer.from(key));
        pbf.writeBytesField(2, Buffer.from(value));
      },
      entry,
    );
  }
}

/** A model that ignores what it sees and gives these numbers: what a decoder makes of them is known. */
export function constantModel(
  input: Value,
  outputs: readonly (Constant & { readonly declared?: Value['shape'] })[],
  metadata: OnnxModel['metadata'] = {},
): Uint8Array<ArrayBuffer> {
  return onnxModel({
    inputs: [input],
    outputs: outputs.map(({ name, type, shape, declared }) => ({ name, type, shape: declared ?? shape })),
    constants: outputs.map((output) => ({ ...output, name: `${output.name}_numbers` })),
    operations: outputs.map(({ name }) => ({ op: 'Identity', inputs: [`${name}_numbers`], outputs: [name] })),
    metadata,
  });
}

function writeGraph({ inputs, outputs, operations = [], constants = [] }: OnnxModel, pbf: PbfWriter): void {
  for (const operation of operations) pbf.writeMessage(1, writeNode, operation);
  pbf.writeStringField(2, 'graph');
  for (const constant of constants) pbf.writeMessage(5, writeTensor, constant);
  for (const input of inputs) pbf.writeMessage(11, writeValue, input);
  for (const output of outputs) pbf.writeMessage(12, writeValue, output);
}

function writeNode(
  { op, inputs, outputs, ints = {}, floats = {}, texts = {}, value }: Operation,
  pbf: PbfWriter,
): void {
  for (const input of inputs) pbf.writeStringField(1, input);
  for (const output of outputs) pbf.writeStringField(2, output);
  pbf.writeStringField(4, op);
  for (const attribute of Object.entries(ints)) pbf.writeMessage(5, writeAttribute, attribute);
  for (const attribute of Object.entries(floats)) pbf.writeMessage(5, writeFloat, attribute);
  for (const attribute of Object.entries(texts)) pbf.writeMessage(5, writeText, attribute);
  if (value) pbf.writeMessage(5, writeValueAttribute, value);
}

function writeFloat([name, value]: [string, number], pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  pbf.writeFloatField(2, value);
  pbf.writeVarintField(20, 1); // FLOAT
}

function writeText([name, value]: [string, string], pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  pbf.writeBytesField(4, Buffer.from(value));
  pbf.writeVarintField(20, 3); // STRING
}

function writeValueAttribute(value: Constant, pbf: PbfWriter): void {
  pbf.writeStringField(1, 'value');
  pbf.writeMessage(5, writeTensor, value);
  pbf.writeVarintField(20, 4); // TENSOR
}

function writeAttribute([name, value]: [string, number | readonly number[]], pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  if (typeof value === 'number') pbf.writeVarintField(3, value);
  else for (const one of value) pbf.writeVarintField(8, one);
  pbf.writeVarintField(20, typeof value === 'number' ? 2 : 7); // INT, INTS
}

function writeTensor({ name, type = 'float32', shape, data, external }: Constant, pbf: PbfWriter): void {
  for (const side of shape) pbf.writeVarintField(1, side);
  pbf.writeVarintField(2, types[type]);
  pbf.writeStringField(8, name);
  if (!external) {
    pbf.writeBytesField(9, bytesOf(type, data));
    return;
  }
  for (const entry of Object.entries(external)) pbf.writeMessage(13, writeEntry, entry);
  pbf.writeVarintField(14, 1); // data_location: EXTERNAL
}

function writeEntry([key, value]: [string, string | number], pbf: PbfWriter): void {
  pbf.writeStringField(1, key);
  pbf.writeStringField(2, String(value));
}

/** The bytes of a constant, as ONNX files have them. */
export function bytesOf(type: ElementType, data: readonly number[]): Uint8Array {
  return new Uint8Array(arrayOf(type, data).buffer);
}

function arrayOf(type: ElementType, data: readonly number[]) {
  switch (type) {
    case 'float32':
      return Float32Array.from(data);
    case 'float16':
      return Uint16Array.from(data);
    case 'uint8':
      return Uint8Array.from(data);
    case 'int8':
      return Int8Array.from(data);
    case 'int16':
      return Int16Array.from(data);
    case 'int32':
      return Int32Array.from(data);
    case 'int64':
      return BigInt64Array.from(data, BigInt);
  }
}

function writeValue({ name, type = 'float32', shape }: Value, pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  pbf.writeMessage(2, writeType, { type, shape });
}

function writeType(value: { type: ElementType; shape: Value['shape'] }, pbf: PbfWriter): void {
  pbf.writeMessage(1, writeTensorType, value);
}

function writeTensorType({ type, shape }: { type: ElementType; shape: Value['shape'] }, pbf: PbfWriter): void {
  pbf.writeVarintField(1, types[type]);
  pbf.writeMessage(2, writeShape, shape);
}

function writeShape(shape: Value['shape'], pbf: PbfWriter): void {
  for (const side of shape) pbf.writeMessage(1, writeDimension, side);
}

function writeDimension(side: number | string, pbf: PbfWriter): void {
  if (typeof side === 'number') pbf.writeVarintField(1, side);
  else pbf.writeStringField(2, side);
}
