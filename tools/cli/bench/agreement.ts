import { type Box, iou } from '../../../sdk/vision/geometry.ts';

/** What a network said of a picture: boxes, an embedding, or a label. */
export interface Answer {
  readonly boxes?: readonly { readonly label: string; readonly box: Box }[];
  readonly embedding?: readonly number[];
  readonly label?: string;
}

/** Boxes of one label that overlap by at least this share are the same. */
const same = 0.5;

/**
 * How far two engines agree on the same pictures: of detections the F1 score, of embeddings the mean cosine similarity, of
 * labels the share that is equal. 1 where neither finds anything.
 *
 * @throws RangeError when they are not of the same pictures.
 */
export function agreementOf(answers: readonly Answer[], others: readonly Answer[]): number {
  if (answers.length !== others.length) {
    throw new RangeError(`expected answers to the same pictures, got ${answers.length} and ${others.length}`);
  }
  if (answers[0]?.boxes) return f1(answers, others);
  const each = answers.map(({ embedding, label }, i) =>
    embedding ? cosine(embedding, others[i]!.embedding!) : Number(label === others[i]!.label),
  );
  return each.reduce((sum, one) => sum + one, 0) / each.length;
}

function f1(answers: readonly Answer[], others: readonly Answer[]): number {
  let shared = 0;
  let all = 0;
  for (const [i, { boxes = [] }] of answers.entries()) {
    const free = [...(others[i]!.boxes ?? [])];
    all += boxes.length + free.length;
    for (const { label, box } of boxes) {
      const overlaps = free.map((one) => (one.label === label ? iou(box, one.box) : 0));
      const best = overlaps.indexOf(Math.max(...overlaps));
      if (best < 0 || overlaps[best]! < same) continue;
      free.splice(best, 1);
      shared++;
    }
  }
  return all === 0 ? 1 : (2 * shared) / all;
}

function cosine(one: readonly number[], other: readonly number[]): number {
  let product = 0;
  let own = 0;
  let its = 0;
  for (const [i, value] of one.entries()) {
    product += value * other[i]!;
    own += value * value;
    its += other[i]! * other[i]!;
  }
  return own > 0 && its > 0 ? product / Math.sqrt(own * its) : 0;
}
