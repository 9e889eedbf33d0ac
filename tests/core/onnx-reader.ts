import { PbfReader } from 'pbf';

/** A node of an ONNX graph (onnx.proto of ONNX 1.16). */
export interface ReadNode {
  op: string;
  inputs: string[];
  outputs: string[];
}

/** A constant of an ONNX graph, its data as bytes. */
export interface ReadConstant {
  name: string;
  /** TensorProto.DataType: 3 is int8. */
  type: number;
  shape: number[];
  bytes: Uint8Array;
}

/** The nodes and constants of an ONNX file, so that a test can look inside one. */
export function readGraph(model: Uint8Array): { nodes: ReadNode[]; constants: Map<string, ReadConstant> } {
  const graph = { nodes: [] as ReadNode[], constants: new Map<string, ReadConstant>() };
  new PbfReader(model).readFields((field, _, pbf) => {
    if (field === 7) pbf.readMessage(readGraphField, graph);
  }, undefined);
  return graph;
}

function readGraphField(field: number, graph: ReturnType<typeof readGraph>, pbf: PbfReader): void {
  if (field === 1) graph.nodes.push(pbf.readMessage(readNodeField, { op: '', inputs: [], outputs: [] }));
  if (field !== 5) return;
  const constant = pbf.readMessage(readConstantField, { name: '', type: 0, shape: [], bytes: new Uint8Array() });
  graph.constants.set(constant.name, constant);
}

function readNodeField(field: number, node: ReadNode, pbf: PbfReader): void {
  if (field === 1) node.inputs.push(pbf.readString());
  else if (field === 2) node.outputs.push(pbf.readString());
  else if (field === 4) node.op = pbf.readString();
}

function readConstantField(field: number, constant: ReadConstant, pbf: PbfReader): void {
  if (field === 1) pbf.readPackedVarint(constant.shape);
  else if (field === 2) constant.type = pbf.readVarint();
  else if (field === 8) constant.name = pbf.readString();
  else if (field === 9) constant.bytes = pbf.readBytes();
}
