// Teaches a store in a folder until it is killed; says each example and each head's version once it is on disk.
import { argv, stdout } from 'node:process';
import { Learner } from '../../../dist/sdk/learn/learner.js';

const options = { space: 'test', dimension: 64, node: 'a', limits: { perLabel: 5000 }, keep: 3 };
const learner = await Learner.open(argv[2], options);
const sample = (label) => ({
  values: Int8Array.from({ length: 64 }, (_, i) => (i % 4 === label ? 60 : 0) + Math.random() * 60),
  scale: 0.1,
});
const lesson = (i) => ({
  // More and more heads, so that training stays short while the store grows.
  draft: {
    label: `l${i % 4}`,
    head: `h${Math.floor(learner.ledger.size / 60)}`,
    camera: 'door',
    kind: 'view',
    embedding: sample(i % 4),
  },
  thumbnail: Buffer.from('a picture'),
});
stdout.write('ready\n');
for (let i = 0; ; i++) {
  const { examples, head, outcome } = await learner.teach([lesson(i)]);
  stdout.write(`taught ${examples[0].id}\n`);
  if (outcome.taken) stdout.write(`head ${head} ${outcome.version.version} ${outcome.version.head.hash()}\n`);
  // Some are added without training, as a folder of pictures is.
  if (i % 5 === 4) stdout.write(`taught ${(await learner.add(lesson(i))).id}\n`);
  if (i % 7 === 6 && learner.head(head).all.length > 1) {
    const { outcome: back } = await learner.rollback(head);
    stdout.write(`rollback ${head} ${back.version.version} ${back.version.head.hash()}\n`);
  }
}
