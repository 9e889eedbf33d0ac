import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClassLayer } from '../../../sdk/core/cards/class-layer.ts';
import { HeadVersions } from '../../../sdk/learn/heads/head-versions.ts';
import { finish, inSlices, type Steps } from '../../../sdk/learn/heads/steps.ts';
import { mostTrained } from '../../../sdk/learn/heads/training-set.ts';
import { Ledger } from '../../../sdk/learn/ledger/ledger.ts';
import { makeSamples } from './times.ts';

const labels = 12;
const dimension = 1280;

/**
 * How long nothing else is done while a head of as many examples as one is trained from is made from nothing, and made
 * anew because the oldest example was forgotten: in one piece, and as a node does it. In milliseconds.
 */
export async function blocking(classLayer: ClassLayer | undefined) {
  const sample = makeSamples(labels);
  const ledger = new Ledger({ space: 'bench', dimension, node: 'bench' });
  for (let i = 0; i < mostTrained; i++) {
    const label = i % labels;
    ledger.teach({ label: `label ${label}`, embedding: sample(label), camera: 'bench', kind: 'box', timeMs: i });
  }
  const all = ledger.examples('object');
  const measure = async (how: <T>(steps: Steps<T>) => Promise<T | undefined> | T) => {
    const versions = new HeadVersions('object', classLayer && { classLayer });
    const taught = await longest(() => how(versions.trainInSteps(all, true)));
    const forgotten = await longest(() => how(versions.trainInSteps(all.slice(1), true)));
    return { taught, forgotten };
  };
  // The first one warms the compiler up.
  await measure(finish);
  return { inOnePiece: await measure(finish), inSlices: await measure((steps) => inSlices(steps, () => false)) };
}

async function longest(work: () => unknown): Promise<{ blockedMs: number; totalMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await sleep(20);
  delay.reset();
  // The first turn after that only begins to count.
  await sleep(20);
  const begun = performance.now();
  await work();
  const totalMs = performance.now() - begun;
  await sleep(20);
  delay.disable();
  return { blockedMs: delay.max / 1e6, totalMs };
}
