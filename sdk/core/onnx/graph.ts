import { PbfReader } from 'pbf';
import { numbersOf, type OnnxNumbers, type TensorInFile } from './numbers.ts';

/** An attribute of a node, in the form that it has. */
export interface OnnxAttribute {
  int?: number;
  float?: number;
  text?: string;
  readonly ints: number[];
  readonly floats: number[];
  tensor?: OnnxConstant;
}

/** A node of an ONNX graph. */
export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  /** An omitted input is an empty name. */
  readonly inputs: string[];
  readonly outputs: string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
  /** It stands in a branch of another node, or in a function. */
  readonly isNested: boolean;
}

/** Where a constant's bytes lie, when they are in another file. */
export interface OnnxLocation {
  /** Relative to the model's file, as that says. */
  readonly path: string;
  readonly offset: number;
  /** Undefined: to the file's end. */
  readonly length: number | undefined;
}

/** A constant. Its numbers stay in the file's bytes until somebody asks. */
export interface OnnxConstant {
  /** TensorProto.DataType. */
  readonly type: number;
  readonly shape: readonly number[];
  /** The value of a float32 scalar, such as a tensor's scale. */
  readonly value: number | undefined;
  readonly location: OnnxLocation | undefined;
  /**
   * A copy.
   *
   * @param outside The bytes at its `location`, where it has one.
   * @returns Undefined for types that are not read here, and where the numbers are not as many as the shape says.
   */
  numbers(outside?: Uint8Array): OnnxNumbers | undefined;
}

/** What the file says of an input or output. */
export interface OnnxValue {
  readonly name: string;
  /** TensorProto.DataType; 0 where it does not say. */
  readonly type: number;
}

/** An ONNX file's graph, read without an engine: its nodes, including those of branches and functions. */
export interface OnnxGraph {
  readonly nodes: OnnxNode[];
  readonly constants: Map<string, OnnxConstant>;
  /** Of the main graph; constants are none. */
  readonly inputs: OnnxValue[];
  /** Names of the outputs of the main graph. */
  readonly outputs: string[];
  /** Its nodes call local functions, so equal tensor names need not mean the same tensor. */
  hasFunctions: boolean;
  /** Of the operators of ONNX itself. */
  opset: number;
}

/**
 * Reads the graph of an ONNX file (onnx.proto of ONNX 1.16). The numbers of constants are passed over, not copied.
 *
 * @returns Undefined when the bytes are not an ONNX model: the engine's error is better.
 */
export function readOnnxGraph(bytes: Uint8Array): OnnxGraph | undefined {
  const graph: OnnxGraph = {
    nodes: [],
    constants: new Map(),
    inputs: [],
    outputs: [],
    hasFunctions: false,
    opset: 0,
  };
  try {
    new PbfReader(bytes).readFields((field, result, reader) => {
      if (field === 7) reader.readMessage(readMain, result);
      else if (field === 8) readOpset(result, reader);
      else if (field === 25) {
        result.hasFunctions = true;
        reader.readMessage(readFunction, result);
      }
    }, graph);
  } catch {
    return undefined;
  }
  const inputs = graph.inputs.filter(({ name }) => !graph.constants.has(name));
  return { ...graph, inputs };
}

/** OperatorSetIdProto: domain, version. */
function readOpset(graph: OnnxGraph, reader: PbfReader): void {
  const set = reader.readMessage(
    (field, result: { domain: string; version: number }, pbf) => {
      if (field === 1) result.domain = pbf.readString();
      else if (field === 2) result.version = pbf.readVarint();
    },
    { domain: '', version: 0 },
  );
  if (set.domain === '' || set.domain === 'ai.onnx') graph.opset = set.version;
}

function readMain(field: number, graph: OnnxGraph, reader: PbfReader): void {
  if (field === 11) graph.inputs.push(reader.readMessage(readValue, { name: '', type: 0 }));
  else if (field === 12) graph.outputs.push(reader.readMessage(readValue, { name: '', type: 0 }).name);
  else if (field === 1) readNode(graph, reader, false);
  else if (field === 5) addConstant(graph, reader);
}

/** GraphProto of a branch: node and initializer. */
function readBranch(field: number, graph: OnnxGraph, reader: PbfReader): void {
  if (field === 1) readNode(graph, reader, true);
  else if (field === 5) addConstant(graph, reader);
}

/** FunctionProto: node. */
function readFunction(field: number, graph: OnnxGraph, reader: PbfReader): void {
  if (field === 7) readNode(graph, reader, true);
}

interface NodeInGraph {
  name: string;
  op: string;
  readonly inputs: string[];
  readonly outputs: string[];
  readonly attributes: Map<string, OnnxAttribute>;
  readonly graph: OnnxGraph;
}

function readNode(graph: OnnxGraph, reader: PbfReader, isNested: boolean): void {
  const start: NodeInGraph = { name: '', op: '', inputs: [], outputs: [], attributes: new Map(), graph };
  const { name, op, inputs, outputs, attributes } = reader.readMessage(readNodeField, start);
  graph.nodes.push({ name, op, inputs, outputs, attributes, isNested });
}

function readNodeField(field: number, node: NodeInGraph, reader: PbfReader): void {
  if (field === 1) node.inputs.push(reader.readString());
  else if (field === 2) node.outputs.push(reader.readString());
  else if (field === 3) node.name = reader.readString();
  else if (field === 4) node.op = reader.readString();
  else if (field === 5) {
    const attribute = reader.readMessage(readAttribute, { name: '', ints: [], floats: [], node });
    node.attributes.set(attribute.name, attribute);
  }
}

interface AttributeInNode extends OnnxAttribute {
  name: string;
  readonly node: NodeInGraph;
}

/** AttributeProto: numbers, a text, a tensor (of a Constant node), a graph or several (of If, Loop, Scan). */
function readAttribute(field: number, attribute: AttributeInNode, reader: PbfReader): void {
  const { graph, outputs } = attribute.node;
  if (field === 1) attribute.name = reader.readString();
  else if (field === 2) attribute.float = reader.readFloat();
  else if (field === 3) attribute.int = reader.readVarint(true);
  else if (field === 4) attribute.text = reader.readString();
  else if (field === 5) attribute.tensor = addConstant(graph, reader, outputs[0]);
  else if (field === 10) addConstant(graph, reader, outputs[0]);
  else if (field === 6 || field === 11) reader.readMessage(readBranch, graph);
  else if (field === 7) reader.readPackedFloat(attribute.floats);
  else if (field === 8) reader.readPackedVarint(attribute.ints, true);
}

/** @param name Of a Constant node's output; an initializer has its own. */
function addConstant(graph: OnnxGraph, reader: PbfReader, name?: string): OnnxConstant {
  const found = reader.readMessage<TensorInFile>(readTensor, {
    name: '',
    type: 0,
    shape: [],
    raw: undefined,
    floats: [],
    integers: [],
    doubles: [],
    outside: undefined,
  });
  const { type, shape, outside } = found;
  const constant: OnnxConstant = {
    type,
    shape,
    value: single(found),
    location: outside && { path: outside.get('location') ?? '', ...rangeOf(outside) },
    numbers: (bytes) => numbersOf(found, bytes),
  };
  // A constant without a name cannot be referred to, but its bytes may be in another file.
  graph.constants.set(name || found.name || `constant ${graph.constants.size}`, constant);
  return constant;
}

const rangeOf = (entries: ReadonlyMap<string, string>) => ({
  offset: Number(entries.get('offset') ?? 0),
  length: entries.has('length') ? Number(entries.get('length')) : undefined,
});

function single({ type, raw, floats }: TensorInFile): number | undefined {
  if (type !== 1) return undefined;
  if (raw?.length === 4) return new DataView(raw.buffer, raw.byteOffset, 4).getFloat32(0, true);
  return floats.length === 1 ? floats[0] : undefined;
}

/** TensorProto. */
function readTensor(field: number, tensor: TensorInFile, reader: PbfReader): void {
  if (field === 1) reader.readPackedVarint(tensor.shape);
  else if (field === 2) tensor.type = reader.readVarint();
  else if (field === 4) reader.readPackedFloat(tensor.floats);
  else if (field === 5 || field === 7) reader.readPackedVarint(tensor.integers, true);
  else if (field === 8) tensor.name = reader.readString();
  else if (field === 9) tensor.raw = reader.readBytes();
  else if (field === 10) reader.readPackedDouble(tensor.doubles);
  else if (field === 13) {
    const { key, value } = reader.readMessage(readEntry, { key: '', value: '' });
    tensor.outside ??= new Map();
    tensor.outside.set(key, value);
  }
}

function readEntry(field: number, entry: { key: string; value: string }, reader: PbfReader): void {
  if (field === 1) entry.key = reader.readString();
  else if (field === 2) entry.value = reader.readString();
}

/** ValueInfoProto: name, and the element type of its tensor. */
function readValue(field: number, value: { name: string; type: number }, reader: PbfReader): void {
  if (field === 1) value.name = reader.readString();
  else if (field === 2) reader.readMessage(readType, value);
}

function readType(field: number, value: { type: number }, reader: PbfReader): void {
  if (field === 1) reader.readMessage(readTensorType, value);
}

function readTensorType(field: number, value: { type: number }, reader: PbfReader): void {
  if (field === 1) value.type = reader.readVarint();
}

/** The node that computes a tensor, by the tensor's name. */
export function producersOf({ nodes }: Pick<OnnxGraph, 'nodes'>): Map<string, OnnxNode> {
  return new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
}
