// A picture every few seconds, but only while something moves:  node dist/samples/time-lapse.js [URI] [FOLDER] [SECONDS]
// ffmpeg -framerate 25 -pattern_type glob -i 'FOLDER/*.jpg' lapse.mp4  makes a film of them. No detector is needed.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeJpeg, Pipeline } from 'ocellus';

const [source = 'scene:', folder = 'lapse', seconds = '1'] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const pipeline = new Pipeline({ source, model: null });
let nextNs = 0;
pipeline.on('frame', async ({ frame, moving }) => {
  if (!moving || frame.captureTimeNs < nextNs) return;
  nextNs = frame.captureTimeNs + Number(seconds) * 1e9;
  const file = join(folder, `${String(frame.sequence).padStart(8, '0')}.jpg`);
  writeFileSync(file, await encodeJpeg(frame, { maxHeight: 720 }));
  console.log('wrote', file);
});
pipeline.on('ended', () => pipeline.stop());
process.once('SIGINT', () => pipeline.stop());
await pipeline.start();
