import { random } from '../../base/random.ts';
import type { ClassLayer } from '../../core/cards/class-layer.ts';
import type { Embedding } from '../../core/embedding.ts';
import { type Example, objectHead } from '../ledger/example.ts';
import { defaultTrainers, type Head, trainHead } from './head.ts';
import type { HeadTrainer } from './trainer.ts';
import { TrainingData } from './training-set.ts';

/** One picture of a data set. */
export interface LabelledEmbedding {
  readonly label: string;
  readonly embedding: Embedding;
  /** Its use. If undefined in all pictures, those not drawn for training are for testing. */
  readonly split?: 'train' | 'test';
}

/** Indexes of pictures. */
export interface Split {
  readonly train: readonly number[];
  readonly test: readonly number[];
}

export interface FewShotOptions {
  /** Examples of each label that are trained on. */
  readonly examples: number;
  /** Number of draws, with seeds 0, 1, … */
  readonly seeds: number;
  /** The embedding network's own classes, as a node has them. */
  readonly classLayer?: ClassLayer;
}

export interface FewShot {
  /**
   * By name (`chosen`, then each kind of head alone, then peers), for each seed: the fraction named correctly.
   */
  readonly shares: Readonly<Record<string, readonly number[]>>;
  /** How often each kind was chosen. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Confusions of the chosen heads, over all seeds; the most frequent first. */
  readonly confusions: readonly { readonly label: string; readonly named: string; readonly count: number }[];
}

/**
 * Measures how well heads name pictures after a few examples of each label.
 *
 * @param pictures Of at least two labels, each with more pictures than `examples`.
 * @param peers Other methods to measure on the same splits, by name: each returns its name for each tested picture.
 *
 * @example
 * const { shares } = await fewShot(pictures, { examples: 5, seeds: 10 });
 * console.log(shares.chosen); // [0.73, 0.71, …]
 */
export async function fewShot(
  pictures: readonly LabelledEmbedding[],
  { examples, seeds, classLayer }: FewShotOptions,
  peers: (split: Split) => Promise<Readonly<Record<string, readonly string[]>>> = async () => ({}),
): Promise<FewShot> {
  const labels = labelsOf(pictures);
  const shares: Record<string, number[]> = {};
  const kinds: Record<string, number> = {};
  const mistakes = new Map<string, { label: string; named: string; count: number }>();
  for (let seed = 0; seed < seeds; seed++) {
    const split = draw(pictures, labels, examples, seed);
    const heads = headsOf(pictures, split.train, classLayer);
    kinds[heads.chosen!.info.kind] = (kinds[heads.chosen!.info.kind] ?? 0) + 1;
    const names = Object.entries(heads).map(([name, head]) => [name, nearest(head, pictures, split.test)] as const);
    const all = [...names, ...Object.entries(await peers(split))];
    const truth = split.test.map((place) => pictures[place]!.label);
    for (const [name, named] of all) {
      const share = named.filter((label, i) => label === truth[i]).length / truth.length;
      shares[name] = [...(shares[name] ?? []), share];
    }
    for (const [i, named] of names[0]![1].entries()) {
      const label = truth[i]!;
      if (named === label) continue;
      const key = JSON.stringify([label, named]);
      mistakes.set(key, { label, named, count: (mistakes.get(key)?.count ?? 0) + 1 });
    }
  }
  return { shares, kinds, confusions: [...mistakes.values()].sort((a, b) => b.count - a.count) };
}

/** Shares of 0..1, means over labels and seeds. */
export interface Unknowns {
  /**
   * By name (`chosen`, then peers): the share of unknown pictures that is given a label, at the threshold that rejects 5 % of
   * the known pictures that are named correctly, and 5 % of all known ones.
   */
  readonly falseAccepts: Readonly<Record<string, { readonly ofRight: number; readonly ofAll: number }>>;
  /** At the threshold that the head learned from its examples. */
  readonly learned: {
    readonly falseAccept: number;
    /** Of those named correctly. */
    readonly falseReject: number;
    /** Of those named wrongly. */
    readonly wrongReject: number;
  };
}

/** The name given, and how near it is; only the order of nearnesses is meaningful. */
export type Guess = (picture: LabelledEmbedding) => { readonly label: string; readonly nearness: number };

/**
 * Measures the rejection of unknown objects: each label is left out in turn, and its pictures are shown to a head that
 * was taught the others. The thresholds that reject 5 % are found on the tested pictures themselves, so that the
 * comparison does not depend on how well a threshold is learned.
 *
 * @param pictures As for `fewShot`.
 * @param peers Other methods to measure, by name, each made from the pictures at these indexes.
 */
export function unknowns(
  pictures: readonly LabelledEmbedding[],
  { examples, seeds, classLayer }: FewShotOptions,
  peers: (train: readonly number[]) => Readonly<Record<string, Guess>> = () => ({}),
): Unknowns {
  const labels = labelsOf(pictures);
  const sums = new Map<string, { ofRight: number[]; ofAll: number[] }>();
  const learned = { falseAccept: [] as number[], falseReject: [] as number[], wrongReject: [] as number[] };
  for (let seed = 0; seed < seeds; seed++) {
    for (const out of labels) {
      const others = labels.filter((label) => label !== out);
      const { train } = draw(pictures, others, examples, seed);
      const head = headOf(pictures, train, classLayer);
      const ours: Guess = ({ embedding }) => {
        const { nearest, nearness } = head.predict(embedding);
        return { label: nearest, nearness };
      };
      const drawn = new Set(train);
      const asked = pictures.filter((_, place) => !drawn.has(place));
      for (const [name, guess] of Object.entries({ chosen: ours, ...peers(train) })) {
        const guesses = asked.map((picture) => ({ ...guess(picture), truth: picture.label }));
        const strange = guesses.filter(({ truth }) => truth === out);
        const known = guesses.filter(({ truth }) => truth !== out);
        const right = known.filter(({ label, truth }) => label === truth);
        const accepted = (threshold: number) => shareOf(strange, ({ nearness }) => nearness >= threshold);
        const sum = sums.get(name) ?? { ofRight: [], ofAll: [] };
        sums.set(name, sum);
        sum.ofRight.push(accepted(fivePercentBelow(right)));
        sum.ofAll.push(accepted(fivePercentBelow(known)));
        if (name !== 'chosen') continue;
        const wrong = known.filter(({ label, truth }) => label !== truth);
        learned.falseAccept.push(accepted(0));
        learned.falseReject.push(shareOf(right, ({ nearness }) => nearness < 0));
        learned.wrongReject.push(shareOf(wrong, ({ nearness }) => nearness < 0));
      }
    }
  }
  return {
    falseAccepts: Object.fromEntries(
      [...sums].map(([name, { ofRight, ofAll }]) => [name, { ofRight: mean(ofRight), ofAll: mean(ofAll) }]),
    ),
    learned: {
      falseAccept: mean(learned.falseAccept),
      falseReject: mean(learned.falseReject),
      wrongReject: mean(learned.wrongReject),
    },
  };
}

function labelsOf(pictures: readonly LabelledEmbedding[]): string[] {
  return [...new Set(pictures.map(({ label }) => label))].sort();
}

/** A random draw of this many pictures of each of these labels. */
function draw(
  pictures: readonly LabelledEmbedding[],
  labels: readonly string[],
  examples: number,
  seed: number,
): Split {
  const next = random(seed);
  const train = labels.flatMap((label) => {
    const own = [...pictures.keys()].filter((i) => pictures[i]!.label === label && pictures[i]!.split !== 'test');
    for (let i = own.length - 1; i > 0; i--) {
      const j = Math.floor(next() * (i + 1));
      [own[i], own[j]] = [own[j]!, own[i]!];
    }
    return own.slice(0, examples);
  });
  const drawn = new Set(train);
  const test = [...pictures.keys()].filter((i) => !drawn.has(i) && pictures[i]!.split !== 'train');
  return { train, test };
}

/** As chosen, and each kind alone if it can learn. */
function headsOf(
  pictures: readonly LabelledEmbedding[],
  places: readonly number[],
  classLayer: ClassLayer | undefined,
): Record<string, Head> {
  const kinds = defaultTrainers().map(
    (trainer) => [trainer.kind, headOf(pictures, places, classLayer, [trainer])] as const,
  );
  return { chosen: headOf(pictures, places, classLayer), ...Object.fromEntries(kinds) };
}

function headOf(
  pictures: readonly LabelledEmbedding[],
  places: readonly number[],
  classLayer: ClassLayer | undefined,
  trainers: readonly HeadTrainer[] = defaultTrainers(),
): Head {
  const examples = places.map((place, i) => exampleOf(pictures[place]!, i));
  return trainHead(objectHead, new TrainingData(classLayer).update(examples), trainers)!;
}

function exampleOf({ label, embedding }: LabelledEmbedding, number: number): Example {
  const id = `${'0'.repeat(16)}-${number + 1}`;
  const where = { node: 'evaluation', head: objectHead, camera: 'pictures', kind: 'box' } as const;
  return { ...where, id, label, negative: false, timeMs: number, embedding };
}

function nearest(head: Head, pictures: readonly LabelledEmbedding[], places: readonly number[]): string[] {
  return places.map((place) => head.predict(pictures[place]!.embedding).nearest);
}

/** The threshold below which 5 % lie. */
function fivePercentBelow(guesses: readonly { readonly nearness: number }[]): number {
  const sorted = guesses.map(({ nearness }) => nearness).sort((a, b) => a - b);
  return sorted[Math.floor(0.05 * sorted.length)] ?? 0;
}

function shareOf<T>(all: readonly T[], is: (one: T) => boolean): number {
  return all.length === 0 ? 0 : all.filter(is).length / all.length;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
