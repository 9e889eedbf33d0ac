// `npm run soak`: does memory stay flat over a million frames? docs/reliability.md says what is real in it.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { asset } from '../../sdk/base/assets.ts';
import { table } from '../shared/output.ts';
import { launcher } from '../shared/run.ts';
import { fitLine } from './fit.ts';
import type { Sample } from './samples.ts';
import { World } from './world.ts';

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '1000000' },
    samples: { type: 'string', default: '200' },
    every: { type: 'string', default: '100' },
    json: { type: 'string' },
  },
});

/**
 * The most that each may grow in a million frames (28 hours at ten a second), by the upper end of what its slope may be.
 * The heap is known to a few kilobytes. The others tremble, since the allocator takes and returns pages in steps of
 * megabytes and the pictures that are held differ in size: their limits are about what a run can tell from nothing.
 */
const limits = { resident: 16e6, heap: 0.5e6, external: 4e6, buffers: 4e6, resources: 1, files: 1 } as const;
type Measure = keyof typeof limits;
const measures = Object.keys(limits) as Measure[];
/** The slope is within this many standard errors in 95 of 100 cases. */
const sureness = 2;

const samples: Sample[] = [];
let world: World | undefined;
let last: object | undefined;
const args = ['--frames', values.frames, '--samples', values.samples, '--every', values.every];
const subject = spawn('env', [...launcher(), asset('dist', 'tools', 'soak', 'subject.js'), ...args], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
for await (const line of createInterface({ input: subject.stdout })) {
  const message = JSON.parse(line);
  if (message.type === 'open') {
    world = new World(message.page, message.broker, 'ocellus/soak');
    world.start();
  } else if (message.type === 'sample') {
    samples.push(message.sample);
    if (samples.length % 10 === 0) console.error(inWords(message.sample));
  } else last = message;
}
await world?.stop();
if (!last || !world) {
  console.error('the process under test ended before its time: see above');
  process.exit(1);
}

const settled = samples.slice(Math.floor(samples.length / 2));
const results = measures.map((measure) => {
  const { slope, error } = fitLine(settled.map((sample) => [sample.frames / 1e6, sample[measure]]));
  const most = slope + sureness * error;
  return {
    measure,
    first: settled[0]![measure],
    last: settled.at(-1)![measure],
    slope,
    error,
    most,
    flat: most <= limits[measure],
  };
});
console.log(JSON.stringify({ ...last, heard: world.heard }, null, 1));
console.log(
  table([
    ['MEASURE', 'AT HALF', 'AT THE END', 'GROWTH A MILLION FRAMES', 'AT MOST', 'ALLOWED', ''],
    ...results.map(({ measure, first, last, slope, error, most, flat }) => [
      measure,
      amount(measure, first),
      amount(measure, last),
      `${amount(measure, slope)} ± ${amount(measure, error)}`,
      amount(measure, most),
      amount(measure, limits[measure]),
      flat ? 'flat' : 'GROWS',
    ]),
  ]),
);
if (values.json)
  writeFileSync(values.json, `${JSON.stringify({ results, samples, last, heard: world.heard }, null, 1)}\n`);
process.exit(results.every(({ flat }) => flat) ? 0 : 1);

function amount(measure: Measure, value: number): string {
  return measure === 'resources' || measure === 'files' ? value.toFixed(1) : `${(value / 1e6).toFixed(2)} MB`;
}

function inWords(sample: Sample): string {
  return [
    `${sample.frames} frames, ${sample.seconds} s`,
    ...measures.map((measure) => `${measure} ${amount(measure, sample[measure])}`),
  ].join(', ');
}
