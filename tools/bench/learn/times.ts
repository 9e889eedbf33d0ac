import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { random } from '../../../sdk/base/random.ts';
import type { ClassLayer } from '../../../sdk/core/cards/class-layer.ts';
import type { Embedding } from '../../../sdk/core/embedding.ts';
import { HeadVersions } from '../../../sdk/learn/heads/head-versions.ts';
import { Ledger } from '../../../sdk/learn/ledger/ledger.ts';
import { type Spread, spread } from '../../shared/run.ts';
import type { Progress } from '../progress.ts';
import { Sklearn } from './peers.ts';

const labels = 10;
const each = 100;
const dimension = 1280;
const repeat = 1000;

/**
 * Ten labels with a hundred examples each, and one more: until a head is there that knows it. In turns with LinearSVC's fit
 * of the same.
 */
export async function times(rounds: number, progress: Progress, classLayer: ClassLayer | undefined) {
  const sample = makeSamples(labels);
  const ledger = new Ledger({ space: 'bench', dimension, node: 'bench' });
  const versions = new HeadVersions('object', classLayer && { classLayer });
  const rows: { label: string; embedding: Embedding }[] = [];
  const teach = (i: number) => {
    const row = { label: `label ${i % labels}`, embedding: sample(i % labels) };
    rows.push(row);
    return () => ledger.teach({ ...row, camera: 'bench', kind: 'box', timeMs: rows.length });
  };
  for (let i = 0; i < labels * each; i++) teach(i)();
  versions.train(ledger.examples('object'));
  // The first ones warm the compiler up.
  for (let i = 0; i < 30; i++) {
    teach(i)();
    versions.train(ledger.examples('object'));
  }
  const extra = Array.from({ length: rounds }, (_, i) => teach(i));
  const scratch = mkdtempSync(join(tmpdir(), 'ocellus-learn-'));
  writeFileSync(
    join(scratch, 'rows.f32'),
    Buffer.concat(
      rows.map(({ embedding: { values, scale } }) => Buffer.from(Float32Array.from(values, (v) => v * scale).buffer)),
    ),
  );
  const sklearn = await Sklearn.start(join(scratch, 'rows.f32'), dimension);
  const teachMs: number[] = [];
  /** What other programs on the machine do does not count. */
  const teachCpuMs: number[] = [];
  const fitMs: number[] = [];
  const predictUs: number[] = [];
  const peerPredictUs: number[] = [];
  try {
    for (const [round, add] of extra.entries()) {
      progress.next(`teaching and naming: round ${round + 1} of ${rounds}`);
      const cpu = process.cpuUsage();
      const begun = performance.now();
      add();
      const outcome = versions.train(ledger.examples('object'));
      teachMs.push(performance.now() - begun);
      const { user, system } = process.cpuUsage(cpu);
      teachCpuMs.push((user + system) / 1000);
      if (!outcome.taken) throw new Error(outcome.reason);
      const { head } = outcome.version;
      const { embedding } = rows[round]!;
      for (let i = 0; i < repeat; i++) head.predict(embedding);
      const began = performance.now();
      for (let i = 0; i < repeat; i++) head.predict(embedding);
      predictUs.push(((performance.now() - began) * 1000) / repeat);
      const train = Array.from({ length: ledger.size }, (_, i) => i);
      const all = rows.map(({ label }) => label);
      const fitted = await sklearn.fit({ labels: all, train, test: [round], repeat: 100 });
      fitMs.push(fitted.fitMs);
      peerPredictUs.push(fitted.predictUs!);
    }
  } finally {
    sklearn.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
  const ratio = (theirs: number[], ours: number[]): Spread => spread(theirs.map((value, i) => value / ours[i]!));
  return {
    teachMs: spread(teachMs),
    teachCpuMs: spread(teachCpuMs),
    fitMs: spread(fitMs),
    teachRatio: ratio(fitMs, teachMs),
    predictUs: spread(predictUs),
    peerPredictUs: spread(peerPredictUs),
    predictRatio: ratio(peerPredictUs, predictUs),
  };
}

/** Pooled features of a network: none below 0, half of them 0, each class with its own, and much that is chance. */
export function makeSamples(classes: number): (label: number) => Embedding {
  const next = random(1);
  const centres = Array.from({ length: classes }, () => Array.from({ length: dimension }, () => 0.4 * next() ** 4));
  return (label) => {
    const floats = centres[label]!.map((centre) => Math.max(0, centre + 2 * (next() + next() - 1)));
    const scale = Math.max(...floats) / 127;
    return { values: Int8Array.from(floats, (value) => Math.round(value / scale)), scale };
  };
}
