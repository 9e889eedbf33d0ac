import { Type } from '@sinclair/typebox';
import type { Candidates } from '../../kernels/boxes/candidates.ts';
import { extra, logits, output, prototypes } from './card-fields.ts';
import {
  applySigmoid,
  assertPixels,
  assertScores,
  defineDecoder,
  findOutput,
  greatestOf,
  readOutput,
} from './decoder.ts';
import { extrasOf } from './extras.ts';

/**
 * The export of YOLOv8 and its successors: channels of centre x, centre y, w, h (input pixels) and class scores,
 * cells last.
 */
export const yolov8 = defineDecoder(
  Type.Object(
    { type: Type.Literal('yolov8'), output, extra, prototypes, logits },
    {
      additionalProperties: false,
      description: '[1, 4 + classes, N]: centre x, centre y, w, h in input pixels, class scores.',
    },
  ),
  (fields, model, outputs) => {
    const classes = model.labels.length;
    const { extra = 0, logits = false } = fields;
    const shape = [1, 4 + classes + extra, undefined];
    const what = 'centre, size and class scores, cells last';
    const { name } = findOutput(outputs, fields.output, shape, what);
    const extras = extrasOf(fields, model, outputs);
    let best = new Float32Array(0);
    let bestClass = new Int32Array(0);
    const scoresOf = (data: Float32Array, cells: number) => data.subarray(4 * cells, (4 + classes) * cells);
    return {
      check(tensors) {
        const { data, shape: given } = readOutput(tensors, name, shape, what);
        assertPixels(greatestOf(data.subarray(0, 4 * given[2]!), 4, 0, 4));
        if (!logits) assertScores(scoresOf(data, given[2]!), given[2]!);
      },
      decode(tensors, threshold, multiLabel, candidates) {
        const { data, shape: given } = readOutput(tensors, name, shape, what);
        const cells = given[2]!;
        if (logits) applySigmoid(scoresOf(data, cells), cells);
        if (multiLabel) {
          for (let c = 0; c < classes; c++) {
            const row = (4 + c) * cells;
            for (let i = 0; i < cells; i++) {
              if (data[row + i]! >= threshold) push(data, cells, i, data[row + i]!, c, candidates);
            }
          }
          return;
        }
        if (best.length !== cells) {
          best = new Float32Array(cells);
          bestClass = new Int32Array(cells);
        }
        best.fill(-Infinity);
        // Class by class, in memory order.
        for (let c = 0; c < classes; c++) {
          const row = (4 + c) * cells;
          for (let i = 0; i < cells; i++) {
            const score = data[row + i]!;
            if (score > best[i]!) {
              best[i] = score;
              bestClass[i] = c;
            }
          }
        }
        for (let i = 0; i < cells; i++) {
          if (best[i]! >= threshold) push(data, cells, i, best[i]!, bestClass[i]!, candidates);
        }
      },
      ...(extras && {
        shapes(tensors, kept) {
          const { data, shape: given } = readOutput(tensors, name, shape, what);
          const cells = given[2]!;
          return extras(tensors, kept, (cell, into) => {
            for (let i = 0; i < extra; i++) into[i] = data[(4 + classes + i) * cells + cell]!;
          });
        },
      }),
    };
  },
);

function push(data: Float32Array, cells: number, i: number, score: number, classId: number, to: Candidates): void {
  const x = data[i]!;
  const y = data[cells + i]!;
  const halfW = data[2 * cells + i]! / 2;
  const halfH = data[3 * cells + i]! / 2;
  to.push(x - halfW, y - halfH, x + halfW, y + halfH, score, classId, i);
}
