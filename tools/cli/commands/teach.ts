import { type Command, Option } from 'commander';
import { composed } from '../../../sdk/base/composed.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { modelOfStore } from '../../../sdk/config/schema.ts';
import { loadClassifier, readEmbedder } from '../../../sdk/core/classifier.ts';
import type { Embedding } from '../../../sdk/core/embedding.ts';
import { cropJpeg } from '../../../sdk/learn/camera/crop.ts';
import { embedPicture } from '../../../sdk/learn/camera/embed-picture.ts';
import { accuracies } from '../../../sdk/learn/heads/review.ts';
import type { Learner, Lesson } from '../../../sdk/learn/learner.ts';
import { contradictionsOf, contradicts } from '../../../sdk/learn/ledger/contradictions.ts';
import {
  checkLabel,
  checkName,
  type Draft,
  type Example,
  objectHead,
  unknown,
} from '../../../sdk/learn/ledger/example.ts';
import { LedgerStore } from '../../../sdk/learn/ledger/ledger-store.ts';
import { preferredNetwork } from '../../../sdk/learn/store-network.ts';
import { encodeJpeg } from '../../../sdk/picture/picture.ts';
import { printError, printJson, printNote, table } from '../../shared/output.ts';
import { openLearner, storeHelp } from '../learner.ts';
import { assertNetwork, type LessonTable, readLessonTable } from '../lesson-table.ts';
import { classifierHelp, type ModelOptions, withModelOptions } from '../model-options.ts';
import { type LabelledPicture, labelledPictures, withFolders } from '../picture-files.ts';
import { assertSomeReadable, eachPicture, unreadableHelp } from '../pictures.ts';

interface TeachOptions extends ModelOptions {
  store: string;
  label?: string;
  each?: boolean;
  table?: boolean;
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
    .description('teach labels from pictures')
    .argument('<picture or folder...>', 'for a folder, all pictures in it; with --table, Parquet files')
    .requiredOption('--store <dir>', `${storeHelp}; created if there is none`)
    .option('--label <label>', 'their label')
    .option('--each', 'the subfolders of each named folder are the labels: FOLDER/mug/1.jpg')
    .addOption(
      new Option(
        '--table',
        'Parquet files, or folders of them, with the columns label, embedding and path, as ocellus-spark makes them',
      ).conflicts(['label', 'each', 'thumbnails']),
    )
    .option('--negative', 'the pictures are not of this label', false)
    .option('--head <name>', 'objects, or the state of a whole view, such as gate', objectHead)
    .option(
      '--camera <name>',
      'camera that took them; a state is recognised on the camera it was taught on',
      'pictures',
    )
    .option('--node <name>', 'owner of a newly created store; an existing one keeps its own', 'ocellus')
    .option('--thumbnails', 'keep a small picture of each')
    .option('--anyway', 'even if nearly the same picture was taught as something else')
    .option('--json', 'one JSON line per picture, {file, label, id}; the last one summarises what is known');
  withModelOptions(command, classifierHelp)
    .addHelpText(
      'after',
      '\nA picture that was taught before is not added twice. One that is nearly the same as a picture of another ' +
        `label is not added (exit code 2): the two would contradict each other. ${unreadableHelp}\n\n` +
        'ocellus teach --store things --label mug mug1.jpg mug2.jpg\n' +
        'ocellus classify --store things --json *.jpg',
    )
    .action(teach);
}

async function teach(paths: string[], options: TeachOptions): Promise<void> {
  checkName('--head', options.head);
  checkName('--camera', options.camera);
  const pictures = options.table ? [] : await labelled(paths, options);
  const table = options.table ? await readLessonTable(paths) : undefined;
  // A new store is not made for what cannot be taught.
  if (!LedgerStore.exists(options.store)) {
    const { card } = await readEmbedder(preferredNetwork(options.model ?? modelOfStore));
    if (table) assertNetwork(table, card);
    else await assertSomeReadable(pictures.map(({ file }) => file));
  }
  const { learner, model } = await openLearner(options.store, options.model, options.node);
  try {
    const lessons = new Lessons(learner, options);
    const asked = table?.rows.length ?? pictures.length;
    try {
      if (table) await teachTable(table, model, lessons);
      else await teachPictures(pictures, model, lessons, options);
    } finally {
      // What was taught counts, whatever happened to the others.
      await lessons.flush();
      if (lessons.taught + lessons.known > 0) await report(learner, lessons, options);
    }
    if (lessons.refused > 0) {
      throw new InputError(`${lessons.refused} of ${asked} pictures could not be kept`);
    }
    if (lessons.contradictory > 0) {
      throw new InputError(
        `${lessons.contradictory} of ${asked} pictures were not taught, since nearly the same ones were taught as something else; --anyway teaches them`,
      );
    }
  } finally {
    await learner.close();
  }
}

async function teachPictures(
  pictures: readonly LabelledPicture[],
  model: string,
  lessons: Lessons,
  options: TeachOptions,
): Promise<void> {
  const classifier = await loadClassifier(model, options);
  try {
    await eachPicture('teach', pictures, async ({ file, label }, frame) => {
      const embedding = await embedPicture(classifier, frame, options.head);
      await lessons.add({ file, label }, embedding, () => encodeJpeg(frame, cropJpeg));
    });
  } finally {
    await classifier.close();
  }
}

async function teachTable(table: LessonTable, model: string, lessons: Lessons): Promise<void> {
  assertNetwork(table, (await readEmbedder(model)).card);
  if (table.without > 0) printNote(`${table.without} rows have no embedding, and are left out`);
  if (table.unlabelled > 0) printNote(`${table.unlabelled} rows have no label, and are left out`);
  for (const { file, label, embedding } of table.rows) await lessons.add({ file, label }, embedding);
}

/** What to teach. Names are checked first: a wrong one is not the fault of a picture. */
async function labelled(paths: readonly string[], { label, each }: TeachOptions) {
  if ((label === undefined) !== (each === true)) {
    throw new InputError(
      'expected --label LABEL, or --each with folders that have a subfolder for each label, or --table of embeddings',
    );
  }
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

/** So many pictures are one write: a disk is asked once for all of them. */
const batch = 16;

/** A picture that was looked at. */
interface Seen extends LabelledPicture {
  /** Of its example, once that is on disk. */
  id?: string;
  /** What is to be taught. */
  readonly lesson?: Lesson;
  /** The one that was taught as the same before. */
  readonly same?: { readonly id?: string };
  /** What it contradicts, and is not taught for. */
  readonly contradicts?: Contradicted;
}

/** Teaches pictures in batches; each batch is on disk before it is told, and the head learns from all at the end. */
class Lessons {
  taught = 0;
  /** Those that were taught as the same before. */
  known = 0;
  /** Those that were not taken: nearly the same was taught as something else. */
  contradictory = 0;
  /** Those that could not be kept: said. */
  refused = 0;
  /** How many of each label. */
  readonly taughtOf = new Map<string, number>();
  readonly #learner: Learner;
  readonly #options: TeachOptions;
  /** By content, those that were taught and those that wait. */
  readonly #all = new Map<string, { readonly id?: string }>();
  /** Where those that were taught here come from, by id. */
  readonly #files = new Map<string, string>();
  /** In the order in which they are told. */
  #waiting: Seen[] = [];

  constructor(learner: Learner, options: TeachOptions) {
    this.#learner = learner;
    this.#options = options;
    for (const example of learner.ledger.examples(options.head)) this.#all.set(contentOf(example), example);
  }

  async add(picture: LabelledPicture, embedding: Embedding, encode?: () => Promise<Uint8Array>): Promise<void> {
    const seen = await this.#look(picture, embedding, encode);
    this.#waiting.push(seen);
    if (this.#waiting.length >= batch) await this.flush();
  }

  async #look(picture: LabelledPicture, embedding: Embedding, encode?: () => Promise<Uint8Array>): Promise<Seen> {
    const { head, negative, camera, thumbnails, anyway } = this.#options;
    const { label } = picture;
    const content = contentOf({ label, negative, embedding });
    const same = this.#all.get(content);
    if (same) {
      this.known++;
      return { ...picture, same };
    }
    const draft: Draft = { label, head, negative, camera, kind: head === objectHead ? 'box' : 'view', embedding };
    const contradicts = anyway ? undefined : await this.#contradiction(draft);
    if (contradicts) {
      this.contradictory++;
      const earlier = contradicts.file ?? `example ${contradicts.id}`;
      printNote(
        `${picture.file}: not taught as ${meaningOf({ label, negative })}: nearly the same as ${earlier}, which is ${meaningOf(contradicts)}`,
      );
      return { ...picture, contradicts };
    }
    const seen: Seen = { ...picture, lesson: { draft, ...(thumbnails && encode && { thumbnail: await encode() }) } };
    this.#all.set(content, seen);
    return seen;
  }

  /** Writes what waits, and tells it. What cannot be kept is said and counted. */
  async flush(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    await this.#write(waiting.filter(({ lesson }) => lesson));
    if (!this.#options.json) return;
    for (const { file, label, id, same, contradicts } of waiting) {
      const known = same?.id ?? id;
      if (contradicts) await printJson({ file, label, contradicts });
      else if (known !== undefined) await printJson({ file, label, id: known });
    }
  }

  /** All in one write; if that is refused, one by one: some may fit. */
  async #write(fresh: readonly Seen[]): Promise<void> {
    let examples: readonly Example[];
    try {
      examples = await this.#learner.addAll(fresh.map(({ lesson }) => lesson!));
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      if (fresh.length > 1) for (const one of fresh) await this.#write([one]);
      else {
        this.refused++;
        printError(new InputError(`${fresh[0]!.file}: ${error.message}`));
      }
      return;
    }
    for (const [i, { id }] of examples.entries()) {
      const seen = fresh[i]!;
      seen.id = id;
      this.#files.set(id, seen.file);
      this.taughtOf.set(seen.label, (this.taughtOf.get(seen.label) ?? 0) + 1);
    }
    this.taught += fresh.length;
  }

  async #contradiction(draft: Draft): Promise<Contradicted | undefined> {
    const waits = this.#waiting.some(
      ({ lesson }) => lesson && contradicts(draft, { negative: false, ...lesson.draft }),
    );
    if (waits) await this.flush();
    const [earlier] = contradictionsOf(draft, this.#learner.ledger.examples(draft.head));
    if (!earlier) return undefined;
    const { id, label, negative } = earlier;
    const file = this.#files.get(id);
    return { id, label, ...(negative && { negative }), ...(file !== undefined && { file }) };
  }
}

const meaningOf = ({ label, negative }: { label: string; negative?: boolean }) => `${negative ? 'not ' : ''}${label}`;

function contentOf(example: { label: string; negative: boolean; embedding: Embedding }): string {
  const { values, scale } = example.embedding;
  return JSON.stringify([example.label, example.negative, scale, Buffer.from(values).toString('base64')]);
}

async function report(
  learner: Learner,
  { taught, known, taughtOf }: Lessons,
  { head, json }: TeachOptions,
): Promise<void> {
  const { outcome } = await learner.train(head);
  const current = learner.head(head)?.current;
  const labels = current ? accuracies(current.head) : [];
  const refusal = outcome.taken ? undefined : outcome.reason;
  const thinned = thinnedOf(learner, taughtOf, head);
  if (json) {
    const { kind, accuracy } = current?.head.info ?? {};
    const use = current && { version: current.version, kind, accuracy: round(accuracy!) };
    return printJson({
      ...{ head, taught, known, taken: outcome.taken, ...(refusal !== undefined && { reason: refusal }), ...use },
      labels: labels.map((one) => ({ ...one, accuracy: round(one.accuracy) })),
      ...(thinned.length > 0 && { thinned }),
    });
  }
  const again = known > 0 ? `; ${known} more had been taught before` : '';
  console.log(`Taught ${taught} ${taught === 1 ? 'picture' : 'pictures'}${again}.`);
  for (const { label, taught: all, kept } of thinned) {
    console.log(
      `Of ${label} ${kept} examples are kept, of the ${all} now and those before: a label keeps those that differ most.`,
    );
  }
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

/** Labels of which more were taught than a ledger keeps. */
function thinnedOf({ ledger }: Learner, taughtOf: ReadonlyMap<string, number>, head: string) {
  const kept = new Map<string, number>();
  for (const { label, node } of ledger.examples(head))
    if (node === ledger.node) kept.set(label, (kept.get(label) ?? 0) + 1);
  return [...taughtOf].flatMap(([label, taught]) => {
    const left = kept.get(composed(label)) ?? 0;
    return left < taught ? [{ label, taught, kept: left }] : [];
  });
}

const round = (value: number) => Math.round(value * 10_000) / 10_000;
