import type { DetectorCard } from '../card.ts';
import type { TensorInfo } from '../engines/engine.ts';
import { pushClasses } from './best-class.ts';
import { applySigmoid, assertShares, type Decoder, findOutput, readOutput } from './decoder.ts';

/**
 * RT-DETR (arXiv 2304.08069) as Ultralytics exported it before 8.4.50: for each query centre x, centre y, w, h as shares of
 * the input, and class scores. Queries do not overlap: the network was trained to give one each.
 */
export function rtdetr(card: DetectorCard, outputs: readonly TensorInfo[]): Decoder {
  if (card.decoder.type !== 'rtdetr') throw new TypeError('expected an rtdetr card');
  const { width: inputWidth, height: inputHeight } = card.input;
  const { logits = false } = card.decoder;
  const classes = card.labels.length;
  const width = 4 + classes;
  const shape = [1, undefined, width];
  const what = 'centre, size and class scores per query';
  const { name } = findOutput(outputs, card.decoder.output, shape, what);
  return {
    suppressed: true,
    check(tensors) {
      const { data } = readOutput(tensors, name, shape, what);
      // Boxes are shares as well.
      assertShares(data, width, 0, logits ? 4 : width);
    },
    decode(tensors, threshold, multiLabel, candidates) {
      const { data } = readOutput(tensors, name, shape, what);
      if (logits) applySigmoid(data, width, 4);
      for (let at = 0; at < data.length; at += width) {
        const x = data[at]! * inputWidth;
        const y = data[at + 1]! * inputHeight;
        const halfW = (data[at + 2]! * inputWidth) / 2;
        const halfH = (data[at + 3]! * inputHeight) / 2;
        pushClasses(
          data,
          at + 4,
          1,
          classes,
          1,
          threshold,
          multiLabel,
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
