// One measurement of `ocellus bench` or `ocellus tune`, in a separate process: threads, engine and kernels cannot be changed in
// a process that runs, and what an earlier one left behind must not be counted. Prints one JSON line.

import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { EnergyMeter, openDevice } from '../../../devices/index.ts';
import { collectGarbage } from '../../../sdk/base/collect-garbage.ts';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import { Nap } from '../../../sdk/base/nap.ts';
import { Classifier } from '../../../sdk/core/classifier.ts';
import { Frame } from '../../../sdk/frame/frame.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { fewShot } from '../../../sdk/learn/heads/few-shot.ts';
import { readPicture } from '../../../sdk/picture/picture.ts';
import { embedAll, enoughFor, labelledSet } from '../evaluate-learning.ts';
import { boxedPictures, evaluateBoxes } from '../labelled-boxes.ts';
import { withFolders } from '../picture-files.ts';
import { writeResult } from '../write-result.ts';
import { type Answer, agreementOf } from './agreement.ts';
import { openMeter } from './meters.ts';
import { openRunner, type Runner } from './runner.ts';
import type { Accuracy, AccuracyTask, Measurement, Subject, Task, TimedTask } from './task.ts';
import { firstLine } from './turns.ts';

/** Warm-up frames: caches, compilers, and first use of memory. */
const warmUp = 5;
/** Views of the scene, some seconds apart, in a loop: some with people and some without. */
const views = 4;
const secondsBetweenViews = 3;
/** Interval of power readings. */
const powerIntervalMs = 250;
/** As `ocellus eval` does by default. */
const evalScore = 0.01;
const evalSeeds = 10;

const { subject, task } = JSON.parse(process.argv[2]!) as { subject: Subject; task: Task };

try {
  console.log(JSON.stringify(await (task.kind === 'timed' ? measure(task) : judge(task))));
  process.exit(0);
} catch (error) {
  // Its last line is what the other process tells.
  if (!(error instanceof InputError)) console.error(error);
  console.error(firstLine(messageOf(error)));
  process.exit(2);
}

async function measure({ pictures = [], rate, seconds, power, waits }: TimedTask): Promise<Measurement> {
  const frames = pictures.length > 0 ? await readPictures(pictures) : await takeViews();
  collectGarbage();
  const before = process.memoryUsage.rss();
  const loading = performance.now();
  const runner = await openRunner(subject);
  await runner.look(frames[0]!);
  const startMs = runner.startMs ?? performance.now() - loading;
  for (let i = 1; i < warmUp; i++) await runner.look(frames[i % frames.length]!);
  // Of a foreign engine only what its own process adds: ours would not be there without the adapter.
  const residentOf = async () => (await runner.addedBytes()) ?? Math.max(0, process.memoryUsage.rss() - before);
  collectGarbage();
  const residentFirst = await residentOf();

  await using meter = await openMeter(power);
  if (waits) {
    console.log(JSON.stringify({ ready: true }));
    await once(process.stdin, 'data');
  }
  // A meter that reports now and then has to see the network run before it counts.
  if (meter) await lookUntil(meter.settled(), runner, frames);
  const energyMeter = meter && new EnergyMeter(meter.source, { intervalMs: powerIntervalMs });
  await energyMeter?.start();
  const timed = await runFor(runner, frames, seconds, rate);
  const energy = await energyMeter?.take();
  energyMeter?.stop();
  const resident = Math.max(residentFirst, await residentOf());
  await runner.close();

  const { latencies, networkMs } = timed;
  const sorted = latencies.toSorted((a, b) => a - b);
  const quantile = (share: number) => sorted[Math.floor(sorted.length * share)]!;
  const watts = energy && energy.seconds > 0 ? energy.joules / energy.seconds : null;
  return {
    engine: runner.engine,
    kernels: kernels.name,
    foreign: runner.foreign,
    frames: latencies.length,
    missed: timed.missed,
    latencyMs: {
      mean: latencies.reduce((sum, one) => sum + one, 0) / latencies.length,
      median: quantile(0.5),
      p95: quantile(0.95),
      p99: quantile(0.99),
    },
    networkMs: networkMs.toSorted((a, b) => a - b)[Math.floor(networkMs.length / 2)]!,
    cpuMs: timed.cpuMs / latencies.length,
    startMs,
    residentMb: resident / 1e6,
    joules: watts === null ? null : (watts * timed.seconds) / latencies.length,
    watts,
    foreignLoad: timed.foreignLoad,
  };
}

async function lookUntil(done: Promise<void>, runner: Runner, frames: readonly Frame[]): Promise<void> {
  let isDone = false;
  const over = () => {
    isDone = true;
  };
  done.then(over, over);
  for (let i = 0; !isDone; i++) await runner.look(frames[i % frames.length]!);
  await done;
}

interface Timed {
  readonly latencies: readonly number[];
  readonly networkMs: readonly number[];
  readonly missed: number;
  readonly seconds: number;
  readonly cpuMs: number;
  readonly foreignLoad: number;
}

/** @param rate Pictures per second that are offered; 0: the next one as soon as one is done. */
async function runFor(runner: Runner, frames: readonly Frame[], seconds: number, rate: number): Promise<Timed> {
  const periodMs = rate > 0 ? 1000 / rate : 0;
  const begun = performance.now();
  const endMs = begun + seconds * 1000;
  const cpu = process.cpuUsage();
  const machine = machineMs();
  const transport = runner.transport();
  const nap = new Nap();
  const latencies: number[] = [];
  const networkMs: number[] = [];
  let missed = 0;
  for (let due = begun; due < endMs; ) {
    const early = due - performance.now();
    if (early > 0) await nap.sleep(early);
    const at = performance.now();
    const { wallMs } = runner.transport();
    const inferMs = await runner.look(frames[latencies.length % frames.length]!);
    const onTheWay = runner.transport().wallMs - wallMs;
    latencies.push(performance.now() - at - onTheWay);
    networkMs.push(inferMs - onTheWay);
    if (periodMs === 0) {
      due = performance.now();
      continue;
    }
    // A camera does not wait: frames that arrived meanwhile are lost.
    const behind = Math.floor((performance.now() - due) / periodMs);
    missed += behind;
    due += (behind + 1) * periodMs;
  }
  // The pause after the last frame counts, as after every other frame.
  const restMs = endMs - performance.now();
  if (restMs > 0) await nap.sleep(restMs);
  const { user, system } = process.cpuUsage(cpu);
  const ownMs = (user + system) / 1000;
  const after = machineMs();
  const { oursMs, theirsMs } = runner.transport();
  const theirs = theirsMs - transport.theirsMs;
  return {
    latencies,
    networkMs,
    missed,
    seconds: (performance.now() - begun) / 1000,
    cpuMs: ownMs - (oursMs - transport.oursMs) + theirs,
    foreignLoad: shareOf(after.busy - machine.busy - ownMs - theirs, after.all - machine.all),
  };
}

function shareOf(part: number, whole: number): number {
  return whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0;
}

/** Time of all processors since the start of the machine, ms. */
function machineMs(): { busy: number; all: number } {
  let busy = 0;
  let all = 0;
  for (const { times } of cpus()) {
    const used = times.user + times.nice + times.sys + times.irq;
    busy += used;
    all += used + times.idle;
  }
  return { busy, all };
}

async function judge({ folder, method, reference }: AccuracyTask): Promise<Accuracy | { images: number }> {
  const runner = await openRunner(subject);
  const { network } = runner;
  try {
    if (method === 'ap' && !(network instanceof Classifier)) {
      const { result, images, objects } = await evaluateBoxes(network, await boxedPictures(folder), {
        score: evalScore,
      });
      return { kind: 'ap', value: result.ap, ap50: result.ap50, images, objects };
    }
    if (method === 'few_shot' && network instanceof Classifier) {
      const pictures = await embedAll(network, await labelledSet(folder));
      const [examples] = enoughFor(pictures, folder);
      const { shares } = await fewShot(pictures, { examples: examples!, seeds: evalSeeds });
      const { chosen } = shares;
      return {
        kind: 'few_shot',
        value: chosen!.reduce((sum, one) => sum + one, 0) / chosen!.length,
        images: pictures.length,
      };
    }
    const answers = await answersOf(runner, await withFolders([folder]));
    if (method === 'reference') {
      await writeResult(reference!, JSON.stringify(answers));
      return { images: answers.length };
    }
    const others = JSON.parse(await readFile(reference!, 'utf8')) as Answer[];
    return { kind: 'agreement', value: agreementOf(answers, others), images: answers.length };
  } finally {
    await runner.close();
  }
}

async function answersOf({ network }: Runner, pictures: readonly string[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const picture of pictures) {
    const frame = await readPicture(picture);
    try {
      if (!(network instanceof Classifier)) {
        const found = await network.detect(frame);
        answers.push({ boxes: Array.from(found, ({ label, box }) => ({ label, box })) });
      } else if (network.card.dimension > 0) {
        const [embedding] = await network.embed(frame);
        answers.push({ embedding: Array.from(embedding!.values) });
      } else answers.push({ label: (await network.classify(frame, { topK: 1 }))[0]!.label });
    } finally {
      frame.release();
    }
  }
  return answers;
}

async function readPictures(files: readonly string[]): Promise<Frame[]> {
  const frames: Frame[] = [];
  for (const file of files) frames.push(await readPicture(file));
  return frames;
}

/** Copies, for the device has few buffers. */
async function takeViews(): Promise<Frame[]> {
  const scene = await openDevice('scene:', { fps: 1 / secondsBetweenViews, speed: 'max' });
  const taken: Frame[] = [];
  for await (const frame of scene.frames()) {
    const planes = frame.planes.map(({ data, stride }) => ({ data: data.slice(), stride }));
    const { format, width, height, sequence, captureTimeNs, wallTimeMs, colour } = frame;
    taken.push(new Frame({ format, width, height, sequence, captureTimeNs, wallTimeMs, colour, planes }));
    frame.release();
    if (taken.length === views) break;
  }
  await scene.close();
  return taken;
}
