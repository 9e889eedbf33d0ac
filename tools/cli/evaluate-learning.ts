import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../sdk/base/errors.ts';
import { byName } from '../../sdk/base/wire.ts';
import type { ClassLayer } from '../../sdk/core/cards/class-layer.ts';
import { type Classifier, loadClassifier, readEmbedder } from '../../sdk/core/classifier.ts';
import { embedPicture } from '../../sdk/learn/camera/embed-picture.ts';
import {
  type FewShot,
  fewShot,
  type LabelledEmbedding,
  type Unknowns,
  unknowns,
} from '../../sdk/learn/heads/few-shot.ts';
import { printJson, table } from '../shared/output.ts';
import type { ModelOptions } from './model-options.ts';
import { type LabelledPicture, labelledPictures } from './picture-files.ts';
import { eachPicture } from './pictures.ts';

/** Examples per label to try, as far as there are enough pictures. */
const tried = [5, 20];
const mostConfusions = 8;

export interface EvaluateLearningOptions extends ModelOptions {
  readonly json?: boolean;
  readonly seeds: number;
}

/**
 * Measures how well labels are learned from a few pictures of a folder.
 *
 * @throws InputError when there are too few pictures, or some cannot be read.
 */
export async function evaluateLearning(folder: string, options: EvaluateLearningOptions): Promise<void> {
  const { model, pictures, classLayer } = await embedSet(folder, options);
  const { seeds } = options;
  const results: (FewShot & Unknowns & { examples: number })[] = [];
  for (const examples of enoughFor(pictures, folder)) {
    const named = await fewShot(pictures, { examples, seeds, classLayer });
    results.push({ examples, ...named, ...unknowns(pictures, { examples, seeds, classLayer }) });
  }
  if (options.json) {
    const labels = new Set(pictures.map(({ label }) => label)).size;
    return printJson({ model, images: pictures.length, labels, seeds, results: results.map(inNumbers) });
  }
  const columns = results.map((result) => ({ ...result, title: `${result.examples} A LABEL` }));
  console.log(`Correct, ${seeds} seeds: mean (smallest-largest)`);
  console.log(accuracyTable(columns));
  console.log(`\n${kindsChosen(columns)}`);
  console.log('\nUnknown objects, each label left out in turn: fraction that is given a label');
  console.log(unknownsTable(columns));
  const { examples, confusions } = results.at(-1)!;
  if (confusions.length === 0) return;
  console.log(`\nMost frequent confusions, ${examples} examples per label`);
  const most = confusions.slice(0, mostConfusions);
  console.log(table([['LABEL', 'TAKEN FOR', 'TIMES'], ...most.map((one) => [one.label, one.named, `${one.count}`])]));
}

/**
 * Embeds the pictures of a folder with `train/LABEL/` and `test/LABEL/`, or with `LABEL/`, as they are taught, in the order
 * of their paths.
 *
 * @throws InputError when there are none, or some cannot be read.
 */
export async function embedSet(
  folder: string,
  options: ModelOptions = {},
): Promise<{ model: string; pictures: LabelledEmbedding[]; classLayer?: ClassLayer }> {
  const files = await labelledSet(folder);
  const { classLayer } = await readEmbedder(options.model);
  const classifier = await loadClassifier(options.model, options);
  try {
    return { model: classifier.card.name, pictures: await embedAll(classifier, files), classLayer };
  } finally {
    await classifier.close();
  }
}

interface SplitPicture extends LabelledPicture {
  readonly split?: 'train' | 'test';
}

/** The pictures of a folder with `train/LABEL/` and `test/LABEL/`, or with `LABEL/`. @throws InputError when there are none. */
export async function labelledSet(folder: string): Promise<SplitPicture[]> {
  const splits = ['test', 'train'] as const;
  if (!splits.every((split) => existsSync(join(folder, split)))) return labelledPictures(folder);
  const files: SplitPicture[] = [];
  for (const split of splits) {
    for (const picture of await labelledPictures(join(folder, split))) files.push({ ...picture, split });
  }
  return files;
}

/** Embeds pictures as they are taught, in order. @throws InputError when some cannot be read. */
export async function embedAll(
  classifier: Pick<Classifier, 'embed'>,
  files: readonly SplitPicture[],
): Promise<LabelledEmbedding[]> {
  const pictures: LabelledEmbedding[] = [];
  await eachPicture('embed', files, async ({ file: _, ...about }, frame) => {
    pictures.push({ ...about, embedding: await embedPicture(classifier, frame) });
  });
  return pictures;
}

/** Numbers of examples a label for which there are enough pictures, fewest first. @throws InputError when there are none. */
export function enoughFor(pictures: readonly LabelledEmbedding[], folder: string): number[] {
  const counts = new Map<string, number>();
  for (const { label, split } of pictures) counts.set(label, (counts.get(label) ?? 0) + (split === 'test' ? 0 : 1));
  // Without a given split some have to be left for testing.
  const left = pictures.some(({ split }) => split === 'test') ? 0 : 1;
  const [fewest, least] = [...counts].reduce((one, other) => (other[1] < one[1] ? other : one));
  const enough = tried.filter((examples) => least! >= examples + left);
  if (counts.size >= 2 && enough.length > 0) return enough;
  throw new InputError(
    `${folder}: expected two labels or more with at least ${tried[0]! + left} pictures to train on each, got ${counts.size} of which ${fewest} has ${least}`,
  );
}

/** Rows are kinds of heads, columns numbers of examples. */
export function accuracyTable(columns: readonly (Pick<FewShot, 'shares'> & { readonly title: string })[]): string {
  const rows = Object.keys(columns[0]!.shares).map((name) => [
    name === 'chosen' ? 'as chosen' : name,
    ...columns.map(({ shares }) => {
      const { mean, low, high } = summary(shares[name]!);
      return `${mean.toFixed(3)} (${low.toFixed(3)}-${high.toFixed(3)})`;
    }),
  ]);
  return table([['BY', ...columns.map(({ title }) => title)], ...rows]);
}

export function kindsChosen(columns: readonly (Pick<FewShot, 'kinds'> & { readonly title: string })[]): string {
  const words = columns.map(({ title, kinds }) => {
    const counts = Object.entries(kinds).map(([kind, count]) => `${kind} ${count}`);
    return `${title.toLowerCase()}: ${counts.join(', ')}`;
  });
  return `Kinds chosen by leave-one-out, ${words.join('; ')}`;
}

export function unknownsTable(columns: readonly (Unknowns & { readonly title: string })[]): string {
  const row = (name: string, of: (one: Unknowns) => number) => [name, ...columns.map((one) => of(one).toFixed(3))];
  const rows = Object.keys(columns[0]!.falseAccepts).flatMap((name) => {
    const by = name === 'chosen' ? 'as chosen' : name;
    return [
      row(`${by}, 5 % of correct ones rejected`, ({ falseAccepts }) => falseAccepts[name]!.ofRight),
      row(`${by}, 5 % of all known rejected`, ({ falseAccepts }) => falseAccepts[name]!.ofAll),
    ];
  });
  return table([
    ['AT', ...columns.map(({ title }) => title)],
    ...rows,
    row('as chosen, the threshold that is learned', ({ learned }) => learned.falseAccept),
    row('   rejected of correct ones', ({ learned }) => learned.falseReject),
    row('   rejected of wrong ones', ({ learned }) => learned.wrongReject),
  ]);
}

/** For programs: the numbers of the tables. */
function inNumbers({
  examples,
  shares,
  kinds,
  confusions,
  falseAccepts,
  learned,
}: FewShot & Unknowns & { examples: number }) {
  const accuracy = Object.entries(shares).map(([name, all]) => [name, rounded(summary(all))] as const);
  const { ofRight, ofAll } = falseAccepts.chosen!;
  return {
    ...{ examples, accuracy: new Map(accuracy), kinds: byName(kinds) },
    unknown: { falseAcceptAt5: rounded({ ofRight, ofAll }), learned: rounded(learned) },
    confusions,
  };
}

function summary(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { mean, low: Math.min(...values), high: Math.max(...values) };
}

function rounded(numbers: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, Number(value.toFixed(4))]));
}
