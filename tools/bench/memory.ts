// `npm run bench:memory`: resident memory of `ocellus run` with one camera, hub, embedded broker and page, as a user starts it.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { asset } from '../../sdk/base/assets.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { kernels } from '../../sdk/kernels/kernels.ts';
import { printError, table } from '../shared/output.ts';
import { inWords, spread } from '../shared/run.ts';
import { childrenOf, cpuMsOf, memoryOf, plainEnvironment } from './processes.ts';
import { Progress } from './progress.ts';

const { values } = parseArgs({
  options: {
    clip: { type: 'string', default: asset('..', 'shared', 'data', 'video', 'one-by-one-person-detection.mp4') },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '90' },
  },
});
/** The first seconds are those of the start; what comes after the half minute is the steady state. */
const startsMs = 30_000;
const everyMs = 100;

interface Round {
  /** Medians and the most, MB. */
  first: { median: number; most: number };
  steady: { median: number; most: number; anonymous: number };
  ffmpeg: number;
  cpuMsASecond: number;
  bareNode: number;
}

try {
  if (!existsSync(values.clip)) throw new InputError(`--clip: expected a video file, ${values.clip} does not exist`);
  const seconds = Number(values.seconds);
  if (!(seconds * 1000 > startsMs)) throw new InputError('--seconds: expected more than 30');
  const rounds: Round[] = [];
  const progress = new Progress(Number(values.rounds));
  for (let round = 0; round < Number(values.rounds); round++) {
    progress.next(`round ${round + 1} of ${values.rounds}, ${seconds} s`);
    rounds.push(await measure(seconds * 1000));
  }
  const row = (name: string, of: (round: Round) => number) => [name, inWords(spread(rounds.map(of)), 1)];
  console.log(
    table([
      ['RESIDENT MEMORY', 'MB: MEDIAN OF THE ROUNDS (SMALLEST-LARGEST)'],
      row('first 30 s, median', ({ first }) => first.median),
      row('first 30 s, most', ({ first }) => first.most),
      row('after that, median', ({ steady }) => steady.median),
      row('after that, most', ({ steady }) => steady.most),
      row('after that, anonymous part (the rest is files, mapped)', ({ steady }) => steady.anonymous),
      row('its ffmpeg, a process of its own', ({ ffmpeg }) => ffmpeg),
      row('a Node that does nothing', ({ bareNode }) => bareNode),
    ]),
  );
  console.log(
    `\nCPU time after the start: ${inWords(spread(rounds.map(({ cpuMsASecond }) => cpuMsASecond)), 0)} ms a second. Kernels: ${kernels.name}.`,
  );
} catch (error) {
  printError(error);
  process.exit(1);
}

async function measure(forMs: number): Promise<Round> {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-memory-'));
  const env = plainEnvironment(folder);
  const args = ['run', '--source', `file:${values.clip}`, '--port', '0', '--mqtt-port', '0'];
  // With the settings of memory in its first line.
  const child = spawn(asset('bin', 'ocellus.js'), args, { cwd: folder, env, stdio: 'ignore' });
  const idle = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { env, stdio: 'ignore' });
  const ended = Promise.all([child, idle].map((one) => new Promise((resolve) => one.once('close', resolve))));
  const samples: { atMs: number; resident: number; anonymous: number }[] = [];
  const ffmpeg: number[] = [];
  const started = performance.now();
  let cpu = { atMs: 0, ms: 0 };
  try {
    for (let atMs = 0; atMs < forMs; atMs = performance.now() - started) {
      const memory = memoryOf(child.pid!);
      if (!memory) throw new Error('ocellus has ended');
      samples.push({ atMs, ...memory });
      for (const pid of childrenOf(child.pid!)) ffmpeg.push(memoryOf(pid)?.resident ?? 0);
      if (cpu.atMs === 0 && atMs >= startsMs) cpu = { atMs, ms: cpuMsOf(child.pid!) };
      await sleep(everyMs);
    }
    const cpuMsASecond = (cpuMsOf(child.pid!) - cpu.ms) / ((performance.now() - started - cpu.atMs) / 1000);
    const of = (some: typeof samples) => {
      const { median, high } = spread(some.map(({ resident }) => resident));
      return { median, most: high, anonymous: spread(some.map(({ anonymous }) => anonymous)).median };
    };
    return {
      first: of(samples.filter(({ atMs }) => atMs < startsMs)),
      steady: of(samples.filter(({ atMs }) => atMs >= startsMs)),
      ffmpeg: spread(ffmpeg).median,
      cpuMsASecond,
      bareNode: memoryOf(idle.pid!)!.resident,
    };
  } finally {
    child.kill('SIGTERM');
    idle.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true });
  }
}
