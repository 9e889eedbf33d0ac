import { Type } from '@sinclair/typebox';
import { InputError } from '../../base/errors.ts';
import { output } from './card-fields.ts';
import { assertPixels, assertScores, defineDecoder, findOutput, greatestOf, readOutput } from './decoder.ts';

const width = 7;
const shape = [1, undefined, width];
const what = 'picture, y1, x1, y2, x2, score and class per row';

/**
 * EfficientDet (arXiv 1911.09070) as its authors export it, after its own suppression: rows of the number of the picture,
 * a box in input pixels, y first, score and class, which counts from 1; padded with zeros.
 */
export const efficientdet = defineDecoder(
  Type.Object(
    {
      type: Type.Literal('efficientdet'),
      output,
      first_class: Type.Optional(Type.Integer({ description: 'The class id of labels[0]. Default: 1.' })),
    },
    {
      additionalProperties: false,
      description:
        '[1, N, 7]: picture, y1, x1, y2, x2 in input pixels, score, class id, after the model’s own suppression.',
    },
  ),
  (fields, model, outputs) => {
    const { output, first_class: firstClass = 1 } = fields;
    const classes = model.labels.length;
    const { name } = findOutput(outputs, output, shape, what);
    return {
      suppressed: true,
      check(tensors) {
        const { data } = readOutput(tensors, name, shape, what);
        assertScores(data, width, 5, 6);
        assertPixels(greatestOf(data, width, 1, 5));
        for (let at = 0; at < data.length; at += width) assertRow(data.subarray(at, at + width));
      },
      decode(tensors, threshold, _multiLabel, candidates) {
        const { data } = readOutput(tensors, name, shape, what);
        for (let at = 0; at < data.length; at += width) {
          const score = data[at + 5]!;
          const classId = Math.round(data[at + 6]!) - firstClass;
          // A class without a label was left out on purpose: COCO's numbers have gaps.
          if (!(score >= threshold) || !(classId >= 0 && classId < classes)) continue;
          candidates.push(data[at + 2]!, data[at + 1]!, data[at + 4]!, data[at + 3]!, score, classId);
        }
      },
    };
  },
);

/**
 * Versions of before 2021 gave x, y, width and height, under the same name.
 *
 * @throws InputError when the row is no such row.
 */
function assertRow(row: Float32Array): void {
  const [picture, y1, x1, y2, x2, , classId] = row as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (!(picture <= 0) || !(Math.abs(classId - Math.round(classId)) <= 0.05)) {
    throw new InputError(
      `decoder: expected rows of picture 0, a box, a score and a class, got one of picture ${picture} and class ${classId}: the card does not fit the output`,
    );
  }
  if (y2 < y1 || x2 < x1) {
    throw new InputError(
      `decoder: expected boxes of y1, x1, y2, x2, got ${[y1, x1, y2, x2].join(', ')}, whose end is before its beginning: export it with a version that does not give x, y, width, height`,
    );
  }
}
