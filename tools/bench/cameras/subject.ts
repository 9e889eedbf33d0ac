// One node with several cameras on the scene, which together deliver more frames than the core can process.
import { parseArgs } from 'node:util';
import { resolveSettings } from '../../../sdk/config/settings.ts';
import { Node } from '../../../sdk/pipeline/node.ts';

/** What one run gives. */
export interface Outcome {
  /** A second, of all cameras. */
  inferred: number;
  /** The least and the most of one camera, as shares of what each would have if all had the same. */
  least: number;
  most: number;
  /** Mean times of a frame, ms: until its objects are known, and of the network alone. */
  totalMs: number;
  inferMs: number;
  late: number;
}

const { values } = parseArgs({
  options: { cameras: { type: 'string', default: '1' }, fps: { type: 'string' }, seconds: { type: 'string' } },
});
const count = Number(values.cameras);
const names = Array.from({ length: count }, (_, i) => `camera${i}`);
const camera = {
  source: 'scene:',
  detect: { fps: Number(values.fps) / count },
  motion: { enabled: false },
  snapshots: { enabled: false },
};
const node = new Node(resolveSettings({ cameras: Object.fromEntries(names.map((name) => [name, camera])) }));
await node.start();
const wait = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
await wait(1);
const before = node.stats();
const started = performance.now();
await wait(Number(values.seconds));
const after = node.stats();
const seconds = (performance.now() - started) / 1000;
await node.stop();

const differences = names.map((name) => {
  const [then, now] = [before.cameras[name]!, after.cameras[name]!];
  return {
    inferred: now.frames.inferred - then.frames.inferred,
    late: now.frames.late - then.frames.late,
    total: now.timeTotals.total - then.timeTotals.total,
    infer: now.timeTotals.infer - then.timeTotals.infer,
  };
});
const sum = (what: keyof (typeof differences)[number]) => differences.reduce((all, one) => all + one[what], 0);
const inferred = sum('inferred');
const shares = differences.map((one) => (one.inferred / inferred) * count);
const outcome: Outcome = {
  inferred: inferred / seconds,
  least: Math.min(...shares),
  most: Math.max(...shares),
  totalMs: sum('total') / inferred,
  inferMs: sum('infer') / inferred,
  late: sum('late') / seconds,
};
console.log(JSON.stringify(outcome));
process.exit(0);
