// People are unrecognisable wherever the picture is shown, but still detected:
//   node dist/samples/blur-people.js [URI] [FOLDER]  (writes a picture of each event into the folder)
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Frame, type FrameReport, Pipeline, type Stage } from 'ocellus';

const [source = 'scene:', folder = 'blurred'] = process.argv.slice(2);
const block = 32; // Pixels; even, for the colour of YUV has half the resolution

/** After the detector and before anything is shown: the picture that it returns is the only one. */
class Mosaic implements Stage<FrameReport> {
  process(report: FrameReport): FrameReport {
    const { frame, tracks } = report;
    const people = tracks.filter(({ label }) => label === 'person');
    if (people.length === 0) return report;
    const planes = frame.planes.map(({ data, stride }, i) => {
      const copy = Uint8Array.from(data);
      const isYuv = frame.format === 'I420' || frame.format === 'NV12';
      const shrunk = isYuv && i > 0 ? 2 : 1;
      const bytes = frame.format.endsWith('24') ? 3 : frame.format === 'NV12' && i > 0 ? 2 : 1;
      const side = block / shrunk;
      const rows = Math.ceil(frame.height / shrunk);
      const columns = Math.ceil(frame.width / shrunk);
      for (const { box } of people) {
        const [left, top, right, bottom] = box.map((value) => value / shrunk) as [number, number, number, number];
        for (let y = Math.max(0, Math.floor(top)); y < Math.min(rows, bottom); y++) {
          for (let x = Math.max(0, Math.floor(left)); x < Math.min(columns, right); x++) {
            // All of a block has the colour of its first pixel.
            const from = (y - (y % side)) * stride + (x - (x % side)) * bytes;
            copy.set(data.subarray(from, from + bytes), y * stride + x * bytes);
          }
        }
      }
      return { data: copy, stride };
    });
    const { format, width, height, sequence, captureTimeNs, wallTimeMs, colour } = frame;
    const known = { format, width, height, sequence, captureTimeNs, wallTimeMs, colour };
    return { ...report, frame: new Frame({ ...known, planes }) };
  }
}

mkdirSync(folder, { recursive: true });
const pipeline = new Pipeline({ source, detect: { labels: ['person'] }, after: [new Mosaic()], logger: console });
pipeline.on('snapshot', ({ id, jpeg }) => {
  writeFileSync(join(folder, `${id}.jpg`), jpeg);
  console.log('wrote', join(folder, `${id}.jpg`));
});
pipeline.on('ended', () => pipeline.stop());
process.once('SIGINT', () => pipeline.stop());
await pipeline.start();
