// One measurement of `ocellus tune`, in a separate process: threads, engine and kernels cannot be changed in a process
// that runs, and what an earlier one left behind must not be counted. Prints one JSON line.

import { parseArgs } from 'node:util';
import { EnergyMeter, findPower, openDevice } from '../../../devices/index.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { Nap } from '../../../sdk/base/nap.ts';
import type { EngineName } from '../../../sdk/config/schema.ts';

import { loadModel } from '../../../sdk/core/model.ts';
import { Frame } from '../../../sdk/frame/frame.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import type { Measurement } from './measure.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    engine: { type: 'string' },
    threads: { type: 'string' },
    rate: { type: 'string' },
    seconds: { type: 'string' },
  },
});

/** Warm-up frames: caches, compilers, and first use of memory. */
const warmUp = 5;
/** Views of the scene, some seconds apart, in a loop: some with people and some without. */
const views = 4;
const secondsBetweenViews = 3;
/** Interval of power readings. */
const powerIntervalMs = 250;

try {
  console.log(JSON.stringify(await measure()));
  process.exit(0);
} catch (error) {
  if (!(error instanceof InputError)) throw error;
  console.error(error.message);
  process.exit(2);
}

async function measure(): Promise<Measurement> {
  const frames = await takeViews();
  const model = await loadModel(values.model, {
    engine: values.engine as EngineName,
    threads: Number(values.threads),
  });
  const { source } = await findPower();
  const meter = source && new EnergyMeter(source, { intervalMs: powerIntervalMs });
  for (let i = 0; i < warmUp; i++) await model.detect(frames[i % views]!);

  const periodMs = 1000 / Number(values.rate);
  await meter?.start();
  const begun = performance.now();
  const endMs = begun + Number(values.seconds) * 1000;
  const cpu = process.cpuUsage();
  const nap = new Nap();
  const latencies: number[] = [];
  let missed = 0;
  for (let due = begun; due < endMs; ) {
    const early = due - performance.now();
    if (early > 0) await nap.sleep(early);
    const at = performance.now();
    await model.detect(frames[latencies.length % views]!);
    latencies.push(performance.now() - at);
    // A camera does not wait: frames that arrived meanwhile are lost.
    const behind = Math.floor((performance.now() - due) / periodMs);
    missed += behind;
    due += (behind + 1) * periodMs;
  }
  // The pause after the last frame counts, as after every other frame.
  const restMs = endMs - performance.now();
  if (restMs > 0) await nap.sleep(restMs);
  const { user, system } = process.cpuUsage(cpu);
  const energy = await meter?.take();
  meter?.stop();
  const seconds = (performance.now() - begun) / 1000;
  await model.close();
  latencies.sort((a, b) => a - b);
  const quantile = (share: number) => latencies[Math.floor(latencies.length * share)]!;
  return {
    engine: model.engine,
    kernels: kernels.name,
    frames: latencies.length,
    missed,
    latencyMs: { median: quantile(0.5), p95: quantile(0.95) },
    cpuMs: (user + system) / 1000 / latencies.length,
    joules: energy && energy.seconds > 0 ? ((energy.joules / energy.seconds) * seconds) / latencies.length : null,
  };
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
