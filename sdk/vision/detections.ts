import { assertKind, assertShape } from '../base/arguments.ts';

/** One row of `Detections`, for reading. */
export interface Detection {
  /** `[x1, y1, x2, y2]` in frame pixels. */
  readonly box: readonly [number, number, number, number];
  /** 0..1. */
  readonly score: number;
  readonly classId: number;
  readonly label: string;
  /** The track's number, or -1 before tracking. */
  readonly trackId: number;
}

export interface DetectionsInit {
  readonly xyxy: Float32Array;
  readonly score: Float32Array;
  readonly classId: Int32Array;
  /** -1 where a detection has no track. Default: all -1. */
  readonly trackId?: Int32Array;
  /** One row per detection, `embedding.length / length` numbers each. */
  readonly embedding?: Float32Array;
  /** The names of the classes, by class id. */
  readonly labels: readonly string[];
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

  /** Makes `Detections` from rows, for tests and detectors of your own. */
  static from(
    rows: Iterable<{ box: readonly number[]; score: number; classId: number; trackId?: number }>,
    labels: readonly string[],
  ): Detections {
    assertKind('Detections.from: rows', rows, 'many');
    const all = [...rows];
    for (const row of all)
      assertShape('Detections.from: a row', row, { box: 'list', score: 'number', classId: 'number' });
    return new Detections({
      xyxy: Float32Array.from(all.flatMap((row) => row.box)),
      score: Float32Array.from(all, (row) => row.score),
      classId: Int32Array.from(all, (row) => row.classId),
      trackId: Int32Array.from(all, (row) => row.trackId ?? -1),
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
    };
  }

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
      labels: this.labels,
    });
  }

  filter(keep: (detection: Detection, index: number) => boolean): Detections {
    assertKind('filter', keep, 'function');
    const rows: number[] = [];
    for (let i = 0; i < this.length; i++) if (keep(this.at(i), i)) rows.push(i);
    return rows.length === this.length ? this : this.select(rows);
  }

  /**
   * For `JSON.stringify`: a row per detection, `{ label, score, box }`, with `track_id` once it is tracked. Scores to
   * four digits, boxes to a tenth of a pixel.
   *
   * @example
   * JSON.stringify(found); // [{"label":"cat","score":0.9312,"box":[12,40.5,220.1,300]}]
   */
  toJSON(): { label: string; score: number; box: number[]; track_id?: number }[] {
    return Array.from(this, ({ label, score, box, trackId }) => ({
      label,
      score: Number(score.toFixed(4)),
      box: box.map((value) => Number(value.toFixed(1))),
      ...(trackId >= 0 && { track_id: trackId }),
    }));
  }

  withTrackIds(trackId: Int32Array): Detections {
    return new Detections({ ...this, trackId });
  }
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
