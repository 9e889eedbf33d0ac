import type { DetectorCard } from '../cards/card.ts';
import type { DecoderFactory } from './decoder.ts';
import { efficientdet } from './efficientdet.ts';
import { nanodet } from './nanodet.ts';
import { rtdetr } from './rtdetr.ts';
import { ssd } from './ssd.ts';
import { suppressed } from './suppressed.ts';
import { yolov5 } from './yolov5.ts';
import { yolov8 } from './yolov8.ts';
import { yolox } from './yolox.ts';

/** Cards of the built-in decoders. */
export type BuiltInDecoder = Exclude<DetectorCard['decoder'], { type: 'custom' }>;

/** The built-in decoders, by the `type` in a card; `custom` ones are in `custom.ts`. */
export const decoders: Readonly<Record<BuiltInDecoder['type'], DecoderFactory>> = {
  nanodet,
  yolox,
  yolov5,
  yolov8,
  rtdetr,
  suppressed,
  ssd,
  efficientdet,
};
