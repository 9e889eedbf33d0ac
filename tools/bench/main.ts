// `npm run bench`: the whole pipeline beside the one a user would write in Python, in turns, on the same clip and model.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asset } from '../../sdk/base/assets.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { startBroker } from '../../sdk/hub/broker/broker.ts';
import { kernels } from '../../sdk/kernels/kernels.ts';
import { printError, table } from '../shared/output.ts';
import { inWords, launcher, runJson, spread } from '../shared/run.ts';
import { Progress } from './progress.ts';
import { preparePython } from './python.ts';
import { timeToFirstEvent } from './start.ts';

interface Run {
  frames: number;
  inferred?: number;
  wallSeconds: number;
  cpuSeconds: number;
  residentMb: number;
  latencyMs: { p50: number; p99: number };
  times?: Record<string, number>;
}

const { values } = parseArgs({
  options: {
    clip: { type: 'string', default: asset('..', 'shared', 'data', 'video', 'one-by-one-person-detection.mp4') },
    rounds: { type: 'string', default: '3' },
    json: { type: 'string', default: join(tmpdir(), 'ocellus-bench.json') },
  },
});

try {
  await bench(values.clip, Number(values.rounds), values.json);
} catch (error) {
  printError(error);
  process.exit(1);
}

async function bench(clip: string, rounds: number, jsonFile: string): Promise<void> {
  if (!existsSync(clip)) throw new InputError(`--clip: expected a video file, ${clip} does not exist`);
  const python = preparePython('requirements.txt');
  const scratch = mkdtempSync(join(tmpdir(), 'ocellus-bench-'));
  const broker = await startBroker({ host: '127.0.0.1', port: 0 });
  const port = Number(new URL(broker.url).port);
  const still = join(scratch, 'still.mp4');
  console.error('Cutting the clips …');
  // The clip's first seconds, before anybody comes, forwards and backwards over and over, so that nothing jumps: a real
  // camera's noise, and nothing moves.
  const empty = join(scratch, 'empty.mp4');
  const thereAndBack = '[0]split[there][back];[back]reverse[back];[there][back]concat';
  ffmpeg('-t', '5', '-i', clip, '-filter_complex', thereAndBack, '-c:v', 'libx264', '-crf', '18', '-r', '10', empty);
  ffmpeg('-stream_loop', '3', '-i', empty, '-c', 'copy', still);
  // Somebody is in view from the first frame on.
  const present = join(scratch, 'present.mp4');
  ffmpeg('-ss', '30', '-t', '20', '-i', clip, '-c:v', 'libx264', '-crf', '18', '-r', '10', present);
  const moving = join(scratch, 'moving.mp4');
  ffmpeg('-ss', '6', '-t', '20', '-i', clip, '-c:v', 'libx264', '-crf', '18', '-r', '10', moving);

  const ours =
    (file: string, fps: number, gate: 'on' | 'off', kernels = '') =>
    () =>
      runJson<Run>('env', [
        `OCELLUS_KERNELS=${kernels}`,
        ...launcher(),
        asset('dist', 'tools', 'bench', 'ours.js'),
        ...['--clip', file, '--port', String(port), '--fps', String(fps), '--gate', gate],
      ]);
  const peer = (file: string, fps: number) => () =>
    runJson<Run>(python, [
      asset('tools', 'bench', 'peer', 'pipeline.py'),
      ...['--clip', file, '--port', String(port), '--fps', String(fps)],
      // The same network: ours is compiled of it.
      ...['--model', asset('sdk', 'models', 'yolox-nano-416-fp32.onnx')],
      ...['--card', asset('sdk', 'models', 'yolox-nano-416-int8.card.json')],
    ]);

  try {
    const subjects: [name: string, ours: () => Promise<Run>, peer: () => Promise<Run>][] = [
      ['clip, as fast as it goes, no gate, TypeScript kernels', ours(clip, 0, 'off', 'typescript'), peer(clip, 0)],
      ['clip, as fast as it goes, no gate', ours(clip, 0, 'off'), peer(clip, 0)],
      ['clip, as fast as it goes, gate', ours(clip, 0, 'on'), peer(clip, 0)],
      ['people, 10 frames/s, no gate', ours(moving, 10, 'off'), peer(moving, 10)],
      ['still scene, 10 frames/s, gate', ours(still, 10, 'on'), peer(still, 10)],
    ];
    const progress = new Progress((2 * subjects.length + 1) * rounds);
    const results: Record<string, Awaited<ReturnType<typeof inTurns>>> = {};
    for (const [name, mine, theirs] of subjects) {
      results[name] = await inTurns(rounds, mine, theirs, (who) => progress.next(`${name}, ${who}`));
    }
    const starts: number[] = [];
    for (let round = 0; round < rounds; round++) {
      progress.next(`from the start to the first event, round ${round + 1} of ${rounds}`);
      starts.push((await timeToFirstEvent(present, port)).wallMs);
    }

    console.log(
      table([
        [
          'WORK',
          'CPU A FRAME, OURS / PYTHON',
          'FRAMES/S, OURS / PYTHON',
          'CPU ms A FRAME',
          'RESIDENT MB',
          'LATENCY ms p50, p99',
        ],
        ...Object.entries(results).map(([name, { pairs, cpuRatio, fpsRatio }]) => {
          const [mine, theirs] = pairs[Math.floor(pairs.length / 2)]!;
          return [
            name,
            inWords(cpuRatio),
            inWords(fpsRatio),
            `${perFrame(mine).toFixed(1)} / ${perFrame(theirs).toFixed(1)}`,
            `${mine.residentMb.toFixed(0)} / ${theirs.residentMb.toFixed(0)}`,
            mine.latencyMs.p50 === null
              ? '-'
              : `${mine.latencyMs.p50.toFixed(0)}, ${mine.latencyMs.p99.toFixed(0)} / ${theirs.latencyMs.p50.toFixed(0)}, ${theirs.latencyMs.p99.toFixed(0)}`,
          ];
        }),
      ]),
    );
    console.log(`\nocellus run to the first event on MQTT: ${inWords(spread(starts), 0)} ms`);
    console.log(`Kernels: ${kernels.name}.`);
    console.log('Ratios are medians of the rounds (smallest-largest); below 1 is less CPU than the Python pipeline.');
    writeFileSync(jsonFile, `${JSON.stringify({ clip, rounds, results, startMs: starts }, null, 2)}\n`);
    console.log(`Written to ${jsonFile}`);
  } finally {
    await broker.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

function perFrame({ cpuSeconds, frames }: Run): number {
  return (cpuSeconds / frames) * 1000;
}

/**
 * Each round runs both, the one after the other, in changing order: what else the machine does hits both alike.
 *
 * @param say What runs next, in words.
 */
async function inTurns(
  rounds: number,
  ours: () => Promise<Run>,
  peer: () => Promise<Run>,
  say: (what: string) => void,
) {
  const pairs: [Run, Run][] = [];
  for (let round = 0; round < rounds; round++) {
    const run = (who: string, what: () => Promise<Run>) => {
      say(`round ${round + 1} of ${rounds}: ${who}`);
      return what();
    };
    if (round % 2 === 0) {
      const mine = await run('ours', ours);
      pairs.push([mine, await run('Python', peer)]);
    } else {
      const theirs = await run('Python', peer);
      pairs.push([await run('ours', ours), theirs]);
    }
  }
  return {
    pairs,
    cpuRatio: spread(pairs.map(([mine, theirs]) => perFrame(mine) / perFrame(theirs))),
    fpsRatio: spread(
      pairs.map(([mine, theirs]) => mine.frames / mine.wallSeconds / (theirs.frames / theirs.wallSeconds)),
    ),
  };
}

function ffmpeg(...args: string[]): void {
  execFileSync('ffmpeg', ['-nostdin', '-loglevel', 'error', '-y', ...args]);
}
