import { PbfReader } from 'pbf';

/** A node of an ONNX graph, as far as it is looked at here. */
export interface OnnxNode {
  readonly op: string;
  /** An input that is left out is an empty name. */
  readonly inputs: string[];
  readonly outputs: string[];
}

/** A constant, as far as it is looked at here. */
export interface OnnxConstant {
  /** Of a float32 constant of one number, as the scale of a tensor is. */
  readonly value: number | undefined;
  /** Where its bytes lie, when they are in another file: relative to the model's, as the file says. */
  readonly location: string | undefined;
}

/** What is known of an ONNX file's graph without an engine: its nodes, those of its branches and functions too. */
export interface OnnxGraph {
  readonly nodes: OnnxNode[];
  readonly constants: Map<string, OnnxConstant>;
  /** Names of the outputs of the main graph. */
  readonly outputs: string[];
  /** Its nodes call functions of its own: the names of their tensors say nothing of each other. */
  hasFunctions: boolean;
}

/**
 * Reads the graph of an ONNX file (onnx.proto of ONNX 1.16). Weights are passed over, not copied.
 *
 * @returns Undefined when the bytes are not an ONNX model: its engine says so better.
 */
export function readOnnxGraph(bytes: Uint8Array): OnnxGraph | undefined {
  const graph: OnnxGraph = { nodes: [], constants: new Map(), outputs: [], hasFunctions: false };
  try {
    new PbfReader(bytes).readFields((field, result, reader) => {
      if (field === 7) reader.readMessage(readMain, result);
      else if (field === 25) {
        result.hasFunctions = true;
        reader.readMessage(readFunction, result);
      }
    }, graph);
  } catch {
    return undefined;
  }
  return graph;
}

function readMain(field: number, graph: OnnxGraph, reader: PbfReader): void {
  if (field === 12) graph.outputs.push(reader.readMessage(readValueName, { name: '' }).name);
  else readGraphField(field, graph, reader);
}

/** GraphProto: node and initializer. */
function readGraphField(field: number, graph: OnnxGraph, reader: PbfReader): void {
  if (field === 1) readNode(graph, reader);
  else if (field === 5) addConstant(graph, reader);
}

/** FunctionProto: node. */
function readFunction(field: number, graph: OnnxGraph, reader: PbfReader): void {
  if (field === 7) readNode(graph, reader);
}

interface NodeInGraph extends OnnxNode {
  op: string;
  readonly graph: OnnxGraph;
}

function readNode(graph: OnnxGraph, reader: PbfReader): void {
  const { op, inputs, outputs } = reader.readMessage(readNodeField, { op: '', inputs: [], outputs: [], graph });
  graph.nodes.push({ op, inputs, outputs });
}

function readNodeField(field: number, node: NodeInGraph, reader: PbfReader): void {
  if (field === 1) node.inputs.push(reader.readString());
  else if (field === 2) node.outputs.push(reader.readString());
  else if (field === 4) node.op = reader.readString();
  else if (field === 5) reader.readMessage(readAttribute, node);
}

/** AttributeProto: a tensor (of a Constant node), a graph or several (of If, Loop, Scan). */
function readAttribute(field: number, node: NodeInGraph, reader: PbfReader): void {
  if (field === 5 || field === 10) addConstant(node.graph, reader, node.outputs[0]);
  else if (field === 6 || field === 11) reader.readMessage(readGraphField, node.graph);
}

/** @param name Of a Constant node's output; an initializer has its own. */
function addConstant(graph: OnnxGraph, reader: PbfReader, name?: string): void {
  const found = reader.readMessage(readTensor, { name: '', type: 0, numbers: [], location: undefined });
  const { type, numbers, location } = found;
  const value = type === 1 && numbers.length === 1 ? numbers[0] : undefined;
  // One without a name is found by nobody, but its bytes may lie outside all the same.
  graph.constants.set(name || found.name || `constant ${graph.constants.size}`, { value, location });
}

interface TensorRead {
  name: string;
  type: number;
  readonly numbers: number[];
  location: string | undefined;
}

/** TensorProto. */
function readTensor(field: number, tensor: TensorRead, reader: PbfReader): void {
  if (field === 2) tensor.type = reader.readVarint();
  else if (field === 4) readFloat(tensor, reader);
  else if (field === 8) tensor.name = reader.readString();
  else if (field === 9) readOne(tensor, reader);
  else if (field === 13) {
    const { key, value } = reader.readMessage(readEntry, { key: '', value: '' });
    if (key === 'location') tensor.location = value;
  }
}

/** float_data: packed, or one by one. */
function readFloat(tensor: TensorRead, reader: PbfReader): void {
  if (reader.type === 2) readOne(tensor, reader);
  else if (tensor.numbers.length < 2) tensor.numbers.push(reader.readFloat());
}

/** Of bytes only four, a single float32: more is weights. */
function readOne(tensor: TensorRead, reader: PbfReader): void {
  const end = reader.readVarint() + reader.pos;
  if (end - reader.pos === 4) tensor.numbers.push(reader.readFloat());
  reader.pos = end;
}

function readEntry(field: number, entry: { key: string; value: string }, reader: PbfReader): void {
  if (field === 1) entry.key = reader.readString();
  else if (field === 2) entry.value = reader.readString();
}

function readValueName(field: number, value: { name: string }, reader: PbfReader): void {
  if (field === 1) value.name = reader.readString();
}

/** The node that gives a tensor, by the tensor's name. */
export function producersOf({ nodes }: OnnxGraph): Map<string, OnnxNode> {
  return new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
}
