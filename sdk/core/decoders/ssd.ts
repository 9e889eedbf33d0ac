import { Type } from '@sinclair/typebox';
import { InputError } from '../../base/errors.ts';
import type { Tensor } from '../engines/engine.ts';
import { defineDecoder } from './decoder.ts';

/** Exports with built-in post-processing: separate boxes, class ids and scores, and how many of them count. */
export const ssd = defineDecoder(
  Type.Object(
    {
      type: Type.Literal('ssd'),
      outputs: Type.Object({
        boxes: Type.String(),
        classes: Type.String(),
        scores: Type.String(),
        count: Type.Optional(Type.String()),
      }),
      box_order: Type.Optional(Type.Union([Type.Literal('yxyx'), Type.Literal('xyxy')], { default: 'yxyx' })),
      normalised: Type.Optional(
        Type.Boolean({ default: true, description: 'Boxes are 0..1 of the input, not pixels.' }),
      ),
      first_class: Type.Optional(
        Type.Integer({ default: 0, description: 'The class id of labels[0]; 1 where 0 is the background.' }),
      ),
    },
    {
      additionalProperties: false,
      description:
        'Separate boxes, classes and scores, after the model’s own post-processing: SSD, RT-DETR, D-FINE, torchvision.',
    },
  ),
  (fields, model, outputs) => {
    const { outputs: names, box_order: boxOrder, normalised, first_class: firstClass = 0 } = fields;
    const { width, height } = model.input;
    const scaleX = normalised === false ? 1 : width;
    const scaleY = normalised === false ? 1 : height;
    const swap = boxOrder !== 'xyxy';
    const classes = model.labels.length;
    for (const [what, name] of Object.entries(names)) {
      const output = outputs.find((one) => one.name === name);
      if (!output) {
        throw new InputError(
          `decoder.outputs.${what}: the model has no output ${name}; it has ${outputs.map((one) => one.name).join(', ')}`,
        );
      }
      const allowed = what === 'boxes' || what === 'scores' ? ['float32'] : ['float32', 'int64', 'int32', 'uint8'];
      if (!allowed.includes(output.type)) {
        throw new InputError(
          `decoder.outputs.${what}: expected output ${name} to be ${allowed.join(' or ')}, it is ${output.type}`,
        );
      }
      const last = output.shape.at(-1);
      if (what === 'boxes' && typeof last === 'number' && last > 0 && last !== 4) {
        throw new InputError(
          `decoder.outputs.boxes: expected output ${name} to be [1, any, 4], it is [${output.shape.join(', ')}]`,
        );
      }
    }
    return {
      suppressed: true,
      decode(tensors, threshold, _multiLabel, candidates) {
        const boxes = dataOf(tensors, names.boxes);
        const ids = dataOf(tensors, names.classes);
        const scores = dataOf(tensors, names.scores);
        if (boxes.length !== scores.length * 4 || ids.length !== scores.length) {
          throw new InputError(
            `decoder: expected 4 numbers and a class for each of ${scores.length} scores, got ${boxes.length} and ${ids.length}`,
          );
        }
        const count = names.count ? Number(dataOf(tensors, names.count)[0] ?? 0) : scores.length;
        for (let i = 0; i < Math.min(count, scores.length); i++) {
          const score = Number(scores[i]);
          const classId = Number(ids[i]) - firstClass;
          // A class without a label is the background or was left out on purpose.
          if (!(score >= threshold) || !Number.isInteger(classId) || classId < 0 || classId >= classes) continue;
          const a = Number(boxes[i * 4]);
          const b = Number(boxes[i * 4 + 1]);
          const c = Number(boxes[i * 4 + 2]);
          const d = Number(boxes[i * 4 + 3]);
          if (swap) candidates.push(b * scaleX, a * scaleY, d * scaleX, c * scaleY, score, classId);
          else candidates.push(a * scaleX, b * scaleY, c * scaleX, d * scaleY, score, classId);
        }
      },
    };
  },
);

function dataOf(tensors: ReadonlyMap<string, Tensor>, name: string) {
  const tensor = tensors.get(name);
  if (!tensor) throw new InputError(`the model gave no output ${name}`);
  return tensor.data;
}
