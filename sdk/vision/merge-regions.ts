import { assertKind, assertShape, refuse, shown } from '../base/arguments.ts';
import type { Region, Size } from '../frame/letterbox.ts';
import { simplified } from './contour.ts';
import { assertDetections, Detections } from './detections.ts';
import { area, type Box, covered, iou, united } from './geometry.ts';
import { maxMaskPoints, type Shape, shapeOf } from './shape.ts';

/** What was found in one region of a frame. */
export interface RegionDetections {
  /** In frame pixels, inside the frame. */
  readonly region: Region;
  /** Boxes in frame pixels; those of one class suppressed among each other already. */
  readonly detections: Detections;
}

/** How detections of several regions are merged. */
export interface MergeOptions {
  /** IoU, 0..1, above which the lower-scored of two boxes of one class is removed. Default 0.6. */
  readonly iouThreshold?: number;
  /** At most this many, best first. Default: all. */
  readonly maxDetections?: number;
}

/** What several regions of one frame found, each object once. */
export interface MergedDetections {
  /** Best first. */
  readonly detections: Detections;
  /** Of each detection: whether it reaches an edge inside the frame of the only regions that saw it, so part of it may be missing. */
  readonly cut: readonly boolean[];
}

/**
 * Makes one list of what was found in several regions of one frame, which may overlap and contain each other: each
 * object once.
 *
 * - An object that a region's edge cuts loses to the one that another region has whole. The frame's own border cuts nothing.
 * - An object that no region has whole, since it is larger than all of them or lies between them, is put together from its
 *   pieces where these agree on what both see.
 * - Between regions, boxes of one object differ more than within one, so they need to overlap less to be the same; two that one
 *   region told apart stay two.
 * - Then class-wise non-maximum suppression over all.
 *
 * The result does not depend on the order of the regions.
 *
 * @param frame Its size, pixels.
 * @throws RangeError for a threshold that is not in 0..1, InputError for what are no detections.
 *
 * @example
 * const { detections } = mergeRegions([{ region: left, detections: inLeft }, { region: right, detections: inRight }], frame);
 */
export function mergeRegions(
  parts: readonly RegionDetections[],
  frame: Size,
  options: MergeOptions = {},
): MergedDetections {
  assertKind('mergeRegions: options', options, 'object');
  const { iouThreshold = 0.6, maxDetections = Number.POSITIVE_INFINITY } = options;
  assertParts(parts, frame, iouThreshold);
  const rows = parts.flatMap((part) => rowsOf(part, frame)).sort(byRank);
  const merged = Array.from(groupBy(rows, ({ classId }) => classId).values(), (some) => mergeClass(some, iouThreshold));
  const kept = withoutMisnamed(merged.flat()).sort(byRank).slice(0, maxDetections);
  const { labels } = parts[0]!.detections;
  const skeleton = parts.find(({ detections }) => detections.skeleton)?.detections.skeleton;
  return { detections: Detections.from(kept, labels, skeleton), cut: kept.map(({ cut }) => cut !== 0) };
}

/**
 * Whether a box in a region reaches one of the region's edges that lie inside the frame: part of the object may be beyond it.
 *
 * @param box `[x1, y1, x2, y2]`, frame pixels.
 * @param frame Its size, pixels.
 * @throws InputError for another argument.
 *
 * @example
 * isCut([700, 100, 800, 300], { x: 400, y: 0, width: 400, height: 400 }, { width: 1920, height: 1080 }); // true
 */
export function isCut(box: Box, region: Region, frame: Size): boolean {
  assertKind('isCut: box', box, 'list');
  if (box.length !== 4) refuse('isCut: box', 'four numbers', box);
  assertPlace('isCut', region, frame);
  return cutSides(box, region, frame) !== 0;
}

/** A detection with where it was seen. */
interface Row extends Shape {
  readonly box: Box;
  readonly score: number;
  readonly classId: number;
  readonly region: Region;
  /** Sides at which it is cut: left 1, top 2, right 4, bottom 8. */
  readonly cut: number;
}

/** Boxes of one object in two regions overlap this much at least, or one is inside the other by `nested` of its area. */
const sameIou = 0.45;
const nested = 0.8;
/** What of an object a region can see, and the piece it found there. */
const pieceIou = 0.5;
/** This fraction of a piece is inside the object it belongs to, however little the two overlap. */
const pieceInside = 0.7;
/** A whole object with less than this fraction of a piece's score is too doubtful to replace it. */
const doubtful = 0.2;
/** A piece of an object called otherwise is that object if its part there overlaps it this much. */
const misnamedIou = 0.7;

/** Pixels by which the border of a mask that was put together may move at least. */
const leastMove = 0.5;

/** How near a box comes to an edge that cuts it: a fraction of its own size, between two of the region's. */
const nearOfBox = 0.15;
const leastNear = 0.0025;
const mostNear = 0.02;

function rowsOf({ region, detections }: RegionDetections, frame: Size): Row[] {
  return Array.from(detections, (detection) => {
    const { box, score, classId } = detection;
    return { box, score, classId, ...shapeOf(detection), region, cut: cutSides(box, region, frame) };
  });
}

function cutSides([x1, y1, x2, y2]: Box, { x, y, width, height }: Region, frame: Size): number {
  const near = Math.sqrt((x2 - x1) * (y2 - y1)) * nearOfBox;
  const nearX = clamp(near, width * leastNear, width * mostNear);
  const nearY = clamp(near, height * leastNear, height * mostNear);
  return (
    (x > 0 && x1 <= x + nearX ? 1 : 0) |
    (y > 0 && y1 <= y + nearY ? 2 : 0) |
    (x + width < frame.width && x2 >= x + width - nearX ? 4 : 0) |
    (y + height < frame.height && y2 >= y + height - nearY ? 8 : 0)
  );
}

/** @param rows Of one class, by rank. */
function mergeClass(rows: readonly Row[], iouThreshold: number): Row[] {
  const whole = objectsOf(
    rows.filter(({ cut }) => cut === 0),
    iouThreshold,
  );
  const lone: Row[] = [];
  const scores = new Map(whole.map((one) => [one, one.score]));
  for (const piece of rows) {
    if (piece.cut === 0) continue;
    const owner = whole.find((one) => one.score >= doubtful * piece.score && isPieceOf(piece, one, iouThreshold));
    if (!owner) lone.push(piece);
    else scores.set(owner, Math.max(scores.get(owner)!, piece.score));
  }
  const believed = whole.filter(
    (one) => !lone.some((piece) => one.score < doubtful * piece.score && isPieceOf(piece, one, iouThreshold)),
  );
  const objects = [...believed.map((one) => ({ ...one, score: scores.get(one)! })), ...joined(lone)];
  return suppressed(objects.sort(byRank), iouThreshold);
}

/** Whole ones, each once. @param rows By rank. */
function objectsOf(rows: readonly Row[], iouThreshold: number): Row[] {
  const regions = groupBy(rows, ({ region }) => keyOf(region));
  const kept: Row[] = [];
  for (const row of rows) {
    const peers = regions.get(keyOf(row.region))!;
    const isKnown = kept.some((one) => {
      const overlap = iou(one.box, row.box);
      if (overlap > iouThreshold) return true;
      if (overlap === 0 || keyOf(one.region) === keyOf(row.region)) return false;
      // Of those that its region told apart only the nearest.
      return isSame(one.box, row.box, overlap) && peers.every(({ box }) => iou(one.box, box) <= overlap);
    });
    if (!isKnown) kept.push(row);
  }
  return kept;
}

function isSame(a: Box, b: Box, overlap: number): boolean {
  return overlap > sameIou || (overlap > sameIou / 2 && Math.max(covered(a, b), covered(b, a)) > nested);
}

function isPieceOf({ box, region }: Row, { box: whole }: Row, iouThreshold: number): boolean {
  return (
    iou(box, clipped(whole, region)) > pieceIou || covered(box, whole) > pieceInside || iou(box, whole) > iouThreshold
  );
}

/** Pieces of objects that nobody has whole, put together. @param pieces By rank. */
function joined(pieces: readonly Row[]): Row[] {
  const regions = groupBy(pieces, ({ region }) => keyOf(region));
  /** How well a piece agrees with its best partner in a region. */
  const best = (piece: Row, key: string) => Math.max(...regions.get(key)!.map((other) => agreement(piece, other)));
  const groups: Row[][] = [];
  for (const piece of pieces) {
    const key = keyOf(piece.region);
    const isPartner = (other: Row) => {
      const otherKey = keyOf(other.region);
      if (key === otherKey) return false;
      const agreed = agreement(piece, other);
      return agreed > pieceIou && agreed === best(piece, otherKey) && agreed === best(other, key);
    };
    const mine = groups.filter((group) => group.some(isPartner));
    for (const group of mine) groups.splice(groups.indexOf(group), 1);
    groups.push([piece, ...mine.flat()]);
  }
  return groups.map((group) => group.sort(byRank).reduce(unitedRow));
}

/** How much two pieces agree on what both of their regions see, 0..1. */
function agreement(a: Row, b: Row): number {
  // Beyond an edge that cuts it a piece goes on: so pieces of regions that only touch have something in common.
  const [first, second] = [a, b].map((one) => clipped(clipped(goingOn(one), grown(a.region)), grown(b.region)));
  const seen = iou(first!, second!);
  const inside = Math.max(covered(a.box, b.box), covered(b.box, a.box));
  return inside > pieceInside ? Math.max(inside, seen) : seen;
}

function goingOn({ box: [x1, y1, x2, y2], region: { width, height }, cut }: Row): Box {
  const [dx, dy] = [2 * mostNear * width, 2 * mostNear * height];
  return [cut & 1 ? x1 - dx : x1, cut & 2 ? y1 - dy : y1, cut & 4 ? x2 + dx : x2, cut & 8 ? y2 + dy : y2];
}

function grown({ x, y, width, height }: Region): Region {
  const [dx, dy] = [mostNear * width, mostNear * height];
  return { x: x - dx, y: y - dy, width: width + 2 * dx, height: height + 2 * dy };
}

function unitedRow(a: Row, b: Row): Row {
  const box = united(a.box, b.box);
  // A side that lies beyond the other's is cut or not as it was.
  const sides = [0, 1, 2, 3].filter((side) => {
    const outer = a.box[side] === box[side] ? a : b;
    return outer.cut & (1 << side);
  });
  const cut = sides.reduce((bits, side) => bits | (1 << side), 0);
  return { ...a, ...unitedShape(a, b), box, score: Math.max(a.score, b.score), cut };
}

/** Of each point what the surer piece tells; the masks of all pieces, since where they overlap is inside. */
function unitedShape(a: Shape, b: Shape): Shape {
  const keypoints = a.keypoints?.map((point, i) => {
    const other = b.keypoints?.[i];
    return other && other.score > point.score ? other : point;
  });
  const mask = a.mask && b.mask && simplified([...a.mask, ...b.mask], leastMove, maxMaskPoints);
  return shapeOf({ ...a, ...(keypoints && { keypoints }), ...(mask && { mask }) });
}

/** @param rows Of one class, by rank. */
function suppressed(rows: readonly Row[], iouThreshold: number): Row[] {
  const kept: Row[] = [];
  for (const row of rows) if (!kept.some(({ box }) => iou(box, row.box) > iouThreshold)) kept.push(row);
  return kept;
}

/** Without pieces of objects that are whole elsewhere, and surer under another name: legs alone look like much. */
function withoutMisnamed(rows: readonly Row[]): Row[] {
  return rows.filter(
    (piece) =>
      piece.cut === 0 ||
      !rows.some(
        ({ box, score, classId, cut }) =>
          cut === 0 &&
          classId !== piece.classId &&
          score >= piece.score &&
          iou(piece.box, clipped(box, piece.region)) > misnamedIou,
      ),
  );
}

function clipped([x1, y1, x2, y2]: Box, { x, y, width, height }: Region): Box {
  return [Math.max(x1, x), Math.max(y1, y), Math.min(x2, x + width), Math.min(y2, y + height)];
}

/** The better first; the rest makes the order one of the rows themselves, wherever they come from. */
function byRank(a: Row, b: Row): number {
  return (
    b.score - a.score ||
    area(b.box) - area(a.box) ||
    a.classId - b.classId ||
    a.box[0] - b.box[0] ||
    a.box[1] - b.box[1] ||
    a.box[2] - b.box[2] ||
    a.box[3] - b.box[3] ||
    a.region.width * a.region.height - b.region.width * b.region.height ||
    a.region.x - b.region.x ||
    a.region.y - b.region.y ||
    a.region.width - b.region.width
  );
}

const keyOf = ({ x, y, width, height }: Region) => `${x},${y},${width},${height}`;

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));

function groupBy<T, K>(values: readonly T[], keyOf: (value: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

function assertParts(parts: readonly RegionDetections[], frame: Size, iouThreshold: number): void {
  assertKind('mergeRegions', parts, 'list');
  if (parts.length === 0) throw new RangeError('mergeRegions: expected at least one region, got none');
  for (const part of parts) {
    assertShape('mergeRegions: a part', part, { region: 'object', detections: 'object' });
    assertPlace('mergeRegions', part.region, frame);
    assertDetections('mergeRegions: detections', part.detections);
  }
  if (!(typeof iouThreshold === 'number' && iouThreshold >= 0 && iouThreshold <= 1)) {
    throw new RangeError(`iouThreshold: expected 0..1, got ${shown(iouThreshold)}`);
  }
}

function assertPlace(what: string, region: Region, frame: Size): void {
  const sides = { width: 'finite', height: 'finite' } as const;
  assertShape(`${what}: region`, region, { x: 'finite', y: 'finite', ...sides });
  assertShape(`${what}: frame`, frame, sides, 'a frame, or its size');
}
