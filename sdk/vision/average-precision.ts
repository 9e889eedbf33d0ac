import { assertKind, assertShape, refuse } from '../base/arguments.ts';
import { assertDetections, type Detections } from './detections.ts';

/** A ground-truth object of a picture. */
export interface TrueObject {
  readonly classId: number;
  /** `[x1, y1, x2, y2]` in picture pixels. */
  readonly box: readonly [number, number, number, number];
}

/** The detections in a picture, and the ground truth. */
export interface EvaluatedPicture {
  readonly detections: Detections;
  readonly truth: readonly TrueObject[];
}

/** How well detections match what is in the pictures, as COCO measures it: each figure 0..1. */
export interface AveragePrecision {
  /** Mean over the IoU thresholds 0.50, 0.55 … 0.95 and the classes; NaN when there are no objects. */
  readonly ap: number;
  readonly ap50: number;
  readonly ap75: number;
  /** AP of objects below 32 x 32 pixels of the picture; NaN when there are none. */
  readonly apSmall: number;
  /** Of those from there to 96 x 96. */
  readonly apMedium: number;
  /** Of larger ones. */
  readonly apLarge: number;
  /** AP of each class that has objects, by class id. */
  readonly perClass: ReadonlyMap<number, number>;
}

/** As numpy's linspace computes them, so that boxes on the edge fall on the same side. */
const iouThresholds = Array.from({ length: 10 }, (_, i) => (i === 9 ? 0.95 : i * ((0.95 - 0.5) / 9) + 0.5));
const recallPoints = Array.from({ length: 101 }, (_, i) => i * 0.01);
const at50 = 0;
const at75 = 5;
const maxDetections = 100;

/** Areas from the first to the last are counted, square pixels; other objects, and what is found of them, are ignored. */
type Range = readonly [least: number, most: number];
const everySize: Range = [0, Number.POSITIVE_INFINITY];
const small: Range = [0, 32 ** 2];
const medium: Range = [32 ** 2, 96 ** 2];
const large: Range = [96 ** 2, Number.POSITIVE_INFINITY];

/**
 * COCO's average precision, as pycocotools computes it for boxes (at most 100 detections of a class in a picture, 101
 * recall points, no crowds; an object's area is that of its box).
 *
 * @example
 * const { ap, ap50 } = averagePrecision([{ detections: await model.detect(frame, { scoreThreshold: 0.01 }), truth }]);
 */
export function averagePrecision(pictures: readonly EvaluatedPicture[]): AveragePrecision {
  assertKind('averagePrecision', pictures, 'list');
  for (const one of pictures) {
    assertShape('averagePrecision: a picture', one, { truth: 'list' });
    assertDetections('averagePrecision: detections', one.detections);
    for (const object of one.truth) assertObject(object);
  }
  const classIds = new Set(pictures.flatMap(({ truth }) => truth.map(({ classId }) => classId)));
  const inOrder = [...classIds].sort((a, b) => a - b);
  const curves = new Map(inOrder.map((classId) => [classId, ofClass(pictures, classId, everySize)]));
  const all = [...curves.values()];
  const ofSize = (range: Range) =>
    mean(inOrder.map((classId) => mean(ofClass(pictures, classId, range))).filter((ap) => !Number.isNaN(ap)));
  return {
    ap: mean(all.map(mean)),
    ap50: mean(all.map((values) => values[at50]!)),
    ap75: mean(all.map((values) => values[at75]!)),
    apSmall: ofSize(small),
    apMedium: ofSize(medium),
    apLarge: ofSize(large),
    perClass: new Map([...curves].map(([classId, values]) => [classId, mean(values)])),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

interface Ranked {
  readonly score: number;
  /** Per IoU threshold: whether it matched an object that no better detection had matched; undefined: not counted. */
  readonly hits: readonly (boolean | undefined)[];
}

/** @throws InputError unless it is an object of the ground truth. */
function assertObject(object: unknown): void {
  assertShape('averagePrecision: a true object', object, { classId: 'finite', box: 'list' });
  const { box } = object as TrueObject;
  if (box.length !== 4 || !box.every(Number.isFinite)) refuse('averagePrecision: box', 'four finite numbers', box);
}

/** AP of one class at each IoU threshold; NaN without objects of this size. */
function ofClass(pictures: readonly EvaluatedPicture[], classId: number, range: Range): number[] {
  const ranked: Ranked[] = [];
  let objects = 0;
  for (const { detections, truth } of pictures) {
    const boxes = truth.filter((object) => object.classId === classId).map(({ box }) => box);
    // Those that count come first.
    const inside = boxes.filter((box) => isIn(areaOf(box), range));
    const outside = boxes.filter((box) => !isIn(areaOf(box), range));
    objects += inside.length;
    ranked.push(...match(detections, classId, [...inside, ...outside], inside.length, range));
  }
  if (objects === 0) return iouThresholds.map(() => Number.NaN);
  // Stable: of equal scores, the earlier picture's comes first.
  ranked.sort((a, b) => b.score - a.score);
  return iouThresholds.map((_, t) => {
    const counted = ranked.map(({ hits }) => hits[t]).filter((hit) => hit !== undefined);
    return areaUnderCurve(counted, objects);
  });
}

/**
 * Matches each detection of a class, best first, with the free object it overlaps most, and with one that is not counted
 * only where there is no other.
 *
 * @param counted The first so many boxes are counted.
 */
function match(
  detections: Detections,
  classId: number,
  boxes: readonly TrueObject['box'][],
  counted: number,
  range: Range,
): Ranked[] {
  const { xyxy, score } = detections;
  const rows: number[] = [];
  detections.classId.forEach((id, i) => {
    if (id === classId) rows.push(i);
  });
  rows.sort((a, b) => score[b]! - score[a]!);
  rows.length = Math.min(rows.length, maxDetections);
  const found = rows.map((i) => xyxy.subarray(i * 4, i * 4 + 4));
  const ious = found.map((row) => boxes.map((box) => overlap(row, box)));
  // What hit nothing is false, if it is of a size that counts.
  const misses = found.map((row) => (isIn(areaOf(row), range) ? false : undefined));
  const hits = misses.map((miss) => new Array<boolean | undefined>(iouThresholds.length).fill(miss));
  iouThresholds.forEach((threshold, t) => {
    const taken = new Set<number>();
    rows.forEach((_, row) => {
      let best = Math.min(threshold, 1 - 1e-10);
      let hit = -1;
      for (const [object, iou] of ious[row]!.entries()) {
        if (object === counted && hit !== -1) break;
        if (taken.has(object) || iou < best) continue;
        best = iou;
        hit = object;
      }
      if (hit === -1) return;
      taken.add(hit);
      hits[row]![t] = hit < counted ? true : undefined;
    });
  });
  return rows.map((i, row) => ({ score: score[i]!, hits: hits[row]! }));
}

const isIn = (area: number, [least, most]: Range) => area >= least && area <= most;

function areaOf(box: ArrayLike<number>): number {
  return (box[2]! - box[0]!) * (box[3]! - box[1]!);
}

function overlap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const width = Math.min(a[2]!, b[2]!) - Math.max(a[0]!, b[0]!);
  const height = Math.min(a[3]!, b[3]!) - Math.max(a[1]!, b[1]!);
  if (width <= 0 || height <= 0) return 0;
  const intersection = width * height;
  return intersection / (areaOf(a) + areaOf(b) - intersection);
}

/** The mean of the best precision at or above each recall point. */
function areaUnderCurve(ranked: readonly boolean[], objects: number): number {
  let hits = 0;
  const recall: number[] = [];
  const precision: number[] = [];
  ranked.forEach((hit, i) => {
    if (hit) hits++;
    recall.push(hits / objects);
    precision.push(hits / (i + 1));
  });
  for (let i = precision.length - 1; i > 0; i--) {
    if (precision[i]! > precision[i - 1]!) precision[i - 1] = precision[i]!;
  }
  let at = 0;
  return mean(
    recallPoints.map((point) => {
      while (at < recall.length && recall[at]! < point) at++;
      return precision[at] ?? 0;
    }),
  );
}
