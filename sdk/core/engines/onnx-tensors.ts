import { PbfReader } from 'pbf';
import type { TensorInfo } from './engine.ts';

/** TensorProto.DataType of ONNX, as onnxruntime calls them. */
const types = new Map([
  [1, 'float32'],
  [2, 'uint8'],
  [3, 'int8'],
  [6, 'int32'],
  [7, 'int64'],
  [10, 'float16'],
]);

/**
 * The inputs and outputs of an ONNX file, for engines that do not tell. Constants that older files list among the inputs are
 * left out.
 *
 * @throws Error when the bytes are not an ONNX model.
 */
export function readOnnxTensors(bytes: Uint8Array): { inputs: TensorInfo[]; outputs: TensorInfo[] } {
  const found = { inputs: [] as TensorInfo[], outputs: [] as TensorInfo[], constants: new Set<string>() };
  // ModelProto.graph; then GraphProto's initializer, input and output (onnx.proto of ONNX 1.16).
  new PbfReader(bytes).readFields((field, _, reader) => {
    if (field !== 7) return;
    reader.readMessage((inGraph, result, graph) => {
      if (inGraph === 5) result.constants.add(graph.readMessage(readTensorName, { name: '' }).name);
      else if (inGraph === 11) result.inputs.push(graph.readMessage(readValue, emptyValue()));
      else if (inGraph === 12) result.outputs.push(graph.readMessage(readValue, emptyValue()));
    }, found);
  }, found);
  return { inputs: found.inputs.filter(({ name }) => !found.constants.has(name)), outputs: found.outputs };
}

interface Value {
  name: string;
  type: string;
  shape: (number | string)[];
}

const emptyValue = (): Value => ({ name: '', type: 'unknown', shape: [] });

function readTensorName(field: number, result: { name: string }, reader: PbfReader): void {
  if (field === 8) result.name = reader.readString();
}

/** ValueInfoProto: name, and type.tensor_type with elem_type and shape. */
function readValue(field: number, value: Value, reader: PbfReader): void {
  if (field === 1) value.name = reader.readString();
  else if (field === 2) reader.readMessage(readType, value);
}

function readType(field: number, value: Value, reader: PbfReader): void {
  if (field === 1) reader.readMessage(readTensorType, value);
}

function readTensorType(field: number, value: Value, reader: PbfReader): void {
  if (field === 1) value.type = types.get(reader.readVarint()) ?? 'unknown';
  else if (field === 2) reader.readMessage(readShape, value);
}

function readShape(field: number, value: Value, reader: PbfReader): void {
  if (field !== 1) return;
  const side = reader.readMessage(readDimension, { side: '' });
  value.shape.push(side.side);
}

/** dim_value or dim_param. Paddle's exporter writes -1 for a side that is open. */
function readDimension(field: number, result: { side: number | string }, reader: PbfReader): void {
  if (field === 1) {
    const side = reader.readVarint(true);
    result.side = side < 0 ? '' : side;
  }
  if (field === 2) result.side = reader.readString();
}
