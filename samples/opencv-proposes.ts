// Background subtraction proposes, the network disposes:  node dist/samples/opencv-proposes.js [URI]  (needs npm run opencv)
import { loadModel, openDevice } from 'ocellus';
import { loadOpenCv, toMat } from 'ocellus/opencv';

const cv = loadOpenCv();
const model = await loadModel();
const background = new cv.BackgroundSubtractorMOG2(200, 16, true);
const device = await openDevice(process.argv[2] ?? 'scene:', { fps: 10 });
process.once('SIGINT', () => device.close());
for await (const frame of device.frames()) {
  const grey = toMat(frame, { channels: 'GRAY' });
  const moving = background.apply(grey);
  // Shadows are marked with 127.
  const sure = moving.threshold(200, 255, cv.THRESH_BINARY!);
  const shapes = sure.findContours(cv.RETR_EXTERNAL!, cv.CHAIN_APPROX_SIMPLE!);
  const large = shapes.filter(({ area }) => area > (frame.width * frame.height) / 100);
  for (const { x, y, width, height } of large.map((shape) => shape.boundingRect())) {
    // With some margin, since the network knows objects in their surroundings.
    const region = { x: x - width / 2, y: y - height / 2, width: width * 2, height: height * 2 };
    const found = [...(await model.detect(frame, { region, scoreThreshold: 0.5 }))];
    const names = found.map(({ label, score }) => `${label} ${score.toFixed(2)}`);
    console.log(frame.sequence, `${width}x${height} at ${x},${y}:`, names.join(', ') || 'nothing known');
  }
  for (const mat of [grey, moving, sure]) mat.release();
  frame.release();
}
await model.close();
