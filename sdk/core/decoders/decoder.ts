import type { Static, TObject } from '@sinclair/typebox';
import { InputError } from '../../base/errors.ts';
import type { Size } from '../../frame/letterbox.ts';
import type { Level } from '../../kernels/boxes/boxes.ts';
import type { Candidates } from '../../kernels/boxes/candidates.ts';
import type { Mask, Skeleton } from '../../vision/shape.ts';
import type { Tensor, TensorInfo } from '../engines/engine.ts';

/** Reads a network's outputs: what passes the threshold becomes a candidate, a box in input pixels. */
export interface Decoder {
  /** The model has its own suppression, or needs none. */
  readonly suppressed?: boolean;
  /**
   * Checks all values of the first run, before it is decoded, against the card.
   *
   * @throws InputError when they do not mean what the card says.
   */
  check?(outputs: ReadonlyMap<string, Tensor>): void;
  /**
   * Adds what passes to the candidates, boxes in input pixels.
   *
   * @param threshold Minimum score, 0..1. @param multiLabel A cell yields a box for each class that passes, as in
   * accuracy measurements; else only for its best one.
   */
  decode(outputs: ReadonlyMap<string, Tensor>, threshold: number, multiLabel: boolean, candidates: Candidates): void;
  /** Reads what the network tells of objects besides their boxes, for those that suppression left. Default: nothing. */
  shapes?(outputs: ReadonlyMap<string, Tensor>, kept: Kept): Shapes;
}

/** Candidates that suppression left. */
export interface Kept {
  readonly length: number;
  /** `[x1, y1, x2, y2]` each, in input pixels. */
  readonly boxes: Float32Array;
  /** What `Candidates.push` was told. */
  readonly origins: Int32Array;
}

/** What is known of objects besides their boxes: a row or an entry for each, in input pixels. */
export interface Shapes {
  /** x, y and score of each of the card's keypoints. */
  readonly keypoints?: Float32Array;
  readonly masks?: readonly Mask[];
}

/** The part of a detector's card that decoders need, besides their own fields. */
export interface DecodedModel {
  /** The picture's size in the network, pixels. */
  readonly input: Size;
  readonly labels: readonly string[];
  /** The points that it finds of each object, if any. */
  readonly keypoints?: Skeleton;
}

/** A kind of decoder: the fields of its card, which begin with its `type`, and what makes a decoder of them. */
export interface DecoderKind<Fields extends TObject = TObject> {
  readonly fields: Fields;
  /** @throws InputError when the model's outputs do not fit the card. */
  make(fields: Static<Fields>, model: DecodedModel, outputs: readonly TensorInfo[]): Decoder;
}

/** A decoder of a file of its own; `registry.ts` lists them. */
export const defineDecoder = <Fields extends TObject>(
  fields: Fields,
  make: DecoderKind<Fields>['make'],
): DecoderKind<Fields> => ({ fields, make });

/** The cells of an input: each stride's grid, in order. */
export function levelsOf({ input }: DecodedModel, strides: readonly number[]): Level[] {
  return strides.map((stride) => ({
    stride,
    columns: Math.ceil(input.width / stride),
    rows: Math.ceil(input.height / stride),
  }));
}

export function cellsOf(levels: readonly Level[]): number {
  return levels.reduce((sum, { columns, rows }) => sum + columns * rows, 0);
}

/**
 * The output with this name, or the only one when the card names none.
 *
 * @param shape What the decoder reads; `undefined` where any size will do.
 * @throws InputError when it does not exist or has another type or shape.
 */
export function findOutput(
  outputs: readonly TensorInfo[],
  name: string | undefined,
  shape: readonly (number | undefined)[],
  what: string,
): TensorInfo {
  const names = outputs.map((output) => output.name).join(', ');
  if (name === undefined && outputs.length !== 1) {
    throw new InputError(`decoder.output: the model has the outputs ${names}; name the one that holds the ${what}`);
  }
  const output = name === undefined ? outputs[0]! : outputs.find((one) => one.name === name);
  if (!output) throw new InputError(`decoder: the model has no output ${name}; it has ${names}`);
  if (output.type !== 'float32') {
    throw new InputError(`decoder: expected output ${output.name} (${what}) to be float32, it is ${output.type}`);
  }
  if (!fits(output.shape, shape)) throw new MisfitError(output.name, output.shape, shape, what);
  return output;
}

/** The values of an output of this run. @throws InputError when a dynamic shape turned out wrong. */
export function readOutput(
  outputs: ReadonlyMap<string, Tensor>,
  name: string,
  shape: readonly (number | undefined)[],
  what: string,
): { data: Float32Array; shape: readonly number[] } {
  const tensor = outputs.get(name);
  if (!tensor) throw new InputError(`the model returned no output ${name}`);
  if (!fits(tensor.shape, shape)) throw new MisfitError(name, tensor.shape, shape, what);
  return { data: tensor.data as Float32Array, shape: tensor.shape };
}

/** Lowest and highest score that rounding to 8 bits may give; values outside are not scores. */
const leastScore = -0.25;
export const greatestScore = 1.25;

/**
 * Checks that scores are in 0..1: logits would be clipped, and detected with certainty.
 *
 * @param columns Of the scores in each row, from `first` to before `last`.
 * @throws InputError when one is outside.
 */
export function assertScores(data: Float32Array, rowLength: number, first = 0, last = rowLength): void {
  for (let row = 0; row < data.length; row += rowLength) {
    for (let i = row + first; i < row + last; i++) {
      const score = data[i]!;
      if (score < leastScore || score > greatestScore) throw new InputError(notScores(score));
    }
  }
}

export const notScores = (score: number) =>
  `decoder: expected scores of 0 to 1, got ${Number(score.toPrecision(4))}: where the sigmoid was left out of the export, "logits": true in the card's decoder applies it; else the card does not fit the output`;

/** The greatest value in some columns of each row, at least 0; NaN does not count. */
export function greatestOf(data: Float32Array, rowLength: number, first: number, last: number): number {
  let greatest = 0;
  for (let row = 0; row < data.length; row += rowLength) {
    for (let i = row + first; i < row + last; i++) if (data[i]! > greatest) greatest = data[i]!;
  }
  return greatest;
}

/**
 * Checks that boxes are in input pixels: fractions of the input would be tiny boxes in its corner.
 *
 * @param greatest Of all their values; 0 when there is no box.
 * @throws InputError.
 */
export function assertPixels(greatest: number): void {
  if (greatest === 0 || greatest > greatestNormalised) return;
  throw new InputError(
    `decoder: expected boxes in input pixels, their greatest number is ${greatest}: these are fractions of the input`,
  );
}

/** Boxes may reach beyond the picture. */
export const greatestNormalised = 2;

/** Applies the sigmoid to columns of each row, in place: an output belongs to the reader until the next run. */
export function applySigmoid(data: Float32Array, rowLength: number, first = 0, last = rowLength): void {
  for (let row = 0; row < data.length; row += rowLength) {
    for (let i = row + first; i < row + last; i++) data[i] = 1 / (1 + Math.exp(-data[i]!));
  }
}

function fits(actual: readonly (number | string)[], expected: readonly (number | undefined)[]): boolean {
  return (
    actual.length === expected.length &&
    expected.every((side, i) => {
      const given = actual[i];
      return side === undefined || typeof given !== 'number' || given <= 0 || given === side;
    })
  );
}

/** An output has another shape than the decoder reads. Its message ends with the number of labels, which `makeDecoder` adds. */
export class MisfitError extends InputError {
  constructor(
    name: string,
    actual: readonly (number | string)[],
    expected: readonly (number | undefined)[],
    what: string,
  ) {
    const wanted = expected.map((side) => side ?? 'any').join(', ');
    super(
      `decoder: expected output ${name} (${what}) to be [${wanted}], it is [${actual.join(', ')}]; ` +
        "check the card's input size, strides and number of labels",
    );
  }
}
