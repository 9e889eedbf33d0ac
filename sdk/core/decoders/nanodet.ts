import { InputError } from '../../errors.ts';
import type { Candidates } from '../../kernels/decode/candidates.ts';
import type { Level } from '../../kernels/decode/typescript.ts';
import { kernels } from '../../kernels/kernels.ts';
import type { ModelCard } from '../card.ts';
import type { Tensor, TensorInfo } from '../engines/engine.ts';
import { cellsOf, type Decoder, findOutput, levelsOf, readOutput } from './decoder.ts';

/** One pair of tensors and the levels whose cells they hold, one after the other. */
interface Part {
  readonly scores: string;
  readonly boxes: string;
  readonly cells: number;
  readonly levels: readonly Level[];
}

/** NanoDet: class scores and the distribution of each side per cell, for all strides together or one pair for each. */
export function nanodet(card: ModelCard, outputs: readonly TensorInfo[]): Decoder {
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
    const own = scores.length === 1 ? levels : [levels[i]!];
    const cells = cellsOf(own);
    findOutput(outputs, name, [1, cells, classes], 'class scores');
    findOutput(outputs, boxes[i], [1, cells, 4 * bins], 'distributions');
    return { scores: name, boxes: boxes[i]!, cells, levels: own };
  });
  return {
    decode(tensors: ReadonlyMap<string, Tensor>, threshold: number, multiLabel: boolean, candidates: Candidates): void {
      for (const part of parts) {
        const score = readOutput(tensors, part.scores, [1, part.cells, classes], 'class scores').data;
        const logits = readOutput(tensors, part.boxes, [1, part.cells, 4 * bins], 'distributions').data;
        let cell = 0;
        for (const level of part.levels) {
          kernels.decodeDistributions(score, logits, cell, level, classes, bins, threshold, multiLabel, candidates);
          cell += level.columns * level.rows;
        }
      }
    },
  };
}
