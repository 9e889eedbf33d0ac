import { composed } from '../base/composed.ts';
import type { CameraLearning } from './camera/camera-learning.ts';
import type { Head, Prediction } from './heads/head.ts';
import { accuracies, type Confusion, confusions, mostDoubtful, uncertainty } from './heads/review.ts';
import type { HeadSummary, Learner } from './learner.ts';
import { asTaught, type Example, objectHead, unknown } from './ledger/example.ts';

/** What is known of learning on a node. */
export interface LearningSummary {
  /** Of the embedding network, once something was taught; nothing is shared across spaces. */
  readonly space: string | null;
  readonly model: string;
  /** Of all nodes, including those that were cut. */
  readonly examples: number;
  /** When the newest example that counts was taught, ms since 1970. */
  readonly taughtMs: number | null;
  /** Why what was taught before cannot be used. */
  readonly error: string | null;
  /** Damage found when the store was opened, and what was lost, if anything. */
  readonly damage?: string;
  /** Nodes whose examples do not count. */
  readonly cut_nodes: readonly string[];
  readonly heads: Readonly<Record<string, HeadSummary>>;
}

/** How many examples of a label one node taught; cut ones do not count. */
export interface LabelCount {
  readonly head: string;
  readonly label: string;
  readonly node: string;
  readonly examples: number;
  readonly negatives: number;
}

/** Which examples are wanted. */
export interface ExampleFilter {
  /** Default: all heads. */
  readonly head?: string;
  /** Default: all labels. */
  readonly label?: string;
}

/** An example as it is listed: without its values. */
export type ListedExample = Omit<Example, 'embedding'> & {
  /** A picture of it is kept. */
  readonly thumbnail: boolean;
};

/** An object that was seen, and how a head names it, for a person to confirm or correct. */
export interface NearMiss {
  readonly camera: string;
  readonly trackId: number;
  readonly eventId?: string;
  readonly timeMs: number;
  readonly prediction: Pick<Prediction, 'label' | 'score' | 'nearest'>;
  /** Labels that it may well be, at most three, the most likely first; none where it is like nothing that was taught. */
  readonly likely: readonly string[];
  /** How much a label would help, 0..1: `uncertainty`. */
  readonly doubt: number;
}

/** Which of the examples are listed, and in which order. */
export interface ExamplePaging {
  /** The most doubtful examples of a head first. Default: newest first. */
  readonly doubtful?: boolean;
  /** With `limit`: a page of them. Default: all. */
  readonly offset?: number;
  readonly limit?: number;
}

/** How well a head knows its labels. */
export interface HeadReview {
  readonly labels: ReturnType<typeof accuracies>;
  readonly confusions: readonly Confusion[];
  /** Ids of examples, the most doubtful first. */
  readonly doubtful: readonly string[];
}

/** @param learner Undefined: nothing was taught yet, or it cannot be used. */
export function summaryOf(
  learner: Learner | undefined,
  known: Pick<LearningSummary, 'model' | 'taughtMs' | 'error'>,
): LearningSummary {
  return {
    space: learner?.ledger.space ?? null,
    examples: learner?.ledger.size ?? 0,
    ...known,
    ...(learner?.damage !== undefined && { damage: learner.damage }),
    cut_nodes: learner?.ledger.cutNodes() ?? [],
    heads: Object.fromEntries((learner?.heads ?? []).map((head) => [head, learner!.summary(head)])),
  };
}

/** @param learner Undefined: nothing was taught yet. */
export function reviewOf(learner: Learner | undefined, head: string): HeadReview {
  const current = learner?.head(head)?.current?.head;
  return current ? new Review(current) : { labels: [], confusions: [], doubtful: [] };
}

/** Each part when it is asked for: a state that is told after each lesson needs the labels alone. */
class Review implements HeadReview {
  readonly #head: Head;
  #labels: HeadReview['labels'] | undefined;
  #confusions: HeadReview['confusions'] | undefined;
  #doubtful: HeadReview['doubtful'] | undefined;

  constructor(head: Head) {
    this.#head = head;
  }

  get labels(): HeadReview['labels'] {
    return (this.#labels ??= accuracies(this.#head));
  }

  get confusions(): HeadReview['confusions'] {
    return (this.#confusions ??= confusions(this.#head));
  }

  get doubtful(): HeadReview['doubtful'] {
    return (this.#doubtful ??= mostDoubtful(this.#head).map(({ id }) => id));
  }
}

/** Of each label of each head and node, in the order in which they were taught first. */
export function countsOf(learner: Learner | undefined): LabelCount[] {
  const counts = new Map<string, { -readonly [K in keyof LabelCount]: LabelCount[K] }>();
  for (const { head, label, node, negative } of asTaught(learner?.ledger.examples() ?? [])) {
    const key = JSON.stringify([head, label, node]);
    const count = counts.get(key) ?? { head, label, node, examples: 0, negatives: 0 };
    count[negative ? 'negatives' : 'examples']++;
    counts.set(key, count);
  }
  return [...counts.values()];
}

/** The examples that count. */
export function examplesOf(learner: Learner | undefined, { head, label }: ExampleFilter): Example[] {
  const all = learner?.ledger.examples(head) ?? [];
  return label === undefined ? all : all.filter((example) => example.label === composed(label));
}

/** The examples that count, as they are listed. */
export async function listExamples(
  learner: Learner | undefined,
  of: ExampleFilter & ExamplePaging,
): Promise<ListedExample[]> {
  const { doubtful = false, offset = 0, limit = Number.POSITIVE_INFINITY } = of;
  if (!learner) return [];
  const found = asTaught(examplesOf(learner, of)).reverse();
  if (doubtful && of.head !== undefined) {
    const places = new Map(reviewOf(learner, of.head).doubtful.map((id, place) => [id, place]));
    const placeOf = ({ id }: Example) => places.get(id) ?? places.size;
    found.sort((a, b) => placeOf(a) - placeOf(b));
  }
  return Promise.all(
    found.slice(offset, offset + limit).map(async ({ embedding: _, ...example }) => {
      return { ...example, thumbnail: (await learner.thumbnail(example.id)) !== undefined };
    }),
  );
}

/** How far below the threshold, in `nearness`, something may still be one of the labels; and how many of them are offered. */
const likeness = 0.3;
const mostLikely = 3;

/** Recent objects that were not taught yet and whose label would help most, the most uncertain first. */
export function nearMissesOf(
  learner: Learner | undefined,
  cameras: ReadonlyMap<string, Pick<CameraLearning, 'tracks'>>,
): NearMiss[] {
  const found = [...cameras].flatMap(([camera, { tracks }]) =>
    tracks.flatMap(({ trackId, eventId, views, isTaught }) => {
      const [best] = isTaught ? [] : views;
      const prediction = best?.embedding && learner?.predict(objectHead, best.embedding);
      if (!best || !prediction) return [];
      const { label, score, nearest, nearness, margins } = prediction;
      const about = { camera, trackId, ...(eventId !== undefined && { eventId }), timeMs: best.timeMs };
      const { captureTimeNs = best.timeMs * 1e6 } = best;
      const isLike = label !== unknown || nearness > -likeness;
      const likely = isLike ? margins.slice(0, mostLikely).map((one) => one.label) : [];
      const doubt = uncertainty(prediction);
      const miss = { ...about, prediction: { label, score, nearest }, likely, doubt };
      return [{ miss, captureTimeNs, near: Math.abs(nearness) }];
    }),
  );
  return found
    .sort((a, b) => b.miss.doubt - a.miss.doubt || a.near - b.near || b.captureTimeNs - a.captureTimeNs)
    .map(({ miss }) => miss);
}

/**
 * What cameras need to know of a ledger.
 *
 * @param node The one they are of.
 * @returns `taughtMs`: when it was taught last, by the clocks of those who taught, to be told; null: never. `heads`: by
 *   camera, those of whole views that were taught on it, which it looks for.
 */
export function taughtIn(
  ledger: Pick<Learner['ledger'], 'examples'>,
  node: string,
): { readonly taughtMs: number | null; readonly heads: ReadonlyMap<string, readonly string[]> } {
  const heads = new Map<string, Set<string>>();
  const examples = ledger.examples();
  for (const { node: owner, head, camera } of examples) {
    if (owner !== node || head === objectHead) continue;
    heads.set(camera, (heads.get(camera) ?? new Set()).add(head));
  }
  return {
    // Not the latest time: a clock that was once ahead would win forever.
    taughtMs: asTaught(examples).at(-1)?.timeMs ?? null,
    heads: new Map([...heads].map(([camera, names]) => [camera, [...names].sort()])),
  };
}
