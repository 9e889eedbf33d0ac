import { assertKind, assertShape } from '../base/arguments.ts';
import { type Keypoint, type Mask, type PlainShape, roundedShape, type Shape, type Skeleton } from './shape.ts';

/** One row of `Detections`, for reading: with keypoints or a mask where the network tells them. */
export interface Detection extends Shape {
  /** `[x1, y1, x2, y2]` in frame pixels. */
  readonly box: readonly [number, number, number, number];
  /** 0..1. */
  readonly score: number;
  readonly classId: number;
  readonly label: string;
  /** The track's number, or -1 before tracking. */
  readonly trackId: number;
}

/** What `Detections` are made of, one row per detection: `xyxy` has four numbers each, in pixels of the frame, `score` 0..1. */
export interface DetectionsInit {
  readonly xyxy: Float32Array;
  readonly score: Float32Array;
  readonly classId: Int32Array;
  /** -1 where a detection has no track. Default: all -1. */
  readonly trackId?: Int32Array;
  /** One row per detection, `embedding.length / length` numbers each. */
  readonly embedding?: Float32Array;
  /** x, y (frame pixels) and score (0..1) of each keypoint of each detection; 3 x `skeleton.names.length` numbers each. */
  readonly keypoints?: Float32Array;
  /** The names of the keypoints, and which are joined; required with `keypoints`. */
  readonly skeleton?: Skeleton;
  /** The outline of each detection, frame pixels. */
  readonly masks?: readonly Mask[];
  /** The names of the classes, by class id. */
  readonly labels: readonly string[];
}

/** One row of `Detections.from`. */
export interface DetectionRow extends Pick<Shape, 'keypoints' | 'mask'> {
  readonly box: readonly number[];
  readonly score: number;
  readonly classId: number;
  readonly trackId?: number;
}

/**
 * The objects found in one frame, as a structure of arrays. Immutable: every operation returns a new one.
 *
 * @example
 * const cats = detections.filter((d) => d.label === 'cat' && d.score > 0.6);
 * for (const { label, score, box } of cats) console.log(label, score, box);
 */
export class Detections implements Iterable<Detection> {
  /** `[x1, y1, x2, y2]` of each detection in turn, frame pixels; 4 x length. */
  readonly xyxy: Float32Array;
  readonly score: Float32Array;
  readonly classId: Int32Array;
  readonly trackId: Int32Array;
  readonly embedding?: Float32Array;
  readonly keypoints?: Float32Array;
  readonly skeleton?: Skeleton;
  readonly masks?: readonly Mask[];
  readonly labels: readonly string[];

  /**
   * @throws RangeError when the arrays do not fit each other or hold a value out of range, with the expected and the
   * actual value.
   */
  constructor(init: DetectionsInit) {
    assertShape('Detections', init, { xyxy: 'list', score: 'list', classId: 'list', labels: 'list' });
    const length = init.score.length;
    const expect = (name: string, actual: number, expected: number) => {
      if (actual !== expected) {
        throw new RangeError(`${name} of ${length} detections: expected ${expected} values, got ${actual}`);
      }
    };
    expect('xyxy', init.xyxy.length, length * 4);
    expect('classId', init.classId.length, length);
    if (init.trackId) expect('trackId', init.trackId.length, length);
    if (init.embedding && (length === 0 ? init.embedding.length !== 0 : init.embedding.length % length !== 0)) {
      throw new RangeError(`embedding: expected a multiple of ${length} values, got ${init.embedding.length}`);
    }
    assertShapes(init, expect);
    for (let i = 0; i < length; i++) {
      const x1 = init.xyxy[i * 4]!;
      const y1 = init.xyxy[i * 4 + 1]!;
      const x2 = init.xyxy[i * 4 + 2]!;
      const y2 = init.xyxy[i * 4 + 3]!;
      // Written so that NaN fails as well.
      if (!(x1 <= x2 && y1 <= y2 && Number.isFinite(x2 - x1) && Number.isFinite(y2 - y1))) {
        throw new RangeError(`box ${i}: expected finite x1 <= x2 and y1 <= y2, got [${[x1, y1, x2, y2].join(', ')}]`);
      }
      const score = init.score[i]!;
      if (!(score >= 0 && score <= 1)) throw new RangeError(`score ${i}: expected 0..1, got ${score}`);
      const classId = init.classId[i]!;
      if (!(classId >= 0 && classId < init.labels.length)) {
        throw new RangeError(`class id ${i}: expected 0..${init.labels.length - 1}, got ${classId}`);
      }
    }
    this.xyxy = init.xyxy;
    this.score = init.score;
    this.classId = init.classId;
    this.trackId = init.trackId ?? new Int32Array(length).fill(-1);
    this.embedding = init.embedding;
    if (init.keypoints && init.skeleton) {
      this.keypoints = init.keypoints;
      this.skeleton = init.skeleton;
    }
    if (init.masks) this.masks = init.masks;
    this.labels = init.labels;
  }

  /** No detections of a model with these labels. */
  static empty(labels: readonly string[]): Detections {
    return new Detections({
      xyxy: new Float32Array(0),
      score: new Float32Array(0),
      classId: new Int32Array(0),
      labels,
    });
  }

  /**
   * Makes `Detections` from rows, for tests and detectors of your own.
   *
   * @param skeleton Of the rows' keypoints. Default: their names, none of them joined.
   * @throws RangeError as the constructor does, and when only some rows have keypoints or a mask, or not the same keypoints.
   */
  static from(rows: Iterable<DetectionRow>, labels: readonly string[], skeleton?: Skeleton): Detections {
    assertKind('Detections.from: rows', rows, 'many');
    const all = [...rows];
    for (const row of all) assertRow(row);
    return new Detections({
      xyxy: Float32Array.from(all.flatMap((row) => row.box)),
      score: Float32Array.from(all, (row) => row.score),
      classId: Int32Array.from(all, (row) => row.classId),
      trackId: Int32Array.from(all, (row) => row.trackId ?? -1),
      ...shapesOf(all, skeleton),
      labels,
    });
  }

  /** Concatenates several, in order. They must share one list of labels. */
  static merge(parts: readonly Detections[]): Detections {
    assertKind('merge', parts, 'list');
    const first = parts[0];
    for (const part of parts) assertDetections('merge', part);
    if (!first) throw new RangeError('merge: expected at least one Detections, got none');
    const other = parts.find(({ labels }) => labels !== first.labels && labels.join('\n') !== first.labels.join('\n'));
    if (other) throw new RangeError('merge: expected the same labels in each part');
    const withEmbedding = parts.filter((part) => part.length > 0).every((part) => part.embedding);
    return new Detections({
      xyxy: concatenate(
        Float32Array,
        parts.map((part) => part.xyxy),
      ),
      score: concatenate(
        Float32Array,
        parts.map((part) => part.score),
      ),
      classId: concatenate(
        Int32Array,
        parts.map((part) => part.classId),
      ),
      trackId: concatenate(
        Int32Array,
        parts.map((part) => part.trackId),
      ),
      embedding: withEmbedding
        ? concatenate(
            Float32Array,
            parts.map((part) => part.embedding ?? new Float32Array(0)),
          )
        : undefined,
      ...mergedShapes(parts),
      labels: first.labels,
    });
  }

  get length(): number {
    return this.score.length;
  }

  /** @throws RangeError when there is no such row. */
  at(index: number): Detection {
    if (!(index >= 0 && index < this.length)) {
      throw new RangeError(`detection: expected an index below ${this.length}, got ${index}`);
    }
    const classId = this.classId[index]!;
    return {
      box: [this.xyxy[index * 4]!, this.xyxy[index * 4 + 1]!, this.xyxy[index * 4 + 2]!, this.xyxy[index * 4 + 3]!],
      score: this.score[index]!,
      classId,
      label: this.labels[classId]!,
      trackId: this.trackId[index]!,
      ...this.#shapeAt(index),
    };
  }

  #shapeAt(index: number): Shape {
    const { keypoints, skeleton, masks } = this;
    return {
      ...(keypoints && skeleton && { keypoints: pointsOf(keypoints, index, skeleton), skeleton: skeleton.edges }),
      ...(masks && { mask: masks[index]! }),
    };
  }

  /** Each detection as an object, in the order of the rows. */
  *[Symbol.iterator](): Iterator<Detection> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }

  /** The rows with these indices, in this order. */
  select(indices: ArrayLike<number>): Detections {
    assertKind('select: indices', indices, 'list');
    const rows = Array.from(indices);
    const dimension = this.embedding && this.length > 0 ? this.embedding.length / this.length : 0;
    const pick = (source: Float32Array, width: number) => {
      const target = new Float32Array(rows.length * width);
      rows.forEach((row, i) => {
        target.set(source.subarray(row * width, (row + 1) * width), i * width);
      });
      return target;
    };
    return new Detections({
      xyxy: pick(this.xyxy, 4),
      score: Float32Array.from(rows, (row) => this.score[row]!),
      classId: Int32Array.from(rows, (row) => this.classId[row]!),
      trackId: Int32Array.from(rows, (row) => this.trackId[row]!),
      embedding: this.embedding ? pick(this.embedding, dimension) : undefined,
      ...(this.keypoints && {
        keypoints: pick(this.keypoints, 3 * this.skeleton!.names.length),
        skeleton: this.skeleton!,
      }),
      ...(this.masks && { masks: rows.map((row) => this.masks![row]!) }),
      labels: this.labels,
    });
  }

  /**
   * Those that are kept, in the same order; the same object where all are.
   *
   * @example
   * const sure = found.filter(({ label, score }) => label === 'cat' && score > 0.7);
   */
  filter(keep: (detection: Detection, index: number) => boolean): Detections {
    assertKind('filter', keep, 'function');
    const rows: number[] = [];
    for (let i = 0; i < this.length; i++) if (keep(this.at(i), i)) rows.push(i);
    return rows.length === this.length ? this : this.select(rows);
  }

  /**
   * For `JSON.stringify`: a row per detection, `{ label, score, box }`, with `track_id` once it is tracked, and `keypoints`
   * and `mask` where the network tells them. Scores to four digits, positions to a tenth of a pixel.
   *
   * @example
   * JSON.stringify(found); // [{"label":"cat","score":0.9312,"box":[12,40.5,220.1,300]}]
   */
  toJSON(): ({ label: string; score: number; box: number[]; track_id?: number } & PlainShape)[] {
    return Array.from(this, ({ label, score, box, trackId, ...shape }) => ({
      label,
      score: Number(score.toFixed(4)),
      box: box.map((value) => Number(value.toFixed(1))),
      ...(trackId >= 0 && { track_id: trackId }),
      ...roundedShape(shape),
    }));
  }

  /** The same detections with other track ids. @param trackId One per detection, -1 where it has none. @throws RangeError when it has another length. */
  withTrackIds(trackId: Int32Array): Detections {
    return new Detections({ ...this, trackId });
  }
}

type Expect = (name: string, actual: number, expected: number) => void;

function assertShapes({ score, keypoints, skeleton, masks }: DetectionsInit, expect: Expect): void {
  if (masks) expect('masks', masks.length, score.length);
  if (!keypoints) return;
  if (!skeleton) throw new RangeError('keypoints: expected a skeleton with their names, got none');
  assertShape(
    'skeleton',
    skeleton,
    { names: 'list', edges: 'list' },
    'the names of the keypoints, and which are joined',
  );
  expect('keypoints', keypoints.length, score.length * 3 * skeleton.names.length);
  if (!keypoints.every(Number.isFinite)) throw new RangeError('keypoints: expected finite numbers');
  for (let i = 2; i < keypoints.length; i += 3) {
    if (!(keypoints[i]! >= 0 && keypoints[i]! <= 1)) {
      throw new RangeError(`score of a keypoint: expected 0..1, got ${keypoints[i]}`);
    }
  }
}

/** What it is made of; whether the values fit each other, the constructor looks at. @throws InputError */
function assertRow(row: unknown): asserts row is DetectionRow {
  const shape = { box: 'list', score: 'number', classId: 'number', trackId: 'number?', keypoints: 'list?' } as const;
  assertShape('Detections.from: a row', row, shape);
  for (const point of (row as DetectionRow).keypoints ?? []) {
    assertShape('Detections.from: a keypoint', point, { name: 'text' });
  }
}

function pointsOf(keypoints: Float32Array, index: number, { names }: Skeleton): Keypoint[] {
  return names.map((name, i) => {
    const at = (index * names.length + i) * 3;
    return { name, x: keypoints[at]!, y: keypoints[at + 1]!, score: keypoints[at + 2]! };
  });
}

/** The shapes of rows, of which each has what the others have. */
function shapesOf(
  rows: readonly DetectionRow[],
  skeleton: Skeleton = { names: rows[0]?.keypoints?.map(({ name }) => name) ?? [], edges: [] },
): Pick<DetectionsInit, 'keypoints' | 'skeleton' | 'masks'> {
  const pointed = rows.filter(({ keypoints }) => keypoints);
  const masked = rows.flatMap(({ mask }) => (mask ? [mask] : []));
  const names = skeleton.names.join('\n');
  const odd = pointed.find(({ keypoints }) => keypoints!.map(({ name }) => name).join('\n') !== names);
  if (odd || (pointed.length > 0 && pointed.length < rows.length)) {
    throw new RangeError(`keypoints: expected ${skeleton.names.join(', ')} in each row, or keypoints in none`);
  }
  if (masked.length > 0 && masked.length < rows.length)
    throw new RangeError('mask: expected one in each row, or in none');
  return {
    ...(pointed.length > 0 && {
      keypoints: Float32Array.from(
        pointed.flatMap(({ keypoints }) => keypoints!.flatMap(({ x, y, score }) => [x, y, score])),
      ),
      skeleton,
    }),
    ...(masked.length > 0 && { masks: masked }),
  };
}

/** The shapes of several: those that all have that are not empty. */
function mergedShapes(parts: readonly Detections[]): Pick<DetectionsInit, 'keypoints' | 'skeleton' | 'masks'> {
  const filled = parts.filter(({ length }) => length > 0);
  const skeleton = filled[0]?.skeleton;
  const names = skeleton?.names.join('\n');
  const isPointed = skeleton && filled.every((part) => part.skeleton?.names.join('\n') === names);
  const isMasked = filled.length > 0 && filled.every(({ masks }) => masks);
  return {
    ...(isPointed && {
      keypoints: concatenate(
        Float32Array,
        filled.map((part) => part.keypoints!),
      ),
      skeleton,
    }),
    ...(isMasked && { masks: filled.flatMap(({ masks }) => masks!) }),
  };
}

/** @throws InputError unless they are detections; those from another copy of this package will do. */
export function assertDetections(what: string, value: unknown): void {
  if (value instanceof Detections) return;
  assertShape(what, value, { xyxy: 'list', score: 'list', classId: 'list', select: 'function' }, 'Detections');
}

function concatenate<T extends Float32Array | Int32Array>(make: new (length: number) => T, parts: T[]): T {
  const result = new make(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}
