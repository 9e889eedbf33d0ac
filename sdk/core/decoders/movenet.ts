import { Type } from '@sinclair/typebox';
import { InputError } from '../../base/errors.ts';
import { output } from './card-fields.ts';
import { assertScores, defineDecoder, findOutput, readOutput } from './decoder.ts';

/** Numbers after the keypoints: y1, x1, y2, x2, score. */
const boxWidth = 5;

/**
 * MoveNet MultiPose: a row for each body that it found, after its own suppression: y, x and score of each keypoint, then the box,
 * y first, and its score. All positions are fractions of the input. Rows of nobody have scores near 0.
 */
export const movenet = defineDecoder(
  Type.Object(
    { type: Type.Literal('movenet'), output },
    {
      additionalProperties: false,
      description: '[1, N, 3 x keypoints + 5]: y, x, score of each; y1, x1, y2, x2, score; fractions of the input.',
    },
  ),
  (fields, model, outputs) => {
    const points = model.keypoints?.names.length;
    if (points === undefined) throw new InputError('keypoints: expected the names of the points of a body, got none');
    if (model.labels.length !== 1) {
      throw new InputError(`labels: expected one, as this network finds one kind of thing, got ${model.labels.length}`);
    }
    const { width: inputWidth, height: inputHeight } = model.input;
    const first = 3 * points;
    const width = first + boxWidth;
    const shape = [1, undefined, width];
    const what = 'keypoints, box and score per body';
    const { name } = findOutput(outputs, fields.output, shape, what);
    return {
      suppressed: true,
      check(tensors) {
        assertScores(readOutput(tensors, name, shape, what).data, width, first + 4, width);
      },
      decode(tensors, threshold, _multiLabel, candidates) {
        const { data } = readOutput(tensors, name, shape, what);
        for (let at = 0; at < data.length; at += width) {
          const [y1, x1, y2, x2, score] = data.subarray(at + first, at + width) as unknown as [
            number,
            number,
            number,
            number,
            number,
          ];
          if (!(score >= threshold)) continue;
          candidates.push(x1 * inputWidth, y1 * inputHeight, x2 * inputWidth, y2 * inputHeight, score, 0, at);
        }
      },
      shapes(tensors, { origins, length }) {
        const { data } = readOutput(tensors, name, shape, what);
        const keypoints = new Float32Array(length * first);
        for (let row = 0; row < length; row++) {
          for (let i = 0; i < first; i += 3) {
            const from = origins[row]! + i;
            keypoints.set([data[from + 1]! * inputWidth, data[from]! * inputHeight, data[from + 2]!], row * first + i);
          }
        }
        return { keypoints };
      },
    };
  },
);
