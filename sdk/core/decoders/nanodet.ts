import { InputError } from '../../errors.ts';
import type { Candidates } from '../../kernels/decode/candidates.ts';
import { DistributionHead } from '../../kernels/decode/decode.ts';
import { kernels } from '../../kernels/kernels.ts';
import type { DetectorCard } from '../card.ts';
import type { Tensor, TensorInfo } from '../engines/engine.ts';
import { type Decoder, findOutput, levelsOf, readOutput } from './decoder.ts';

/** One pair of tensors and what they hold. */
interface Part {
  readonly scores: string;
  readonly boxes: string;
  readonly head: DistributionHead;
}

/** NanoDet: class scores and the distribution of each side per cell, for all strides together or one pair for each. */
export function nanodet(card: DetectorCard, outputs: readonly TensorInfo[]): Decoder {
  if (card.decoder.type !== 'nanodet') throw new TypeError('expected a nanodet card');
  const { strides, bins, outputs: names } = card.decoder;
  const levels = levelsOf(card, strides);
  const { scores, boxes } = names;
  if (scores.length !== boxes.length || (scores.length !== 1 && scores.length !== strides.length)) {
    throw new InputError(
      `decoder.outputs: expected one tensor of scores and of boxes, or ${strides.length} of each (one a stride), got ${scores.length} and ${boxes.length}`,
    );
  }
  const classes = card.labels.length;
  const parts = scores.map((name, i): Part => {
    const head = new DistributionHead(scores.length === 1 ? levels : [levels[i]!], classes, bins);
    findOutput(outputs, name, [1, head.cells, classes], 'class scores');
    findOutput(outputs, boxes[i], [1, head.cells, 4 * bins], 'distributions');
    return { scores: name, boxes: boxes[i]!, head };
  });
  return {
    decode(tensors: ReadonlyMap<string, Tensor>, threshold: number, multiLabel: boolean, candidates: Candidates): void {
      for (const { scores, boxes, head } of parts) {
        const score = readOutput(tensors, scores, [1, head.cells, classes], 'class scores').data;
        const logits = readOutput(tensors, boxes, [1, head.cells, 4 * bins], 'distributions').data;
        kernels.decode.distributions(head, score, logits, threshold, multiLabel, candidates);
      }
    },
  };
}
