import type { Command } from 'commander';
import { composed } from '../../../sdk/composed.ts';
import { type Classifier, loadClassifier } from '../../../sdk/core/classifier.ts';
import { InputError } from '../../../sdk/errors.ts';
import type { Frame } from '../../../sdk/frame/frame.ts';
import { encodeJpeg } from '../../../sdk/frame/picture.ts';
import { contradictionsOf } from '../../../sdk/learn/contradictions.ts';
import { embedPicture } from '../../../sdk/learn/embed-picture.ts';
import type { Embedding } from '../../../sdk/learn/embedding.ts';
import { checkLabel, checkName, type Draft, objectHead, unknown } from '../../../sdk/learn/example.ts';
import type { Learner } from '../../../sdk/learn/learner.ts';
import { accuracies } from '../../../sdk/learn/review.ts';
import { openLearner, storeHelp } from '../learner.ts';
import { classifierHelp, type ModelOptions, withModelOptions } from '../model-options.ts';
import { printJson, printNote, table } from '../output.ts';
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
  anyway?: boolean;
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
    .option('--anyway', 'also where nearly the same picture was taught as something else')
    .option('--json', 'a JSON line a picture, {file, label, id}; the last one says what is known now');
  withModelOptions(command, classifierHelp)
    .addHelpText(
      'after',
      '\nA picture that was taught as the same before is not taken twice. One that is nearly the same as a picture of another ' +
        `label is not taken (exit code 2): both would teach nothing right. ${unreadableHelp}\n\n` +
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
        const { id, contradicts } = await lessons.add({ file, label }, frame);
        if (options.json) await printJson({ file, label, ...(contradicts ? { contradicts } : { id }) });
      });
    } finally {
      await classifier.close();
      // What was taught counts, whatever became of the others.
      if (lessons.taught + lessons.known > 0) await report(learner, lessons, options);
    }
    if (lessons.contradictory > 0) {
      throw new InputError(
        `${lessons.contradictory} of ${pictures.length} pictures were not taught, for nearly the same were taught as something else; --anyway teaches them`,
      );
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

/** The earlier example that says something else of nearly the same picture. */
interface Contradicted {
  readonly id: string;
  readonly label: string;
  readonly negative?: true;
  /** Where it was taught by the same command. */
  readonly file?: string;
}

/** Teaches pictures one by one; each is on disk before the next is looked at, and the head learns from all at the end. */
class Lessons {
  taught = 0;
  /** Those that were taught as the same before. */
  known = 0;
  /** Those that were not taken: nearly the same was taught as something else. */
  contradictory = 0;
  readonly #learner: Learner;
  readonly #classifier: Classifier;
  readonly #options: TeachOptions;
  readonly #ids: Map<string, string>;
  /** Of those taught here, by id. */
  readonly #files = new Map<string, string>();

  constructor(learner: Learner, classifier: Classifier, options: TeachOptions) {
    this.#learner = learner;
    this.#classifier = classifier;
    this.#options = options;
    const examples = learner.ledger.examples(options.head);
    this.#ids = new Map(examples.map((example) => [contentOf(example), example.id]));
  }

  /** @returns The id of the example, or what it contradicts: said, and not taken. */
  async add({ file, label }: LabelledPicture, frame: Frame): Promise<{ id?: string; contradicts?: Contradicted }> {
    const { head, negative, camera, thumbnails } = this.#options;
    const embedding = await embedPicture(this.#classifier, frame, head);
    const content = contentOf({ label, negative, embedding });
    const known = this.#ids.get(content);
    if (known !== undefined) {
      this.known++;
      return { id: known };
    }
    const kind = head === objectHead ? 'box' : 'view';
    const draft: Draft = { label, head, negative, camera, kind, embedding };
    const contradicts = this.#options.anyway ? undefined : this.#contradiction(draft);
    if (contradicts) {
      this.contradictory++;
      const earlier = contradicts.file ?? `example ${contradicts.id}`;
      const meaning = `${contradicts.negative ? 'not ' : ''}${contradicts.label}`;
      printNote(
        `${file}: not taught as ${negative ? 'not ' : ''}${label}: nearly the same as ${earlier}, which is ${meaning}`,
      );
      return { contradicts };
    }
    const { id } = await this.#learner.add({
      draft,
      ...(thumbnails && { thumbnail: await encodeJpeg(frame, thumbnail) }),
    });
    this.#ids.set(content, id);
    this.#files.set(id, file);
    this.taught++;
    return { id };
  }

  #contradiction(draft: Draft): Contradicted | undefined {
    const [earlier] = contradictionsOf(draft, this.#learner.ledger.examples(draft.head));
    if (!earlier) return undefined;
    const { id, label, negative } = earlier;
    const file = this.#files.get(id);
    return { id, label, ...(negative && { negative }), ...(file !== undefined && { file }) };
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
