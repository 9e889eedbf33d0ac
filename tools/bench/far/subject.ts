// One run of a camera over a clip, as a process of its own: its events and what it cost, as one JSON line.
import { parseArgs } from 'node:util';
import { loadModel } from '../../../sdk/core/model.ts';
import { Pipeline } from '../../../sdk/pipeline/pipeline.ts';
import { cpuSeconds } from '../cpu-seconds.ts';
import type { Told } from './clips.ts';

const { values } = parseArgs({ options: { clip: { type: 'string' }, far: { type: 'string', default: 'auto' } } });

const model = await loadModel(undefined, { threads: 1 });
const pipeline = new Pipeline({
  source: `file:${values.clip}`,
  loop: false,
  model,
  speed: 'max',
  detect: { far: values.far as 'auto' },
  snapshots: { enabled: false },
});
const events: Told[] = [];
pipeline.on('event', ({ type, after: { label, start_time, end_time, box } }) => {
  if (type === 'end') events.push({ label, start: start_time, end: end_time!, box });
});
const ended = new Promise<void>((resolve) => pipeline.once('ended', resolve));
const begun = cpuSeconds();
await pipeline.start();
await ended;
const { frames, gaze } = pipeline.stats;
const cpu = cpuSeconds() - begun;
await pipeline.stop();
await model.close();
console.log(JSON.stringify({ frames: frames.in, looks: gaze.whole + gaze.closer, cpuSeconds: cpu, events, gaze }));
process.exit(0);
