import { InputError } from '../../base/errors.ts';
import type { DetectorCard } from '../cards/card.ts';
import type { Tensor, TensorInfo } from '../engines/engine.ts';
import { pushClasses } from './best-class.ts';
import { applySigmoid, assertScores, type Decoder, findOutput, readOutput } from './decoder.ts';

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
export function rtdetr(card: DetectorCard, outputs: readonly TensorInfo[]): Decoder {
  const { decoder } = card;
  if (decoder.type !== 'rtdetr') throw new TypeError('expected an rtdetr card');
  if (decoder.output !== undefined && decoder.outputs)
    throw new InputError('decoder: expected output or outputs, got both');
  const { width: inputWidth, height: inputHeight } = card.input;
  const { logits = false, first_class: firstClass = 0, extra = 0, classes: counted = 'best' } = decoder;
  const classes = card.labels.length;
  const columns = firstClass + classes + extra;
  const read = decoder.outputs
    ? readApart(decoder.outputs, columns, outputs)
    : readTogether(decoder.output, columns, outputs);
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
}

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
