import fc from 'fast-check';
import { random } from '../../sdk/base/random.ts';
import type { Embedding } from '../../sdk/core/embedding.ts';
import { writeBundle } from '../../sdk/learn/ledger/bundle.ts';
import type { Draft } from '../../sdk/learn/ledger/example.ts';
import { Ledger, type LedgerOptions } from '../../sdk/learn/ledger/ledger.ts';

/** Pooled features as a network with ReLU6 gives them: none below 0, half of them 0, few large; each class has its own. */
export function embeddings(classes: number, dimension = 64, seed = 1): (label: number, spread?: number) => Embedding {
  const next = random(seed);
  const centres = Array.from({ length: classes }, () => Array.from({ length: dimension }, () => 2 * next() ** 4));
  return (label, spread = 0.6) => {
    const floats = centres[label]!.map((centre) => Math.max(0, centre + spread * (next() + next() - 1)));
    return quantised(floats);
  };
}

export function quantised(floats: readonly number[]): Embedding {
  const scale = Math.max(...floats.map(Math.abs), 1e-6) / 127;
  return { values: Int8Array.from(floats, (value) => Math.round(value / scale)), scale };
}

export const draft = (label: string, embedding: Embedding, more: Partial<Draft> = {}): Draft => ({
  ...{ label, embedding, camera: 'door', kind: 'track' },
  ...more,
});

export function makeLedger(node: string, more: Partial<LedgerOptions> = {}): Ledger {
  return new Ledger({ space: 'test', dimension: 8, node, ...more });
}

/** All of it, in the bytes that travel. */
export function bytesOf(ledger: Ledger): Buffer {
  return writeBundle({ space: 'test', dimension: ledger.dimension, node: 'all', parts: ledger.parts() });
}

export const anyEmbedding = (dimension = 8): fc.Arbitrary<Embedding> =>
  fc.record({
    values: fc
      .int8Array({ minLength: dimension, maxLength: dimension, min: -127 })
      .map((values) => (values.some((value) => value !== 0) ? values : values.fill(1))),
    scale: fc.double({ min: 1e-6, max: 100, noNaN: true }),
  });
