import { Type } from '@sinclair/typebox';
import { InputError } from '../../base/errors.ts';
import { extra, output, prototypes } from './card-fields.ts';
import { assertPixels, defineDecoder, findOutput, greatestNormalised, greatestOf, readOutput } from './decoder.ts';
import { extrasOf } from './extras.ts';

/**
 * Output after the model's own suppression, or of a network that needs none (YOLOv10, YOLO26, RT-DETR): rows of a box,
 * its score and its class; padded with zeros or -1.
 */
export const suppressed = defineDecoder(
  Type.Object(
    {
      type: Type.Literal('suppressed'),
      output,
      boxes: Type.Optional(
        Type.Union([Type.Literal('xyxy'), Type.Literal('cxcywh')], { description: 'Default: xyxy.' }),
      ),
      normalised: Type.Optional(Type.Boolean({ description: 'Boxes are 0..1 of the input. Default: pixels.' })),
      extra,
      prototypes,
    },
    {
      additionalProperties: false,
      description: '[1, N, 6]: box, score, class id, after the model’s own suppression; padded with rows of zeros.',
    },
  ),
  (fields, model, outputs) => {
    const { boxes: form = 'xyxy', normalised = false, extra = 0 } = fields;
    const scaleX = normalised ? model.input.width : 1;
    const scaleY = normalised ? model.input.height : 1;
    const classes = model.labels.length;
    const width = 6 + extra;
    const shape = [1, undefined, width];
    const what = 'box, score and class per row';
    const { name } = findOutput(outputs, fields.output, shape, what);
    const extras = extrasOf(fields, model, outputs);
    return {
      suppressed: true,
      check(tensors) {
        const { data } = readOutput(tensors, name, shape, what);
        assertClasses(data, width, classes);
        assertScale(data, width, normalised);
      },
      decode(tensors, threshold, _multiLabel, candidates) {
        const { data } = readOutput(tensors, name, shape, what);
        for (let at = 0; at < data.length; at += width) {
          const score = data[at + 4]!;
          if (!(score >= threshold) || isEmpty(data, at)) continue;
          const classId = classOf(data[at + 5]!, classes);
          const a = data[at]! * scaleX;
          const b = data[at + 1]! * scaleY;
          const c = data[at + 2]! * scaleX;
          const d = data[at + 3]! * scaleY;
          if (form === 'xyxy') candidates.push(a, b, c, d, score, classId, at);
          else candidates.push(a - c / 2, b - d / 2, a + c / 2, b + d / 2, score, classId, at);
        }
      },
      ...(extras && {
        shapes(tensors, kept) {
          const { data } = readOutput(tensors, name, shape, what);
          return extras(tensors, kept, (at, into) => into.set(data.subarray(at + 6, at + width)));
        },
      }),
    };
  },
);

/** With a threshold of 0, padding rows pass too. */
function isEmpty(data: Float32Array, at: number): boolean {
  return data[at + 4] === 0 && data[at + 2] === 0 && data[at + 3] === 0;
}

/** A class id, which float16 and 8 bits may have changed slightly. @throws InputError when it is not a class id. */
function classOf(value: number, classes: number): number {
  const classId = Math.round(value);
  if (Math.abs(value - classId) <= 0.05 && classId >= 0 && classId < classes) return classId;
  throw new InputError(
    `decoder: expected the sixth number of a row to be a class from 0 to ${classes - 1}, got ${value}; rows of centre, size, objectness and class scores are of the type yolov5, of centre, size and two class scores of the type rtdetr`,
  );
}

function assertClasses(data: Float32Array, width: number, classes: number): void {
  for (let at = 0; at < data.length; at += width) {
    // Some exporters pad with -1.
    if (!(data[at + 4]! <= 0)) classOf(data[at + 5]!, classes);
  }
}

/**
 * Fractions taken for pixels are tiny boxes in the corner, pixels taken for fractions are outside: neither is detected.
 */
function assertScale(data: Float32Array, width: number, normalised: boolean): void {
  const greatest = greatestOf(data, width, 0, 4);
  if (!normalised) assertPixels(greatest);
  else if (greatest > greatestNormalised) {
    throw new InputError(
      `decoder: expected boxes in fractions of the input, 0 to 1, their greatest number is ${greatest}: these are pixels ("normalised": false)`,
    );
  }
}
