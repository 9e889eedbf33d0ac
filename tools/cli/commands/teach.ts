import type { Command } from 'commander';
import { composed } from '../../../sdk/composed.ts';
import { type Classifier, loadClassifier } from '../../../sdk/core/classifier.ts';
import { InputError } from '../../../sdk/errors.ts';
import type { Frame } from '../../../sdk/frame/frame.ts';
import { encodeJpeg } from '../../../sdk/frame/picture.ts';
import { embedPicture } from '../../../sdk/learn/embed-picture.ts';
import type { Embedding } from '../../../sdk/learn/embedding.ts';
import { checkLabel, checkName, objectHead, unknown } from '../../../sdk/learn/example.ts';
import type { Learner } from '../../../sdk/learn/learner.ts';
import { accuracies } from '../../../sdk/learn/review.ts';
import { openLearner, storeHelp } from '../learner.ts';
import { classifierHelp, type ModelOptions, withModelOptions } from '../model-options.ts';
import { printJson, table } from '../output.ts';
import { type LabelledPicture, labelledPictures, withFolders } from '../picture-files.ts';
import { eachPicture, unreadableHelp } from '../pictures.ts';

interface TeachOptions extends ModelOptions {
  store: string;
  label?: string;
  each?: boolean;
  negative: boolean;
  head: string;
  camera: string;
  node: string;
  thumbnails?: boolean;
  json?: boolean;
}

export function addTeach(program: Command): void {
  const command = program
    .command('teach')
    .description('teach what pictures are of')
    .argument('<picture or folder...>', 'of a folder all pictures in it')
    .requiredOption('--store <dir>', `${storeHelp}; made where there is none`)
    .option('--label <label>', 'what they are of')
    .option('--each', 'of each folder that is named, the folders in it are the labels: FOLDER/mug/1.jpg')
    .option('--negative', 'that is what they are not of', false)
    .option('--head <name>', 'objects, or the state of a whole view, such as gate', objectHead)
    .option('--camera <name>', 'that took them; a state is looked for on the camera it was taught on', 'pictures')
    .option('--node <name>', 'whose a store is that is made; one that is there keeps its own', 'ocellus')
    .option('--thumbnails', 'keep a small picture of each')
    .option('--json', 'a JSON line a picture, {file, label, id}; the last one says what is known now');
  withModelOptions(command, classifierHelp)
    .addHelpText(
      'after',
      `\nA picture that was taught as the same before is not taken twice. ${unreadableHelp}\n\n` +
        'ocellus teach --store things --label mug mug1.jpg mug2.jpg\n' +
        'ocellus classify --store things --json *.jpg',
    )
    .action(teach);
}

async function teach(paths: string[], options: TeachOptions): Promise<void> {
  const pictures = await labelled(paths, options);
  const learner = await openLearner(options.store, options.model, options.node);
  try {
    const classifier = await loadClassifier(options.model, options);
    const lessons = new Lessons(learner, classifier, options);
    try {
      await eachPicture('teach', pictures, async ({ file, label }, frame) => {
        const id = await lessons.add(label, frame);
        if (options.json) await printJson({ file, label, id });
      });
    } finally {
      await classifier.close();
      // What was taught counts, whatever became of the others.
      if (lessons.taught + lessons.known > 0) await report(learner, lessons, options);
    }
  } finally {
    await learner.close();
  }
}

/** What is to be taught. Names are looked at first: a wrong one is not the fault of a picture. */
async function labelled(paths: readonly string[], { label, each, head, camera }: TeachOptions) {
  if ((label === undefined) !== (each === true)) {
    throw new InputError('expected --label LABEL, or --each with folders that have a folder for each label');
  }
  checkName('--head', head);
  checkName('--camera', camera);
  const pictures: LabelledPicture[] = [];
  if (each) for (const folder of paths) pictures.push(...(await labelledPictures(folder)));
  else for (const file of await withFolders(paths)) pictures.push({ file, label: composed(label!) });
  for (const one of new Set(pictures.map((picture) => picture.label))) checkLabel(one);
  return pictures;
}

/** Teaches pictures one by one; each is on disk before the next is looked at, and the head learns from all at the end. */
class Lessons {
  taught = 0;
  /** Those that were taught as the same before. */
  known = 0;
  readonly #learner: Learner;
  readonly #classifier: Classifier;
  readonly #options: TeachOptions;
  readonly #ids: Map<string, string>;

  constructor(learner: Learner, classifier: Classifier, options: TeachOptions) {
    this.#learner = learner;
    this.#classifier = classifier;
    this.#options = options;
    const examples = learner.ledger.examples(options.head);
    this.#ids = new Map(examples.map((example) => [contentOf(example), example.id]));
  }

  /** @returns The id of the example. */
  async add(label: string, frame: Frame): Promise<string> {
    const { head, negative, camera, thumbnails } = this.#options;
    const embedding = await embedPicture(this.#classifier, frame, head);
    const content = contentOf({ label, negative, embedding });
    const known = this.#ids.get(content);
    if (known !== undefined) {
      this.known++;
      return known;
    }
    const kind = head === objectHead ? 'box' : 'view';
    const { id } = await this.#learner.add({
      draft: { label, head, negative, camera, kind, embedding },
      ...(thumbnails && { thumbnail: await encodeJpeg(frame, thumbnail) }),
    });
    this.#ids.set(content, id);
    this.taught++;
    return id;
  }
}

/** As those of cameras are. */
const thumbnail = { maxWidth: 256, maxHeight: 256, quality: 85 };

function contentOf(example: { label: string; negative: boolean; embedding: Embedding }): string {
  const { values, scale } = example.embedding;
  return JSON.stringify([example.label, example.negative, scale, Buffer.from(values).toString('base64')]);
}

async function report(learner: Learner, { taught, known }: Lessons, { head, json }: TeachOptions): Promise<void> {
  const { outcome } = await learner.train(head);
  const current = learner.head(head)?.current;
  const labels = current ? accuracies(current.head) : [];
  const refusal = outcome.taken ? undefined : outcome.reason;
  if (json) {
    const { kind, accuracy } = current?.head.info ?? {};
    const use = current && { version: current.version, kind, accuracy: round(accuracy!) };
    return printJson({
      ...{ head, taught, known, taken: outcome.taken, ...(refusal !== undefined && { reason: refusal }), ...use },
      labels: labels.map((one) => ({ ...one, accuracy: round(one.accuracy) })),
    });
  }
  const again = known > 0 ? `; ${known} more had been taught before` : '';
  console.log(`Taught ${taught} ${taught === 1 ? 'picture' : 'pictures'}${again}.`);
  if (refusal !== undefined) console.log(`What they say is not in use: ${refusal}`);
  if (!current) return;
  const rows = labels.map(({ label, examples, accuracy }) => [
    label === unknown ? 'none of them' : label,
    String(examples),
    // Left out, the only example of a label leaves nothing to name it by.
    examples === 1 ? '' : accuracy.toFixed(2),
  ]);
  console.log(table([['LABEL', 'EXAMPLES', 'RIGHT'], ...rows]));
  console.log(
    `${head} is version ${current.version} (${current.head.info.kind}); right: share of the examples that is named rightly when left out.`,
  );
}

const round = (value: number) => Math.round(value * 10_000) / 10_000;
