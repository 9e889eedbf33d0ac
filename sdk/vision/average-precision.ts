import { assertKind, assertShape } from '../base/arguments.ts';
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

export interface AveragePrecision {
  /** Mean over the IoU thresholds 0.50, 0.55 … 0.95 and the classes; NaN when there are no objects. */
  readonly ap: number;
  readonly ap50: number;
  readonly ap75: number;
  /** AP of each class that has objects, by class id. */
  readonly perClass: ReadonlyMap<number, number>;
}

/** As numpy's linspace computes them, so that boxes on the edge fall on the same side. */
const iouThresholds = Array.from({ length: 10 }, (_, i) => (i === 9 ? 0.95 : i * ((0.95 - 0.5) / 9) + 0.5));
const recallPoints = Array.from({ length: 101 }, (_, i) => i * 0.01);
const at50 = 0;
const at75 = 5;
const maxDetections = 100;

/**
 * COCO's average precision, as pycocotools computes it for boxes (area: all, at most 100 detections of a class in a
 * picture, 101 recall points, no crowds).
 *
 * @example
 * const { ap, ap50 } = averagePrecision([{ detections: await model.detect(frame, { scoreThreshold: 0.01 }), truth }]);
 */
export function averagePrecision(pictures: readonly EvaluatedPicture[]): AveragePrecision {
  assertKind('averagePrecision', pictures, 'list');
  for (const one of pictures) {
    assertShape('averagePrecision: a picture', one, { truth: 'list' });
    assertDetections('averagePrecision: detections', one.detections);
  }
  const classIds = new Set(pictures.flatMap(({ truth }) => truth.map(({ classId }) => classId)));
  const curves = new Map([...classIds].sort((a, b) => a - b).map((classId) => [classId, ofClass(pictures, classId)]));
  const all = [...curves.values()];
  return {
    ap: mean(all.map(mean)),
    ap50: mean(all.map((values) => values[at50]!)),
    ap75: mean(all.map((values) => values[at75]!)),
    perClass: new Map([...curves].map(([classId, values]) => [classId, mean(values)])),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

interface Ranked {
  readonly score: number;
  /** Per IoU threshold: whether it matched an object that no better detection had matched. */
  readonly hits: readonly boolean[];
}

/** AP of one class at each IoU threshold. */
function ofClass(pictures: readonly EvaluatedPicture[], classId: number): number[] {
  const ranked: Ranked[] = [];
  let objects = 0;
  for (const { detections, truth } of pictures) {
    const boxes = truth.filter((object) => object.classId === classId).map(({ box }) => box);
    objects += boxes.length;
    ranked.push(...match(detections, classId, boxes));
  }
  // Stable: of equal scores, the earlier picture's comes first.
  ranked.sort((a, b) => b.score - a.score);
  return iouThresholds.map((_, t) => areaUnderCurve(ranked, t, objects));
}

/** Matches each detection of a class, best first, with the free object it overlaps most. */
function match(detections: Detections, classId: number, boxes: readonly TrueObject['box'][]): Ranked[] {
  const { xyxy, score } = detections;
  const rows: number[] = [];
  detections.classId.forEach((id, i) => {
    if (id === classId) rows.push(i);
  });
  rows.sort((a, b) => score[b]! - score[a]!);
  rows.length = Math.min(rows.length, maxDetections);
  const ious = rows.map((i) => boxes.map((box) => overlap(xyxy.subarray(i * 4, i * 4 + 4), box)));
  const hits = rows.map(() => new Array<boolean>(iouThresholds.length).fill(false));
  iouThresholds.forEach((threshold, t) => {
    const taken = new Set<number>();
    rows.forEach((_, row) => {
      let best = Math.min(threshold, 1 - 1e-10);
      let found = -1;
      ious[row]!.forEach((iou, object) => {
        if (taken.has(object) || iou < best) return;
        best = iou;
        found = object;
      });
      if (found === -1) return;
      taken.add(found);
      hits[row]![t] = true;
    });
  });
  return rows.map((i, row) => ({ score: score[i]!, hits: hits[row]! }));
}

function overlap(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const width = Math.min(a[2]!, b[2]!) - Math.max(a[0]!, b[0]!);
  const height = Math.min(a[3]!, b[3]!) - Math.max(a[1]!, b[1]!);
  if (width <= 0 || height <= 0) return 0;
  const intersection = width * height;
  const area = (box: ArrayLike<number>) => (box[2]! - box[0]!) * (box[3]! - box[1]!);
  return intersection / (area(a) + area(b) - intersection);
}

/** The mean of the best precision at or above each recall point. */
function areaUnderCurve(ranked: readonly Ranked[], threshold: number, objects: number): number {
  let hits = 0;
  const recall: number[] = [];
  const precision: number[] = [];
  ranked.forEach(({ hits: hit }, i) => {
    if (hit[threshold]) hits++;
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
