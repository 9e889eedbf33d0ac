// A dark picture is lifted by OpenCV before the detector sees it:  node dist/samples/opencv-stage.js [URI]  (needs npm run opencv)
import { Pipeline } from 'ocellus';
import { beforeCore, loadOpenCv } from 'ocellus/opencv';

const cv = loadOpenCv(); // In your own program: import cv from '@u4/opencv4nodejs'
let lifted = 0;
const lift = beforeCore((mat) => {
  const grey = mat.cvtColor(cv.COLOR_BGR2GRAY!);
  const bright = grey.threshold(100, 255, cv.THRESH_BINARY!);
  const share = bright.countNonZero() / (mat.rows * mat.cols);
  for (const one of [grey, bright]) one.release();
  if (share > 0.5) return undefined; // Bright enough: it passes unchanged.
  lifted++;
  return mat.convertTo(mat.type, 1.6, 20);
});
const pipeline = new Pipeline({ source: process.argv[2] ?? 'scene:', before: [lift], logger: console });
pipeline.on('event', ({ type, after }) => {
  if (type === 'new') console.log(after.label, after.score.toFixed(2), `(${lifted} frames were lifted)`);
});
pipeline.on('ended', () => pipeline.stop());
process.once('SIGINT', () => pipeline.stop());
await pipeline.start();
