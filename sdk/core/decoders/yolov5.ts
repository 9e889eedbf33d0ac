import type { DetectorCard } from '../card.ts';
import type { TensorInfo } from '../engines/engine.ts';
import { pushClasses } from './best-class.ts';
import { type Decoder, findOutput, readOutput } from './decoder.ts';

/** YOLOv5's export: rows of centre x, centre y, w, h (input pixels), objectness and class scores. */
export function yolov5(card: DetectorCard, outputs: readonly TensorInfo[]): Decoder {
  if (card.decoder.type !== 'yolov5') throw new TypeError('expected a yolov5 card');
  const classes = card.labels.length;
  const width = 5 + classes;
  const shape = [1, undefined, width];
  const what = 'centre, size, objectness and class scores per box';
  const { name } = findOutput(outputs, card.decoder.output, shape, what);
  return {
    decode(tensors, threshold, multiLabel, candidates) {
      const { data } = readOutput(tensors, name, shape, what);
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
        );
      }
    },
  };
}
