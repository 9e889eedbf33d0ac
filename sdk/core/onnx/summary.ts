import { PbfReader } from 'pbf';
import type { OnnxGraph } from './graph.ts';

/** What an ONNX file says of its own making. */
export interface OnnxOrigin {
  /** Of the file format; 0 where it does not say. */
  readonly irVersion: number;
  /** `pytorch 2.9.0`; empty where it does not say. */
  readonly producer: string;
  /** Version of each set of operators, by its domain; `ai.onnx` is ONNX' own. */
  readonly opsets: ReadonlyMap<string, number>;
}

/** @returns Undefined when the bytes are not an ONNX model. */
export function readOnnxOrigin(bytes: Uint8Array): OnnxOrigin | undefined {
  const found = { ir: 0, producer: '', version: '', opsets: new Map<string, number>() };
  try {
    // ModelProto: ir_version, producer_name, producer_version, opset_import.
    new PbfReader(bytes).readFields((field, result, reader) => {
      if (field === 1) result.ir = reader.readVarint();
      else if (field === 2) result.producer = reader.readString();
      else if (field === 3) result.version = reader.readString();
      else if (field === 8) {
        const set = reader.readMessage(readOpset, { domain: '', version: 0 });
        result.opsets.set(set.domain || 'ai.onnx', set.version);
      }
    }, found);
  } catch {
    return undefined;
  }
  const { ir, producer, version, opsets } = found;
  return { irVersion: ir, producer: [producer, version].filter(Boolean).join(' '), opsets };
}

function readOpset(field: number, set: { domain: string; version: number }, reader: PbfReader): void {
  if (field === 1) set.domain = reader.readString();
  else if (field === 2) set.version = reader.readVarint();
}

/** Names and bytes of an element, by TensorProto.DataType. */
const elements: Readonly<Record<number, readonly [name: string, bytes: number]>> = {
  1: ['float32', 4],
  2: ['uint8', 1],
  3: ['int8', 1],
  4: ['uint16', 2],
  5: ['int16', 2],
  6: ['int32', 4],
  7: ['int64', 8],
  9: ['bool', 1],
  10: ['float16', 2],
  11: ['float64', 8],
  12: ['uint32', 4],
  13: ['uint64', 8],
  16: ['bfloat16', 2],
  21: ['uint4', 0.5],
  22: ['int4', 0.5],
};

/** The constants of a network: its weights, and a few numbers of its structure. */
export interface OnnxWeights {
  /** Numbers of each type, most first. */
  readonly types: ReadonlyMap<string, number>;
  readonly parameters: number;
  readonly bytes: number;
  /** Files of their own, by the name that the network gives them. */
  readonly files: ReadonlyMap<string, WeightsInFile>;
}

/** Weights in another file. */
export interface WeightsInFile {
  readonly bytes: number;
  /** Where the last of them ends: so long is the file at least. */
  readonly end: number;
}

export function weightsOf({ constants }: OnnxGraph): OnnxWeights {
  const types = new Map<string, number>();
  const files = new Map<string, WeightsInFile>();
  let bytes = 0;
  for (const { type, shape, location } of constants.values()) {
    const [name, size] = elements[type] ?? [`type ${type}`, 0];
    const count = shape.reduce((product, side) => product * side, 1);
    types.set(name, (types.get(name) ?? 0) + count);
    const own = Math.ceil(count * size);
    bytes += own;
    if (!location) continue;
    const { bytes: before, end } = files.get(location.path) ?? { bytes: 0, end: 0 };
    files.set(location.path, { bytes: before + own, end: Math.max(end, location.offset + (location.length ?? own)) });
  }
  const ordered = [...types].sort(([, one], [, other]) => other - one);
  return { types: new Map(ordered), parameters: ordered.reduce((sum, [, count]) => sum + count, 0), bytes, files };
}

/**
 * How a network is quantised: by operators between integers and floats (QDQ), or by operators on integers (QOperator);
 * undefined when it computes in floats.
 */
export function quantisationOf({ nodes }: OnnxGraph): 'QDQ' | 'QOperator' | undefined {
  if (nodes.some(({ op }) => /^(QLinear|QGemm|ConvInteger|MatMulInteger)/.test(op))) return 'QOperator';
  return nodes.some(({ op }) => op === 'DequantizeLinear') ? 'QDQ' : undefined;
}
