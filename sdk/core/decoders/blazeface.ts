import { Type } from '@sinclair/typebox';
import { InputError } from '../../base/errors.ts';
import { type Box, iou } from '../../vision/geometry.ts';
import { logits, Strides } from './card-fields.ts';
import { applySigmoid, assertScores, cellsOf, defineDecoder, findOutput, levelsOf, readOutput } from './decoder.ts';

const defaultOverlap = 0.3;
/** Beyond this, a sigmoid is 0 or 1 in single precision. */
const greatestLogit = 100;

/** What was found of one object: x1, y1, x2, y2, then x and y of each keypoint; input pixels. */
interface Hit {
  readonly place: Float32Array;
  readonly score: number;
}

/**
 * BlazeFace (arXiv 1907.05047) and its relatives: for each anchor the offsets of the box's centre, its size, and the offsets of
 * its keypoints, all in pixels of the input; and one score. Anchors are points in the middle of cells, several for each.
 *
 * Boxes that overlap are not suppressed but blended, weighted by their scores, as the paper has it: so a face jitters less from
 * frame to frame.
 */
export const blazeface = defineDecoder(
  Type.Object(
    {
      type: Type.Literal('blazeface'),
      strides: Strides,
      anchors: Type.Array(Type.Integer({ minimum: 1, maximum: 64 }), {
        minItems: 1,
        maxItems: 16,
        description: 'How many boxes a cell of each stride has. Layers of one stride count together.',
      }),
      outputs: Type.Object(
        { boxes: Type.String(), scores: Type.String() },
        { additionalProperties: false, description: '[1, N, 4 + 2 x keypoints] and [1, N, 1].' },
      ),
      overlap: Type.Optional(
        Type.Number({
          minimum: 0,
          maximum: 1,
          description: `IoU above which boxes are blended into one. Default: ${defaultOverlap}.`,
        }),
      ),
      logits,
    },
    {
      additionalProperties: false,
      description: 'Offsets of centre, size and keypoints from anchors, in input pixels, and a score for each.',
    },
  ),
  (fields, model, outputs) => {
    const { strides, anchors, outputs: names, overlap = defaultOverlap, logits = false } = fields;
    if (anchors.length !== strides.length) {
      throw new InputError(`decoder.anchors: expected ${strides.length}, one for each stride, got ${anchors.length}`);
    }
    if (model.labels.length !== 1) {
      throw new InputError(
        `labels: expected one, as these networks find one kind of thing, got ${model.labels.length}`,
      );
    }
    const points = model.keypoints?.names.length ?? 0;
    const width = 4 + 2 * points;
    const places = placesOf(model, strides, anchors);
    const count = places.length / 2;
    const boxes = { name: names.boxes, shape: [1, count, width], what: 'box and keypoints per anchor' };
    const scores = { name: names.scores, shape: [1, count, 1], what: 'score per anchor' };
    for (const { name, shape, what } of [boxes, scores]) findOutput(outputs, name, shape, what);
    let found: Hit[] = [];
    return {
      suppressed: true,
      check(tensors) {
        if (!logits) assertScores(readOutput(tensors, scores.name, scores.shape, scores.what).data, 1);
      },
      decode(tensors, threshold, _multiLabel, candidates) {
        const offsets = readOutput(tensors, boxes.name, boxes.shape, boxes.what).data;
        const certain = readOutput(tensors, scores.name, scores.shape, scores.what).data;
        if (logits) {
          for (const [i, logit] of certain.entries())
            certain[i] = Math.max(-greatestLogit, Math.min(greatestLogit, logit));
          applySigmoid(certain, 1);
        }
        const hits: Hit[] = [];
        for (let i = 0; i < count; i++) {
          const score = certain[i]!;
          if (score >= threshold) hits.push({ place: placed(offsets, i, width, places), score });
        }
        found = blended(hits, overlap);
        for (const [i, { place, score }] of found.entries()) {
          candidates.push(place[0]!, place[1]!, place[2]!, place[3]!, score, 0, i);
        }
      },
      ...(points > 0 && {
        shapes(_tensors, { origins, length }) {
          const keypoints = new Float32Array(length * points * 3);
          for (let row = 0; row < length; row++) {
            const { place } = found[origins[row]!]!;
            for (let i = 0; i < points; i++) {
              // The network tells no scores of its own for points.
              keypoints.set([place[4 + 2 * i]!, place[5 + 2 * i]!, 1], (row * points + i) * 3);
            }
          }
          return { keypoints };
        },
      }),
    };
  },
);

/** x and y of each anchor, input pixels. */
function placesOf(model: Parameters<typeof levelsOf>[0], strides: readonly number[], anchors: readonly number[]) {
  const levels = levelsOf(model, strides);
  const places: number[] = [];
  for (const [i, { stride, columns }] of levels.entries()) {
    for (let cell = 0; cell < cellsOf([levels[i]!]); cell++) {
      const [x, y] = [((cell % columns) + 0.5) * stride, (Math.floor(cell / columns) + 0.5) * stride];
      for (let n = 0; n < anchors[i]!; n++) places.push(x, y);
    }
  }
  return Float32Array.from(places);
}

function placed(offsets: Float32Array, i: number, width: number, places: Float32Array): Float32Array {
  const place = offsets.slice(i * width, (i + 1) * width);
  const [x, y] = [places[2 * i]!, places[2 * i + 1]!];
  const [centreX, centreY, w, h] = [x + place[0]!, y + place[1]!, place[2]!, place[3]!];
  place.set([centreX - w / 2, centreY - h / 2, centreX + w / 2, centreY + h / 2]);
  for (let at = 4; at < width; at += 2) {
    place[at]! += x;
    place[at + 1]! += y;
  }
  return place;
}

/** Each group of boxes that overlap its best one becomes their mean, weighted by score; the score is the best one's. */
function blended(hits: readonly Hit[], overlap: number): Hit[] {
  let left = [...hits].sort((a, b) => b.score - a.score);
  const groups: Hit[] = [];
  while (left.length > 0) {
    const best = left[0]!;
    const isSame = (one: Hit) => one === best || iou(boxOf(one), boxOf(best)) > overlap;
    const same = left.filter(isSame);
    left = left.filter((one) => !isSame(one));
    const weight = same.reduce((sum, { score }) => sum + score, 0);
    const place = best.place.map((_, i) => same.reduce((sum, one) => sum + one.score * one.place[i]!, 0) / weight);
    groups.push({ place, score: best.score });
  }
  return groups;
}

const boxOf = ({ place }: Hit) => place.subarray(0, 4) as unknown as Box;
