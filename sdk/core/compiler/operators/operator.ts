import type { OnnxNode } from '../../onnx/graph.ts';

export type { Operator } from '../network/lowering.ts';

export const intOf = ({ attributes }: OnnxNode, name: string, otherwise: number): number =>
  attributes.get(name)?.int ?? otherwise;

export const floatOf = ({ attributes }: OnnxNode, name: string, otherwise: number): number =>
  attributes.get(name)?.float ?? otherwise;

export const textOf = ({ attributes }: OnnxNode, name: string, otherwise: string): string =>
  attributes.get(name)?.text ?? otherwise;

export const intsOf = ({ attributes }: OnnxNode, name: string): readonly number[] | undefined =>
  attributes.get(name)?.ints;

/** An axis may count from the end. */
export const axisOf = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** What a layer is called in listings: the node, or what it gives. */
export const labelOf = ({ name, op, outputs }: OnnxNode): string => name || `${op}:${outputs[0]}`;
