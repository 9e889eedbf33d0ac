// `npm run bench:learn`: heads beside scikit-learn's LinearSVC, plain prototypes and nearest neighbours, on the same splits.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asset } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { unknowns } from '../../../sdk/learn/heads/few-shot.ts';
import { accuracyTable, kindsChosen, unknownsTable } from '../../cli/evaluate-learning.ts';
import { printError, table } from '../../shared/output.ts';
import { inWords } from '../../shared/run.ts';
import { Progress } from '../progress.ts';
import { accuracy } from './accuracy.ts';
import { blocking } from './blocking.ts';
import { type EmbeddedPicture, embedPictures } from './embeddings.ts';
import { memoryOf } from './memory.ts';
import { Sklearn } from './peers.ts';
import { times } from './times.ts';
import { unknownPeers } from './unknown-peers.ts';

const { values } = parseArgs({
  options: {
    pictures: { type: 'string', default: asset('..', 'shared', 'data', 'clothing') },
    model: { type: 'string' },
    fp32: { type: 'string' },
    seeds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '15' },
    json: { type: 'string', default: join(tmpdir(), 'ocellus-learn.json') },
  },
});

/** Published by others, measured by them on their machines. */
const quoted = [
  'Published figures of others, not measured here:',
  '- Coral, weight imprinting, 10 classes of 20 pictures, embeddings among it: 987 ms on a Raspberry Pi 4 with an Edge TPU on USB',
  '  (google-coral/pycoral, benchmarks/reference/imprinting_reference_training_rp4b.csv).',
  '- DeepBelief (an SVM on the penultimate layer): about 5 s a picture on a Raspberry Pi, 3 s with a boosted GPU',
  '  (jetpacapp/DeepBeliefSDK, README.md, "Getting Started on a Raspberry Pi").',
];

try {
  await bench(Number(values.seeds), Number(values.rounds), values.json);
} catch (error) {
  printError(error);
  process.exit(1);
}

async function bench(seeds: number, rounds: number, jsonFile: string): Promise<void> {
  if (!existsSync(values.pictures)) {
    throw new InputError(
      `--pictures: expected a folder with train/LABEL/ and test/LABEL/, ${values.pictures} does not exist`,
    );
  }
  // Memory, embeddings, four sets of splits and two without one label, and the rounds.
  const progress = new Progress(2 + 4 * seeds + 2 + rounds);
  progress.next('memory of 10,000 examples');
  const memory = memoryOf(10_000);
  progress.next('embeddings of the pictures');
  const { model, pictures, classLayer } = await embedPictures(values.pictures, values.model, values.fp32);
  const results = {
    model,
    memory,
    accuracy: await withSklearn(pictures, (sklearn) =>
      accuracy(
        pictures,
        { floats: values.fp32 === undefined ? 'int8 as floats' : 'fp32', classLayer },
        sklearn,
        seeds,
        progress,
      ),
    ),
    unknowns: [5, 20].map((examples) => {
      progress.next(`unknown things, ${examples} a label`);
      return {
        title: `${examples} A LABEL`,
        ...unknowns(pictures, { examples, seeds, classLayer }, unknownPeers(pictures)),
      };
    }),
    times: await times(rounds, progress, classLayer),
    blocking: await blocking(classLayer),
  };
  console.log(`Embedded by ${results.model}. Named rightly, ${seeds} seeds: mean (smallest-largest)`);
  console.log(accuracyTable(results.accuracy));
  console.log(`${kindsChosen(results.accuracy)}\n`);

  console.log('Unknown things, each label left out in turn: share of them that is given a label');
  console.log(unknownsTable(results.unknowns));

  const { teachMs, teachCpuMs, fitMs, teachRatio, predictUs, peerPredictUs, predictRatio } = results.times;
  console.log('\nTen labels, a hundred examples each; medians (smallest-largest), in turns');
  console.log(
    table([
      ['WORK', 'OURS', 'LinearSVC', 'TIMES AS FAST'],
      ['one more example, ms', inWords(teachMs), inWords(fitMs), inWords(teachRatio, 1)],
      ['   of it CPU time, ms', inWords(teachCpuMs), '', ''],
      ['name one, µs', inWords(predictUs), inWords(peerPredictUs), inWords(predictRatio, 1)],
    ]),
  );
  const { inOnePiece, inSlices } = results.blocking;
  const held = (what: 'taught' | 'forgotten') => [
    `${inOnePiece[what].blockedMs.toFixed(0)} of ${inOnePiece[what].totalMs.toFixed(0)}`,
    `${inSlices[what].blockedMs.toFixed(0)} of ${inSlices[what].totalMs.toFixed(0)}`,
    `${(inOnePiece[what].blockedMs / inSlices[what].blockedMs).toFixed(0)}`,
  ];
  console.log('Longest time in which nothing else is done, of the whole, ms; 1200 examples of 12 labels');
  console.log(
    table([
      ['WORK', 'IN ONE PIECE', 'IN SLICES', 'TIMES SHORTER'],
      ['a head from nothing', ...held('taught')],
      ['the oldest example is forgotten', ...held('forgotten')],
    ]),
  );
  console.log(`A ledger of 10,000 examples takes ${(results.memory / 1e6).toFixed(1)} MB. Kernels: ${kernels.name}.\n`);
  for (const line of quoted) console.log(line);
  writeFileSync(jsonFile, `${JSON.stringify({ seeds, rounds, results }, null, 2)}\n`);
  console.log(`Written to ${jsonFile}`);
}

async function withSklearn<T>(pictures: readonly EmbeddedPicture[], use: (sklearn: Sklearn) => Promise<T>): Promise<T> {
  const scratch = mkdtempSync(join(tmpdir(), 'ocellus-learn-'));
  const file = join(scratch, 'rows.f32');
  writeFileSync(file, Buffer.concat(pictures.map(({ fp32 }) => Buffer.from(fp32.slice().buffer))));
  const sklearn = await Sklearn.start(file, pictures[0]!.fp32.length);
  try {
    return await use(sklearn);
  } finally {
    sklearn.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}
