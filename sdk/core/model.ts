import type { Frame } from '../frame/frame.ts';
import type { Detections } from '../vision/detections.ts';
import type { ModelCard } from './card.ts';

// contract sketch; core helper fills in
export interface DetectOptions {
  scoreThreshold?: number;
  iouThreshold?: number;
  maxDetections?: number;
}
export interface DetectTimes {
  preprocessMs: number;
  inferMs: number;
  decodeMs: number;
}
export interface Model {
  readonly card: ModelCard;
  readonly busy: boolean;
  detect(frame: Frame, options?: DetectOptions): Promise<Detections>;
  readonly lastTimes: DetectTimes;
  close(): Promise<void>;
}
