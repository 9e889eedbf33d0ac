import { type Static, Type } from '@sinclair/typebox';
import { InputError } from '../../base/errors.ts';
import { DistributionHead } from '../../kernels/boxes/boxes.ts';
import type { Candidates } from '../../kernels/boxes/candidates.ts';
import { kernels } from '../../kernels/kernels.ts';
import type { Tensor, TensorInfo } from '../engines/engine.ts';
import { bestOrAll, logits, Strides } from './card-fields.ts';
import {
  applySigmoid,
  assertScores,
  type DecodedModel,
  defineDecoder,
  findOutput,
  levelsOf,
  readOutput,
} from './decoder.ts';

type Tensors = ReadonlyMap<string, Tensor>;

/** Cells that are decoded together: of one level, or of all. */
interface Part {
  readonly head: DistributionHead;
  /** @param least Distributions of cells whose scores are all below it may be missing. */
  read(tensors: Tensors, least: number): { scores: Float32Array; distributions: Float32Array };
}

const NanoDetFields = Type.Object(
  {
    type: Type.Literal('nanodet'),
    strides: Strides,
    bins: Type.Integer({
      minimum: 2,
      maximum: 64,
      description: 'Bins of the distribution of each side (reg_max + 1).',
    }),
    output: Type.Optional(
      Type.String({
        description: 'The one output [1, cells, classes + 4 x bins] of NanoDet’s and NanoDet-Plus’ own exporter.',
      }),
    ),
    outputs: Type.Optional(
      Type.Object({
        scores: Type.Array(Type.String(), {
          minItems: 1,
          description: 'Class scores after the sigmoid, one tensor for all strides or one each.',
        }),
        boxes: Type.Array(Type.String(), {
          minItems: 1,
          description: 'Distribution logits (left, top, right, bottom), in the order of the scores.',
        }),
      }),
    ),
    centre: Type.Optional(
      Type.Union([Type.Literal(0), Type.Literal(0.5)], {
        description: 'Position of a box’s centre in its cell, in strides: 0.5 (NanoDet, PicoDet), or 0 (NanoDet-Plus).',
      }),
    ),
    classes: bestOrAll(
      'Whether a cell yields its best class only, or all that pass. Default: all where each stride has its own tensors, as PicoDet’s, else the best.',
    ),
    logits,
  },
  { additionalProperties: false },
);
type NanoDetFields = Static<typeof NanoDetFields>;

/**
 * NanoDet, NanoDet-Plus and PicoDet (Generalized Focal Loss, arXiv 2006.04388): class scores and the distribution of each
 * side per cell, in one tensor, in a pair of tensors for all strides, or in a pair for each.
 */
export const nanodet = defineDecoder(NanoDetFields, (fields, model, outputs) => {
  const { logits = false } = fields;
  const classes = model.labels.length;
  const isApart = (fields.outputs?.scores.length ?? 1) > 1;
  const countsAll = (fields.classes ?? (isApart ? 'all' : 'best')) === 'all';
  const parts = partsOf(model, fields, outputs);
  // The kernels take a centre to be in the middle of its cell.
  const shift = 0.5 - centreOf(fields, isApart);
  return {
    check(tensors) {
      for (const part of logits ? [] : parts) assertScores(part.read(tensors, Infinity).scores, classes);
    },
    decode(tensors, threshold, multiLabel, candidates) {
      for (const { head, read } of parts) {
        const { scores, distributions } = read(tensors, least(threshold, logits));
        if (logits) applySigmoid(scores, classes);
        const before = candidates.length;
        kernels.boxes.distributions(head, scores, distributions, threshold, multiLabel || countsAll, candidates);
        if (shift !== 0) moveBack(candidates, before, shift * head.levels[0]!.stride);
      }
    },
  };
});

/**
 * Minimum score to consider, as a logit if the sigmoid was left out: slightly less than the kernels', which round it.
 */
function least(threshold: number, logits: boolean): number {
  const share = Math.fround(threshold) - 1e-6;
  return logits ? Math.log(share / (1 - share)) : share;
}

/**
 * NanoDet and NanoDet-Plus write the same output, by default with three and with four strides, half a stride apart.
 */
function centreOf({ centre, strides }: NanoDetFields, isApart: boolean): number {
  if (centre !== undefined) return centre;
  if (isApart || strides.length < 4) return 0.5;
  throw new InputError(
    `decoder.centre: expected 0 (NanoDet-Plus: centres are at the corners of cells) or 0.5 (in their middle) when one tensor holds ${strides.length} strides, got none`,
  );
}

function partsOf(model: DecodedModel, fields: NanoDetFields, outputs: readonly TensorInfo[]): Part[] {
  const { strides, bins, outputs: names, output } = fields;
  const levels = levelsOf(model, strides);
  const heads = levels.map((level) => new DistributionHead([level], model.labels.length, bins));
  if (!names) return eachOf(heads, (head, first, cells) => interleaved(outputs, output, head, first, cells));
  if (output !== undefined) throw new InputError('decoder: expected output or outputs, got both');
  const { scores, boxes } = names;
  if (scores.length !== boxes.length || (scores.length !== 1 && scores.length !== strides.length)) {
    throw new InputError(
      `decoder.outputs: expected one tensor of scores and of boxes, or ${strides.length} of each (one a stride), got ${scores.length} and ${boxes.length}`,
    );
  }
  if (scores.length > 1) return heads.map((head, i) => pair(outputs, scores[i]!, boxes[i]!, head, 0, head.cells));
  if (fields.centre === 0) {
    return eachOf(heads, (head, first, cells) => pair(outputs, scores[0]!, boxes[0]!, head, first, cells));
  }
  const head = new DistributionHead(levels, model.labels.length, bins);
  return [pair(outputs, scores[0]!, boxes[0]!, head, 0, head.cells)];
}

/** Splits a tensor with all levels into one part each. */
function eachOf(
  heads: readonly DistributionHead[],
  partOf: (head: DistributionHead, first: number, cells: number) => Part,
): Part[] {
  const cells = heads.reduce((sum, head) => sum + head.cells, 0);
  let first = 0;
  return heads.map((head) => {
    const part = partOf(head, first, cells);
    first += head.cells;
    return part;
  });
}

/** Class scores and distributions in tensors of their own, of `cells` cells, of which the head's begin at `first`. */
function pair(
  outputs: readonly TensorInfo[],
  scores: string,
  boxes: string,
  head: DistributionHead,
  first: number,
  cells: number,
): Part {
  const { classes, bins } = head;
  const read = (tensors: Tensors, name: string, width: number, what: string) =>
    readOutput(tensors, name, [1, cells, width], what).data.subarray(first * width, (first + head.cells) * width);
  findOutput(outputs, scores, [1, cells, classes], 'class scores');
  findOutput(outputs, boxes, [1, cells, 4 * bins], 'distributions');
  return {
    head,
    read: (tensors) => ({
      scores: read(tensors, scores, classes, 'class scores'),
      distributions: read(tensors, boxes, 4 * bins, 'distributions'),
    }),
  };
}

/** Class scores followed by the distributions, row by row: of cells that pass, what the kernels read is copied. */
function interleaved(
  outputs: readonly TensorInfo[],
  output: string | undefined,
  head: DistributionHead,
  first: number,
  cells: number,
): Part {
  const { classes, bins } = head;
  const width = classes + 4 * bins;
  const what = 'class scores and distributions';
  const { name } = findOutput(outputs, output, [1, cells, width], what);
  const scores = new Float32Array(head.cells * classes);
  const distributions = new Float32Array(head.cells * 4 * bins);
  return {
    head,
    read(tensors, least) {
      const { data } = readOutput(tensors, name, [1, cells, width], what);
      for (let cell = 0; cell < head.cells; cell++) {
        const at = (first + cell) * width;
        let passes = false;
        for (let i = 0; i < classes; i++) {
          const score = data[at + i]!;
          scores[cell * classes + i] = score;
          passes ||= score >= least;
        }
        if (passes) distributions.set(data.subarray(at + classes, at + width), cell * 4 * bins);
      }
      return { scores, distributions };
    },
  };
}

function moveBack({ boxes, length }: Candidates, from: number, pixels: number): void {
  for (let i = from * 4; i < length * 4; i++) boxes[i]! -= pixels;
}
