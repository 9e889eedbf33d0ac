import type { Embedding } from '../../sdk/core/embedding.ts';
import type { Example } from '../../sdk/learn/ledger/example.ts';

let last = 0;

/** An example as a ledger gives it; each one newer than the one before. */
export function example(label: string, embedding: Embedding, more: Partial<Example> = {}): Example {
  const id = `${'0'.repeat(16)}-${++last}`;
  return {
    ...{
      id,
      node: 'a',
      head: 'object',
      label,
      negative: false,
      camera: 'door',
      timeMs: last,
      kind: 'track',
      embedding,
    },
    ...more,
  };
}

/** So many of each label. */
export function examplesOf(labels: readonly string[], each: number, sample: (label: number) => Embedding): Example[] {
  return Array.from({ length: labels.length * each }, (_, i) => {
    const label = i % labels.length;
    return example(labels[label]!, sample(label));
  });
}
