import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Detections } from '../../../sdk/vision/detections.ts';
import { type Spread, spread } from '../../shared/run.ts';
import type { Progress } from '../progress.ts';
import { labels } from './detector.ts';
import { Dice } from './dice.ts';
import { ours } from './ours.ts';
import type { Peer, Peers } from './peers.ts';

export const counts = [1, 10, 50, 200] as const;
/** Of the crowd: its picture, in pixels, and its frames a second. */
const view = { width: 1920, height: 1080 };
const rate = 10;
const framesOf = (objects: number) => (objects >= 50 ? 60 : objects > 1 ? 200 : 1000);

export interface Times {
  readonly objects: number;
  readonly oursMs: Spread;
  /** By the peer's name: its time, and how many times ours it is in each round. */
  readonly peers: Readonly<Record<string, { readonly ms: Spread; readonly ratio: Spread }>>;
}

/**
 * CPU time of one update by objects in view. Each round runs all, one after the other, and begins with the next one: what else
 * the machine does hits all alike.
 */
export async function times(
  folder: string,
  peers: readonly Peer[],
  runner: Peers,
  rounds: number,
  progress: Progress,
): Promise<Times[]> {
  const results: Times[] = [];
  for (const objects of counts) {
    const frames = crowd(objects);
    const file = join(folder, `boxes-${objects}.f32`);
    writeFileSync(file, Buffer.from(Float32Array.from(frames.flat(2)).buffer));
    const found = frames.map((boxes) =>
      Detections.from(
        boxes.map((box) => ({ box, score: 0.9, classId: 0 })),
        labels,
      ),
    );
    const runs: (readonly [name: string, run: () => Promise<number> | number])[] = [
      ['ours', () => timed(found)],
      ...peers.map((peer) => [peer.name, () => runner.time(file, objects, rate, peer)] as const),
    ];
    // What is compiled on the way is compiled, what is imported is imported.
    for (const [, run] of runs) await run();
    const taken = new Map(runs.map(([name]) => [name, [] as number[]]));
    for (let round = 0; round < rounds; round++) {
      progress.next(`time at ${objects} objects, round ${round + 1} of ${rounds}`);
      for (let i = 0; i < runs.length; i++) {
        const [name, run] = runs[(i + round) % runs.length]!;
        taken.get(name)!.push(await run());
      }
    }
    const mine = taken.get('ours')!;
    results.push({
      objects,
      oursMs: spread(mine),
      peers: Object.fromEntries(
        peers.map(({ name }) => {
          const theirs = taken.get(name)!;
          return [name, { ms: spread(theirs), ratio: spread(theirs.map((ms, i) => ms / mine[i]!)) }];
        }),
      ),
    });
  }
  return results;
}

function timed(found: readonly Detections[]): number {
  const begun = process.cpuUsage();
  ours(found, rate, view);
  const { user, system } = process.cpuUsage(begun);
  return (user + system) / 1000 / found.length;
}

/** People who walk to and fro in a wide view, each found in each frame. Boxes by frame. */
function crowd(objects: number): number[][][] {
  const dice = new Dice(`times ${objects}`);
  const people = Array.from({ length: objects }, () => ({
    x: dice.between(60, 1860),
    y: dice.between(100, 980),
    speed: dice.between(20, 80) * dice.oneOf([-1, 1]),
    width: dice.between(25, 45),
  }));
  return Array.from({ length: framesOf(objects) }, (_, frame) =>
    people.map(({ x, y, speed, width }) => {
      const there = x + (speed * frame) / rate;
      // Back again at the edges.
      const folded = Math.abs(((((there - 60) % 3600) + 3600) % 3600) - 1800);
      const cx = 60 + folded + dice.normal();
      const cy = y + dice.normal();
      return [cx - width / 2, cy - 1.3 * width, cx + width / 2, cy + 1.3 * width];
    }),
  );
}
