import { Type } from '@sinclair/typebox';
import { InputError } from '../../base/errors.ts';
import type { Tensor, TensorInfo } from '../engines/engine.ts';
import { pushClasses } from './best-class.ts';
import { bestOrAll, extra, logits, output } from './card-fields.ts';
import { applySigmoid, assertScores, defineDecoder, findOutput, readOutput } from './decoder.ts';

/** Some columns of a tensor's rows. */
interface Columns {
  readonly data: Float32Array;
  readonly rowLength: number;
  readonly first: number;
}

type Read = (tensors: ReadonlyMap<string, Tensor>) => { boxes: Columns; scores: Columns };

/**
 * RT-DETR (arXiv 2304.08069) as Ultralytics exported it before 8.4.50, and its relatives without their post-processing:
 * for each query centre x, centre y, w, h as fractions of the input, and class scores. They need no suppression: the
 * network is trained to return each object once. RF-DETR has a logit more than classes, and counts each class of a query
 * that passes.
 */
export const rtdetr = defineDecoder(
  Type.Object(
    {
      type: Type.Literal('rtdetr'),
      output,
      outputs: Type.Optional(
        Type.Object(
          { boxes: Type.String(), scores: Type.String() },
          { additionalProperties: false, description: 'If separate: [1, N, 4] and [1, N, classes].' },
        ),
      ),
      classes: bestOrAll('Whether a box yields its best class only, or all that pass, as RF-DETR’s. Default: best.'),
      first_class: Type.Optional(
        Type.Integer({ minimum: 0, maximum: 4096, description: 'Column of labels[0] among the scores. Default: 0.' }),
      ),
      extra,
      logits,
    },
    {
      additionalProperties: false,
      description: '[1, N, 4 + classes]: centre x, centre y, w, h as fractions of the input, class scores.',
    },
  ),
  (fields, model, outputs) => {
    if (fields.output !== undefined && fields.outputs)
      throw new InputError('decoder: expected output or outputs, got both');
    const { width: inputWidth, height: inputHeight } = model.input;
    const { logits = false, first_class: firstClass = 0, extra = 0, classes: counted = 'best' } = fields;
    const classes = model.labels.length;
    const columns = firstClass + classes + extra;
    const read = fields.outputs
      ? readApart(fields.outputs, columns, outputs)
      : readTogether(fields.output, columns, outputs);
    return {
      suppressed: true,
      check(tensors) {
        const { boxes, scores } = read(tensors);
        // Boxes are fractions as well.
        assertScores(boxes.data, boxes.rowLength, boxes.first, boxes.first + 4);
        if (!logits) assertScores(scores.data, scores.rowLength, scores.first, scores.first + columns);
      },
      decode(tensors, threshold, multiLabel, candidates) {
        const { boxes, scores } = read(tensors);
        const { data } = boxes;
        if (logits) applySigmoid(scores.data, scores.rowLength, scores.first, scores.first + columns);
        for (let row = 0; row < data.length / boxes.rowLength; row++) {
          const at = row * boxes.rowLength + boxes.first;
          const x = data[at]! * inputWidth;
          const y = data[at + 1]! * inputHeight;
          const halfW = (data[at + 2]! * inputWidth) / 2;
          const halfH = (data[at + 3]! * inputHeight) / 2;
          pushClasses(
            scores.data,
            row * scores.rowLength + scores.first + firstClass,
            1,
            classes,
            1,
            threshold,
            multiLabel || counted === 'all',
            x - halfW,
            y - halfH,
            x + halfW,
            y + halfH,
            candidates,
          );
        }
      },
    };
  },
);

function readTogether(output: string | undefined, columns: number, outputs: readonly TensorInfo[]): Read {
  const rowLength = 4 + columns;
  const shape = [1, undefined, rowLength];
  const what = 'centre, size and class scores per query';
  const { name } = findOutput(outputs, output, shape, what);
  return (tensors) => {
    const { data } = readOutput(tensors, name, shape, what);
    return { boxes: { data, rowLength, first: 0 }, scores: { data, rowLength, first: 4 } };
  };
}

function readApart(names: { boxes: string; scores: string }, columns: number, outputs: readonly TensorInfo[]): Read {
  const wanted = [
    ['boxes', [1, undefined, 4], 'centre and size per query'],
    ['scores', [1, undefined, columns], 'class scores per query'],
  ] as const;
  for (const [role, shape, what] of wanted) findOutput(outputs, names[role], shape, what);
  return (tensors) => {
    const [boxes, scores] = wanted.map(([role, shape, what]) => readOutput(tensors, names[role], shape, what));
    const rows = boxes!.shape[1];
    if (scores!.shape[1] !== rows) {
      throw new InputError(`decoder: expected class scores of ${rows} queries, got those of ${scores!.shape[1]}`);
    }
    return {
      boxes: { data: boxes!.data, rowLength: 4, first: 0 },
      scores: { data: scores!.data, rowLength: columns, first: 0 },
    };
  };
}
