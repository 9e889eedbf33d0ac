// Teaches, merges and trains what is the same on each machine, and prints hashes of what came of it; and whether a store
// in a folder keeps it.
import { argv } from 'node:process';
import { kernels } from '../../../dist/sdk/kernels/kernels.js';
import { defaultTrainers, trainHead } from '../../../dist/sdk/learn/heads/head.js';
import { TrainingData } from '../../../dist/sdk/learn/heads/training-set.js';
import { bundleHash, writeBundle } from '../../../dist/sdk/learn/ledger/bundle.js';
import { Ledger } from '../../../dist/sdk/learn/ledger/ledger.js';
import { LedgerStore } from '../../../dist/sdk/learn/ledger/ledger-store.js';

let state = 1;
/** 0..1 */
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
}

const dimension = 1280;
const classes = Array.from({ length: 5 }, () => Array.from({ length: dimension }, () => 60 * random() ** 3));
const embedding = (label, spread) => ({
  values: Int8Array.from(classes[label], (value) => Math.max(0, Math.min(127, value + spread * (random() - 0.5)))),
  scale: 0.01 + 0.01 * random(),
});
const draft = (i) => ({
  ...{ label: `l${i % 4}`, negative: i % 11 === 0, camera: 'door', kind: 'track', timeMs: i },
  embedding: embedding(i % 5, 150),
});

const nodes = ['a', 'b'].map((node, i) => {
  const limits = { perLabel: 8 };
  return new Ledger({ space: 'test', dimension, node, replica: String(i).repeat(16), limits, now: () => 1000 });
});
for (let i = 0; i < 90; i++) nodes[i % 2].teach(draft(i));
nodes[0].merge(nodes[1].parts());
nodes[0].forget({ example: nodes[1].examples()[3].id });
const bundle = writeBundle({ space: 'test', dimension, node: 'a', parts: nodes[0].parts() });

const set = new TrainingData().update(nodes[0].examples('object'));
const heads = defaultTrainers().map((trainer) => trainHead('object', set, [trainer]));
const predictions = heads.flatMap((head) => Array.from({ length: 5 }, (_, i) => head.predict(embedding(i, 200))));

const store = await LedgerStore.open(argv[2], { space: 'test', dimension, node: 'c' });
await store.merge(nodes[0].parts());
await store.close();
const again = await LedgerStore.open(argv[2], { space: 'test', dimension, node: 'c' });
const kept = again.ledger.hash() === nodes[0].hash();
await again.close();

const arch = process.arch;
const results = { bundle: bundleHash(bundle), heads: heads.map((head) => head.hash()), predictions, kept };
console.log(JSON.stringify({ arch, kernels: kernels.name, results }));
