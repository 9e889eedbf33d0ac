import { type BuiltInDecoder, makeDecoder } from '../../../sdk/core/decoders/registry.ts';
import type { Tensor, TensorInfo } from '../../../sdk/core/engines/engine.ts';
import { Candidates } from '../../../sdk/kernels/boxes/candidates.ts';
import { card } from '../cards.ts';

export interface Output {
  readonly name: string;
  readonly type?: string;
  /** What the model declares. Default: the shape of the numbers. */
  readonly declared?: readonly (number | string)[];
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const infos = (outputs: readonly Output[]): TensorInfo[] =>
  outputs.map(({ name, type = 'float32', shape, declared = shape }) => ({ name, type, shape: declared }));

function tensors(outputs: readonly Output[]): Map<string, Tensor> {
  return new Map(
    outputs.map(({ name, type = 'float32', shape, data }) => [
      name,
      { shape, data: type === 'int64' ? BigInt64Array.from(data, BigInt) : Float32Array.from(data) },
    ]),
  );
}

/** What the decoder of this card makes of these outputs: boxes to 3 digits, in input pixels. */
export function decode(
  decoder: BuiltInDecoder,
  outputs: readonly Output[],
  {
    threshold = 0.5,
    multiLabel = false,
    ...change
  }: { threshold?: number; multiLabel?: boolean; labels?: string[] } = {},
) {
  const candidates = new Candidates();
  makeDecoder(decoder, card(decoder, change), infos(outputs)).decode(
    tensors(outputs),
    threshold,
    multiLabel,
    candidates,
  );
  const { boxes, scores, classIds, length } = candidates;
  return Array.from({ length }, (_, i) => ({
    box: Array.from(boxes.subarray(i * 4, i * 4 + 4), (value) => Math.round(value * 1000) / 1000),
    score: Math.round(scores[i]! * 1e4) / 1e4,
    classId: classIds[i]!,
  }));
}

/** What the decoder of this card says against the numbers of these outputs. */
export function complaint(decoder: BuiltInDecoder, outputs: readonly Output[], change = {}): string {
  try {
    makeDecoder(decoder, card(decoder, change), infos(outputs)).check?.(tensors(outputs));
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing';
}

/** The error of a card that does not fit a model with these outputs. */
export function misfit(decoder: BuiltInDecoder, outputs: readonly Output[], change = {}): string {
  try {
    makeDecoder(decoder, card(decoder, change), infos(outputs));
  } catch (error) {
    return (error as Error).message;
  }
  return 'it fits';
}

/** Zeros with some numbers in it. */
export function sparse(length: number, values: Readonly<Record<number, readonly number[]>>): number[] {
  const data = new Array<number>(length).fill(0);
  for (const [at, numbers] of Object.entries(values))
    numbers.forEach((value, i) => void (data[Number(at) + i] = value));
  return data;
}
