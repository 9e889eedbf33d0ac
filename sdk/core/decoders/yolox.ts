import { Type } from '@sinclair/typebox';
import type { Level } from '../../kernels/boxes/boxes.ts';
import { pushClasses } from './best-class.ts';
import { logits, output, Strides } from './card-fields.ts';
import { applySigmoid, assertScores, cellsOf, defineDecoder, findOutput, levelsOf, readOutput } from './decoder.ts';

/**
 * YOLOX (arXiv 2107.08430): per cell x, y (offsets from its corner, in strides), log w, log h (in strides),
 * objectness and class scores, both after their sigmoid. Exported with `--decode_in_inference` x, y, w, h are in input
 * pixels: the card says so, or the first run shows it.
 */
export const yolox = defineDecoder(
  Type.Object(
    {
      type: Type.Literal('yolox'),
      strides: Strides,
      output,
      decoded: Type.Optional(
        Type.Boolean({
          description:
            'x, y, w, h are in input pixels already (--decode_in_inference). Default: detected from the first output.',
        }),
      ),
      logits,
    },
    { additionalProperties: false, description: 'x, y, log w, log h, objectness, class scores per cell.' },
  ),
  (fields, model, outputs) => {
    const levels = levelsOf(model, fields.strides);
    const { logits = false } = fields;
    const classes = model.labels.length;
    const width = 5 + classes;
    const shape = [1, cellsOf(levels), width];
    const what = 'x, y, log w, log h, objectness and class scores per cell';
    const { name } = findOutput(outputs, fields.output, shape, what);
    let { decoded } = fields;
    return {
      check(tensors) {
        const { data } = readOutput(tensors, name, shape, what);
        if (!logits) assertScores(data, width, 4);
      },
      decode(tensors, threshold, multiLabel, candidates) {
        const { data } = readOutput(tensors, name, shape, what);
        decoded ??= isDecoded(data, width, levels);
        if (logits) applySigmoid(data, width, 4);
        let at = 0;
        for (const { stride, columns, rows } of levels) {
          for (let row = 0; row < rows; row++) {
            for (let column = 0; column < columns; column++, at += width) {
              const objectness = data[at + 4]!;
              // No class score is above 1, so most cells are done here.
              if (!(objectness >= threshold)) continue;
              const x = decoded ? data[at]! : (data[at]! + column) * stride;
              const y = decoded ? data[at + 1]! : (data[at + 1]! + row) * stride;
              const halfW = (decoded ? data[at + 2]! : Math.exp(data[at + 2]!) * stride) / 2;
              const halfH = (decoded ? data[at + 3]! : Math.exp(data[at + 3]!) * stride) / 2;
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
  },
);

/**
 * Offsets from a cell's corner are much the same wherever the cell is; pixels grow with its row and column. And no decoded
 * width is below 0.
 */
function isDecoded(data: Float32Array, width: number, levels: readonly Level[]): boolean {
  let ofOffsets = 0;
  let ofPixels = 0;
  let at = 0;
  for (const { stride, columns, rows } of levels) {
    const offsets: number[][] = [[], []];
    const pixels: number[][] = [[], []];
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++, at += width) {
        if (!(data[at + 2]! > 0 && data[at + 3]! > 0)) return false;
        [column, row].forEach((place, axis) => {
          const value = data[at + axis]!;
          offsets[axis]!.push(value - 0.5);
          // The remaining offset, in strides.
          pixels[axis]!.push(value / stride - place - 0.5);
        });
      }
    }
    for (const values of offsets) ofOffsets += spread(values);
    for (const values of pixels) ofPixels += spread(values);
  }
  return ofPixels < ofOffsets;
}

/** Total deviation of numbers from their mean; of a single one, from 0. */
function spread(values: readonly number[]): number {
  const mean = values.length === 1 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + Math.abs(value - mean), 0);
}
