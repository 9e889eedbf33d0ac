import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { asset } from '../../../sdk/base/assets.ts';
import type { Embedding } from '../../../sdk/core/embedding.ts';
import { preparePython } from '../python.ts';

/** Names a picture by labelled ones, as others do it: cosines of the embeddings as they are. */
export type Namer = (embedding: Embedding) => { label: string; cosine: number };

interface Labelled {
  readonly label: string;
  readonly embedding: Embedding;
}

/** The mean of each class at length 1, the nearest one by its cosine: what imprinted weights are. */
export function plainPrototypes(examples: readonly Labelled[]): Namer {
  const means = [...new Set(examples.map(({ label }) => label))].map((label) => {
    const own = examples.filter((one) => one.label === label).map(({ embedding }) => atLengthOne(embedding));
    const mean = own[0]!.map((_, d) => own.reduce((sum, vector) => sum + vector[d]!, 0));
    return { label, vector: atLengthOne({ values: mean }) };
  });
  return (embedding) => nearest(means, atLengthOne(embedding))[0]!;
}

/** The k nearest vote; of as many votes the nearer label wins. */
export function plainNearest(examples: readonly Labelled[], k: number): Namer {
  const vectors = examples.map(({ label, embedding }) => ({ label, vector: atLengthOne(embedding) }));
  return (embedding) => mostVotes(nearest(vectors, atLengthOne(embedding)).slice(0, k));
}

/**
 * As TensorFlow.js's knn-classifier does it: cosines, the k nearest (3, as it is by default) vote, and of as many votes
 * the label that was added first wins.
 */
export function tfjsNearest(examples: readonly Labelled[], k = 3): Namer {
  const labels = [...new Set(examples.map(({ label }) => label))];
  const vectors = examples.map(({ label, embedding }) => ({ label, vector: atLengthOne(embedding) }));
  return (embedding) => {
    const top = nearest(vectors, atLengthOne(embedding)).slice(0, k);
    const votes = labels.map((label) => top.filter((one) => one.label === label).length);
    return { label: labels[votes.indexOf(Math.max(...votes))]!, cosine: top[0]!.cosine };
  };
}

export function atLengthOne({ values }: { values: ArrayLike<number> }): Float64Array {
  const vector = Float64Array.from(values);
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / length);
}

function nearest(known: readonly { label: string; vector: Float64Array }[], vector: Float64Array) {
  return known
    .map((one) => ({ label: one.label, cosine: one.vector.reduce((sum, value, d) => sum + value * vector[d]!, 0) }))
    .sort((a, b) => b.cosine - a.cosine);
}

function mostVotes(top: readonly { label: string; cosine: number }[]) {
  const votes = new Map<string, number>();
  for (const { label } of top) votes.set(label, (votes.get(label) ?? 0) + 1);
  const most = Math.max(...votes.values());
  return top.find(({ label }) => votes.get(label) === most)!;
}

export interface SklearnRequest {
  readonly labels: readonly string[];
  readonly train: readonly number[];
  readonly test: readonly number[];
  /** Rows at length 1. Default: as they are. */
  readonly normalise?: boolean;
  /** How often one row is named for its time. */
  readonly repeat?: number;
}

/** scikit-learn's LinearSVC in a process of its own. */
export class Sklearn {
  readonly version: string;
  readonly #child;
  readonly #lines;

  private constructor(child: ReturnType<typeof start>, lines: AsyncIterator<string>, version: string) {
    this.#child = child;
    this.#lines = lines;
    this.version = version;
  }

  /** @param file The embeddings, float32 row by row. */
  static async start(file: string, dimension: number): Promise<Sklearn> {
    const child = start([asset('tools', 'bench', 'peer', 'learn.py'), file, String(dimension)]);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { sklearn } = JSON.parse(await nextLine(lines)) as { sklearn: string };
    return new Sklearn(child, lines, sklearn);
  }

  async fit(request: SklearnRequest): Promise<{ named: string[]; fitMs: number; predictUs?: number }> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    return JSON.parse(await nextLine(this.#lines));
  }

  stop(): void {
    this.#child.kill();
  }
}

const start = (args: readonly string[]) =>
  spawn(preparePython('learn.txt'), args, { stdio: ['pipe', 'pipe', 'inherit'] });

async function nextLine(lines: AsyncIterator<string>): Promise<string> {
  const { value, done } = await lines.next();
  if (done) throw new Error('the Python peer ended: its message is above');
  return value;
}
