import type { DetectorCard } from '../cards/card.ts';
import type { DecoderFactory } from './decoder.ts';
import { nanodet } from './nanodet.ts';
import { rtdetr } from './rtdetr.ts';
import { ssd } from './ssd.ts';
import { suppressed } from './suppressed.ts';
import { yolov5 } from './yolov5.ts';
import { yolov8 } from './yolov8.ts';
import { yolox } from './yolox.ts';

/** Each decoder a card can name. */
export const decoders: Readonly<Record<DetectorCard['decoder']['type'], DecoderFactory>> = {
  nanodet,
  yolox,
  yolov5,
  yolov8,
  rtdetr,
  suppressed,
  ssd,
};
