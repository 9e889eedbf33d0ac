import type { BoxesKernels } from './boxes.ts';
import type { Candidates } from './candidates.ts';

/** The buffers of the candidates and how many there are. */
type Room = [boxes: Float32Array, scores: Float32Array, classIds: Int32Array, length: number];

/** What boxes/binding.cpp gives. Both decoders return the new length; more than there is room for is not written. */
export interface BoxesFunctions {
  decodeF32(
    head: Int32Array,
    scores: Float32Array,
    logits: Float32Array,
    threshold: number,
    multiLabel: boolean,
    ...room: Room
  ): number;
  /** @param quantisation Scale and zero point of the scores, then of the logits. */
  decodeU8(
    head: Int32Array,
    scores: Uint8Array,
    logits: Uint8Array,
    quantisation: Float64Array,
    threshold: number,
    multiLabel: boolean,
    ...room: Room
  ): number;
  classwiseNms(
    boxes: Float32Array,
    scores: Float32Array,
    classIds: Int32Array,
    length: number,
    iouThreshold: number,
    most: number,
    kept: Uint32Array,
  ): number;
}

export function nativeBoxes(functions: BoxesFunctions): BoxesKernels {
  return {
    distributions: ({ packed }, scores, logits, threshold, multiLabel, candidates) =>
      append(candidates, (...room) => functions.decodeF32(packed, scores, logits, threshold, multiLabel, ...room)),
    quantised({ packed }, scores, logits, threshold, multiLabel, candidates) {
      const of = Float64Array.of(scores.scale, scores.zeroPoint, logits.scale, logits.zeroPoint);
      append(candidates, (...room) =>
        functions.decodeU8(packed, scores.data, logits.data, of, threshold, multiLabel, ...room),
      );
    },
    classwiseNms(boxes, scores, classIds, length, iouThreshold, maxKept = length) {
      const kept = new Uint32Array(length);
      const most = Math.min(maxKept, length);
      return kept.slice(0, functions.classwiseNms(boxes, scores, classIds, length, iouThreshold, most, kept));
    },
  };
}

/** Once more with more room, where there was too little: seldom, since candidates keep their room from frame to frame. */
function append(candidates: Candidates, decode: (...room: Room) => number): void {
  const before = candidates.length;
  const run = () => decode(candidates.boxes, candidates.scores, candidates.classIds, before);
  let length = run();
  if (length > candidates.scores.length) {
    candidates.reserve(length);
    length = run();
  }
  candidates.length = length;
}
