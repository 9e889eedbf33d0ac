// Teaches a store in a folder until it is killed; says each id and each head's version once it is on disk.
import { argv, stdout } from 'node:process';
import { HeadVersions } from '../../../dist/sdk/learn/head-versions.js';
import { LedgerStore } from '../../../dist/sdk/learn/ledger-store.js';

const store = await LedgerStore.open(argv[2], { space: 'test', dimension: 64, node: 'a', limits: { perLabel: 5000 } });
const stored = await store.value('heads');
const versions = stored ? HeadVersions.parse(stored) : new HeadVersions('object', { keep: 3 });
const embedding = (label) => ({
  values: Int8Array.from({ length: 64 }, (_, i) => (i % 4 === label ? 60 : 0) + Math.random() * 60),
  scale: 0.1,
});
stdout.write('ready\n');
for (let i = 0; ; i++) {
  const draft = { label: `l${i % 4}`, camera: 'door', kind: 'track', embedding: embedding(i % 4) };
  const { id } = await store.teach(draft, Buffer.from('a picture'));
  stdout.write(`taught ${id}\n`);
  if (i % 3 !== 0) continue;
  const outcome = versions.train(store.ledger.examples('object').slice(-40));
  if (!outcome.taken) continue;
  await store.putValue('heads', versions.serialise());
  stdout.write(`head ${outcome.version.version} ${outcome.version.head.hash()}\n`);
}
