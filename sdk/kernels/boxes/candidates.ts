/**
 * Boxes that passed the threshold, before non-maximum suppression: a structure of arrays that grows and is reused for
 * each frame.
 */
export class Candidates {
  /** `[x1, y1, x2, y2]` each, in input pixels. */
  boxes = new Float32Array(256 * 4);
  scores = new Float32Array(256);
  classIds = new Int32Array(256);
  /** Where a decoder read each, in its own terms; kernels leave it as it is. */
  origins = new Int32Array(256);
  length = 0;

  /** Empties it; its memory stays. */
  clear(): void {
    this.length = 0;
  }

  /**
   * Adds a box, in input pixels, and its score, 0..1.
   *
   * @param origin Where it was read, so that the decoder finds what else is known of it. Default: 0.
   */
  push(x1: number, y1: number, x2: number, y2: number, score: number, classId: number, origin = 0): void {
    const i = this.length++;
    if (i === this.scores.length) this.reserve(this.length);
    this.boxes[i * 4] = x1;
    this.boxes[i * 4 + 1] = y1;
    this.boxes[i * 4 + 2] = x2;
    this.boxes[i * 4 + 3] = y2;
    this.scores[i] = score;
    this.classIds[i] = classId;
    this.origins[i] = origin;
  }

  /** Reserves room for this many in total. Typed arrays obtained earlier become stale. */
  reserve(length: number): void {
    const size = Math.max(length, 2 * this.scores.length);
    const { boxes, scores, classIds, origins } = this;
    this.boxes = new Float32Array(size * 4);
    this.boxes.set(boxes);
    this.scores = new Float32Array(size);
    this.scores.set(scores);
    this.classIds = new Int32Array(size);
    this.classIds.set(classIds);
    this.origins = new Int32Array(size);
    this.origins.set(origins);
  }
}
