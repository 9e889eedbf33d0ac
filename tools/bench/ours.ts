// One run of the whole pipeline over a clip, as a process of its own; prints what it cost as one JSON line. The
// benchmark starts it and its peer in turns.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { resolveSettings } from '../../sdk/config/settings.ts';
import { Hub } from '../../sdk/hub/hub.ts';
import { Node } from '../../sdk/pipeline/node.ts';
import { cpuSeconds } from './cpu-seconds.ts';

const { values } = parseArgs({
  options: {
    clip: { type: 'string' },
    port: { type: 'string' },
    fps: { type: 'string', default: '0' },
    threads: { type: 'string', default: '2' },
    gate: { type: 'string', default: 'on' },
  },
});
const fps = Number(values.fps);
const settings = resolveSettings({
  node: 'bench',
  cameras: {
    camera: {
      source: `file:${values.clip}`,
      loop: false,
      detect: fps > 0 ? { fps } : {},
      motion: { enabled: values.gate === 'on' },
    },
  },
  core: { threads: Number(values.threads) },
  mqtt: { broker: `mqtt://127.0.0.1:${values.port}` },
});

/** Frames that warm caches and compilers up; what is measured comes after them. */
const warmUp = 20;
const node = new Node(settings, { speed: fps > 0 ? 'realtime' : 'max' });
const latencies: number[] = [];
let seen = 0;
let begun = { at: 0, cpu: 0 };
let hub: Hub | undefined;
let ended: Promise<void> = Promise.resolve();
await node.start({
  before: async () => {
    hub = new Hub({ node, settings: settings.mqtt });
    await hub.start();
    const pipeline = node.pipelines.get('camera')!;
    ended = new Promise((resolve) => pipeline.once('ended', resolve));
    pipeline.on('frame', ({ frame, inferred }) => {
      if (++seen === warmUp) begun = { at: performance.now(), cpu: cpuSeconds() };
      // The hub listened first, so its messages are on the way by now. Media times have no latency.
      else if (seen > warmUp && inferred && fps > 0)
        latencies.push((Number(process.hrtime.bigint()) - frame.captureTimeNs) / 1e6);
    });
  },
});
await ended;
const wallSeconds = (performance.now() - begun.at) / 1000;
const cpu = cpuSeconds() - begun.cpu;
const { frames, times } = node.stats().cameras.camera!;
const residentMb = Number(/VmHWM:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1000;
await node.stop();
await hub?.stop();
latencies.sort((a, b) => a - b);
const quantile = (share: number) => latencies[Math.floor(latencies.length * share)] ?? null;
console.log(
  JSON.stringify({
    frames: frames.in - warmUp,
    inferred: frames.inferred,
    dropped: frames.dropped,
    wallSeconds,
    cpuSeconds: cpu,
    residentMb,
    times,
    latencyMs: { p50: quantile(0.5), p99: quantile(0.99) },
  }),
);
process.exit(0);
