import type { DetectorCard } from '../card.ts';
import type { TensorInfo } from '../engines/engine.ts';
import { pushClasses } from './best-class.ts';
import { cellsOf, type Decoder, findOutput, levelsOf, readOutput } from './decoder.ts';

/**
 * YOLOX (arXiv 2107.08430): per cell x, y (offsets from its corner, in strides), log w, log h (in strides),
 * objectness and class scores, both after their sigmoid.
 */
export function yolox(card: DetectorCard, outputs: readonly TensorInfo[]): Decoder {
  if (card.decoder.type !== 'yolox') throw new TypeError('expected a yolox card');
  const levels = levelsOf(card, card.decoder.strides);
  const classes = card.labels.length;
  const width = 5 + classes;
  const shape = [1, cellsOf(levels), width];
  const what = 'x, y, log w, log h, objectness and class scores per cell';
  const { name } = findOutput(outputs, card.decoder.output, shape, what);
  return {
    decode(tensors, threshold, multiLabel, candidates) {
      const { data } = readOutput(tensors, name, shape, what);
      let at = 0;
      for (const { stride, columns, rows } of levels) {
        for (let row = 0; row < rows; row++) {
          for (let column = 0; column < columns; column++, at += width) {
            const objectness = data[at + 4]!;
            // No class score is above 1, so most cells end here.
            if (!(objectness >= threshold)) continue;
            const x = (data[at]! + column) * stride;
            const y = (data[at + 1]! + row) * stride;
            const halfW = (Math.exp(data[at + 2]!) * stride) / 2;
            const halfH = (Math.exp(data[at + 3]!) * stride) / 2;
            pushClasses(
              data,
              at + 5,
              1,
              classes,
              objectness,
              threshold,
              multiLabel,
              x - halfW,
              y - halfH,
              x + halfW,
              y + halfH,
              candidates,
            );
          }
        }
      }
    },
  };
}
