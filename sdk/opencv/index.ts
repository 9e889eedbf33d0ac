/**
 * Ocellus and OpenCV, both ways: frames to and from Mats, and OpenCV's parts in the places where Ocellus has its own. Needs the
 * bindings `@u4/opencv4nodejs`, built for this machine: docs/opencv.md.
 *
 * @module ocellus/opencv
 */

export type { PreprocessTarget, Quality } from '../kernels/preprocess/preprocess.ts';
export { hasOpenCv, loadOpenCv } from '../opencv-bindings/load.ts';
export type {
  BackgroundSubtractor,
  Contour,
  Mat,
  Net,
  OpenCv,
  Point,
  Rect,
  Svm,
  VideoCapture,
} from '../opencv-bindings/types.ts';
export { BackgroundChanges } from './background.ts';
export { detectMat } from './detect.ts';
export { fromMat, type ToMatOptions, toMat } from './mat.ts';
export { MatDrawing } from './mat-drawing.ts';
export { OpenCvPreprocessor } from './preprocessor.ts';
export { afterCore, beforeCore, type MatStageOptions } from './stages.ts';
export { OpenCvSvmTrainer } from './svm-trainer.ts';
