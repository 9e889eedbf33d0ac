import { Type } from '@sinclair/typebox';
import { InputError } from '../../base/errors.ts';
import { pushClasses } from './best-class.ts';
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

/** YOLOv5's export: rows of centre x, centre y, w, h (input pixels), objectness and class scores. */
export const yolov5 = defineDecoder(
  Type.Object(
    { type: Type.Literal('yolov5'), output, extra, prototypes, logits },
    {
      additionalProperties: false,
      description: '[1, N, 5 + classes]: centre x, centre y, w, h in input pixels, objectness, class scores.',
    },
  ),
  (fields, model, outputs) => {
    const classes = model.labels.length;
    const { extra = 0, logits = false } = fields;
    const scored = 5 + classes;
    const width = scored + extra;
    const shape = [1, undefined, width];
    const what = 'centre, size, objectness and class scores per box';
    const { name } = findOutput(outputs, fields.output, shape, what);
    const extras = extrasOf(fields, model, outputs);
    return {
      check(tensors) {
        const { data } = readOutput(tensors, name, shape, what);
        for (let at = 0; at < data.length; at += width) {
          if (data[at + 2]! < 0 || data[at + 3]! < 0) {
            throw new InputError(
              `decoder: expected widths and heights of 0 and more, got ${data[at + 2]} x ${data[at + 3]}; an output of YOLOX that is not decoded has them as logarithms: type yolox`,
            );
          }
        }
        // A class score is never exactly 0; the id of the only class always is.
        if (classes === 1 && greatestOf(data, width, 4, 5) > 0 && greatestOf(data, width, 5, 6) === 0) {
          throw new InputError(
            'decoder: expected class scores, got nothing but 0: rows of x1, y1, x2, y2, score and class are of the type suppressed',
          );
        }
        assertPixels(greatestOf(data, width, 0, 4));
        if (!logits) assertScores(data, width, 4, scored);
      },
      decode(tensors, threshold, multiLabel, candidates) {
        const { data } = readOutput(tensors, name, shape, what);
        if (logits) applySigmoid(data, width, 4, scored);
        for (let at = 0; at < data.length; at += width) {
          const objectness = data[at + 4]!;
          if (!(objectness >= threshold)) continue;
          const x = data[at]!;
          const y = data[at + 1]!;
          const halfW = data[at + 2]! / 2;
          const halfH = data[at + 3]! / 2;
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
            at,
          );
        }
      },
      ...(extras && {
        shapes(tensors, kept) {
          const { data } = readOutput(tensors, name, shape, what);
          return extras(tensors, kept, (at, into) => into.set(data.subarray(at + scored, at + width)));
        },
      }),
    };
  },
);
