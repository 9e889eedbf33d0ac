// Where things stood, and for how long, as colour over the picture:  node dist/samples/heat-map.js [URI] [OUT.jpg] [SECONDS]
import { writeFileSync } from 'node:fs';
import { encodeJpeg, Pipeline } from 'ocellus';

const [source = 'scene:', out = 'heat.jpg', seconds = '20'] = process.argv.slice(2);
const columns = 48;
const rows = 27;
const heat = new Float64Array(columns * rows);
let lastNs: number | undefined;

const pipeline = new Pipeline({ source });
pipeline.on('frame', ({ frame, tracks }) => {
  const passed = lastNs === undefined ? 0 : (frame.captureTimeNs - lastNs) / 1e9;
  lastNs = frame.captureTimeNs;
  for (const { box, confirmed, visible } of tracks) {
    if (!confirmed || !visible) continue;
    // Its feet: the middle of the lower edge.
    const column = Math.min(columns - 1, Math.floor((((box[0] + box[2]) / 2) * columns) / frame.width));
    const row = Math.min(rows - 1, Math.floor((box[3] * rows) / frame.height));
    heat[row * columns + column]! += passed;
  }
});

async function finish(): Promise<void> {
  clearTimeout(timer);
  const frame = pipeline.latestFrame();
  await pipeline.stop();
  if (!frame) return;
  const [width, height] = [frame.width / columns, frame.height / rows];
  const hottest = Math.max(...heat);
  const cells = Array.from(heat, (value, i) => {
    if (value === 0) return '';
    const at = `x="${(i % columns) * width}" y="${Math.floor(i / columns) * height}"`;
    return `<rect ${at} width="${width}" height="${height}" fill="red" opacity="${0.2 + (0.6 * value) / hottest}"/>`;
  });
  const size = `width="${frame.width}" height="${frame.height}"`;
  const overlaySvg = `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${cells.join('')}</svg>`;
  writeFileSync(out, await encodeJpeg(frame, { overlaySvg }));
  frame.release();
  console.log(`wrote ${out}: ${cells.filter(Boolean).length} cells, the hottest ${hottest.toFixed(1)} s`);
}

const timer = setTimeout(finish, Number(seconds) * 1000);
pipeline.on('ended', finish);
process.once('SIGINT', finish);
await pipeline.start();
