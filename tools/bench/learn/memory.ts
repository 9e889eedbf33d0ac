import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Ledger } from '../../../sdk/learn/ledger/ledger.ts';

const labels = 100;
const dimension = 1280;

/** Memory of a ledger with this many examples, bytes: the heap and the array buffers, after garbage collection. */
export function memoryOf(count: number): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = () => {
    // Array buffers go in a second turn.
    for (let i = 0; i < 3; i++) collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = used();
  const ledger = new Ledger({ space: 'bench', dimension, node: 'bench' });
  for (let i = 0; i < count; i++) {
    const values = new Int8Array(dimension).fill(1 + (i % 100));
    const embedding = { values, scale: 0.01 + i * 1e-6 };
    ledger.teach({ label: `label ${i % labels}`, camera: 'door', kind: 'track', timeMs: 1.7e12 + i, embedding });
  }
  const taken = used() - before;
  if (ledger.size !== count) throw new Error(`expected ${count} examples, got ${ledger.size}`);
  return taken;
}
