import { assertKind } from '../../base/arguments.ts';
import type { ClassLayer } from '../../core/cards/class-layer.ts';
import { kernels } from '../../kernels/kernels.ts';
import { byTime, type Example } from '../ledger/example.ts';
import { digestOf, hashOf } from '../ledger/ledger.ts';
import { profileOf, profileTemperature } from './class-profile.ts';
import { type Features, featuresOf } from './features.ts';
import { finish, type Steps } from './steps.ts';

/**
 * The examples of one head in canonical order, and what trainers need of them. Classes are the labels, sorted, and
 * after them *none* where there are negatives.
 */
export interface TrainingSet {
  readonly labels: readonly string[];
  /** The labels, and one more where there are negatives. */
  readonly classes: number;
  readonly examples: readonly Example[];
  /** The class of each example. */
  readonly targets: Int32Array;
  /** Examples of each class. */
  readonly counts: Int32Array;
  readonly features: readonly Features[];
  /**
   * Row i has the cosines of example i with examples 0..i-1. A row is the same object as in the previous set when it and
   * all rows before it belong to the same examples: results computed from it are still valid.
   */
  readonly cosines: readonly Float64Array[];
  /**
   * The cosine of each example with each class's prototype, its own class's computed without it: examples x
   * classes; -1 where nothing is left.
   */
  readonly prototypeCosines: Float64Array;
  /** Each class's prototype: the mean of its features at length 1, at length 1. */
  readonly prototypes: readonly Float32Array[];
  /** The network's own classes, if known. */
  readonly classLayer?: ClassLayer;
  /** Their profile of each example. */
  readonly profiles?: readonly Features[];
  /** `sum of weights[i] * features[i] / length`, in 32-bit floats. */
  weightedSum(weights: Float64Array): Float32Array;
  /** The set of some of the examples, in their order. */
  subset(indices: readonly number[]): TrainingSet;
  /** Hash of all the examples it was made from. */
  readonly hash: string;
}

/** More examples than this do not improve a head, and training takes the cube of their number. */
export const mostTrained = 1200;

interface Row {
  readonly example: Example;
  readonly digest: Buffer;
  readonly features: Features;
  readonly cosines: Float64Array;
  readonly profile?: Features;
}

/**
 * Makes training sets of one head as its ledger grows. What it keeps from the previous set only saves work: the next set
 * is the same as one made from scratch.
 */
export class TrainingData {
  #rows: Row[] = [];
  /** The features side by side, one example a row, for the products with a new one. */
  #matrix = new Int8Array();
  /** `features / length`, one example a column, and room for more columns. */
  #columns = new Float32Array();
  #capacity = 0;
  #sums = new ClassSums();
  #prototypes = new Prototypes();
  readonly #classLayer: ClassLayer | undefined;

  /** @param classLayer The network's own classes, if known. */
  constructor(classLayer?: ClassLayer) {
    if (classLayer !== undefined) assertKind('TrainingData: class layer', classLayer, 'object');
    this.#classLayer = classLayer;
  }

  /**
   * What a head is trained from; what is known of examples that are the same as before is used again.
   *
   * @param examples Of one head, as returned by `Ledger.examples`; their values are copied.
   */
  update(examples: readonly Example[]): TrainingSet {
    return finish(this.updateInSteps(examples));
  }

  /** As `update`, a piece at a time. @param examples Their values must not change before the end. */
  *updateInSteps(examples: readonly Example[]): Steps<TrainingSet> {
    assertKind('TrainingData.update', examples, 'list', 'a list of examples');
    const chosen = yield* choose(examples, mostTrained);
    let same = 0;
    while (same < chosen.length && same < this.#rows.length && isSame(chosen[same]!, this.#rows[same]!.example)) same++;
    const digests = new Map(chosen.slice(0, same).map((example, i) => [example, this.#rows[i]!.digest]));
    const hash = hashOf(yield* this.#digests(examples, digests));
    this.#rows.length = same;
    const dimension = chosen[0]?.embedding.values.length ?? 0;
    this.#reserve(chosen.length, dimension);
    for (const example of chosen.slice(same)) {
      this.#append(example, dimension);
      yield;
    }
    return yield* this.#set(hash);
  }

  /** @param found Digests of examples already compared. */
  *#digests(examples: readonly Example[], found: ReadonlyMap<Example, Buffer>): Steps<Buffer[]> {
    const known = new Map(this.#rows.map((row) => [row.example.id, row]));
    const digests: Buffer[] = [];
    for (const example of examples) {
      const row = known.get(example.id);
      const same = found.get(example) ?? (row && isSame(row.example, example) ? row.digest : undefined);
      digests.push(same ?? digestOf(example));
      if (!same) yield;
    }
    return digests;
  }

  #append(example: Example, dimension: number): void {
    const at = this.#rows.length;
    const values = this.#matrix.subarray(at * dimension, (at + 1) * dimension);
    const features = featuresOf(example.embedding, values);
    const dots = new Int32Array(at);
    if (at > 0) kernels.dot.matVecI8(this.#matrix.subarray(0, at * dimension), values, dots);
    const cosines = Float64Array.from(dots, (dot, j) => dot / (features.length * this.#rows[j]!.features.length));
    for (let d = 0; d < dimension; d++) this.#columns[d * this.#capacity + at] = values[d]! / features.length;
    const copy = { ...example.embedding, values: Int8Array.from(example.embedding.values) };
    const profile = this.#classLayer && profileOf(this.#classLayer, copy, profileTemperature);
    const row = { example: { ...example, embedding: copy }, digest: digestOf(example), features, cosines };
    this.#rows.push(profile ? { ...row, profile } : row);
  }

  #reserve(count: number, dimension: number): void {
    if (count <= this.#capacity && this.#matrix.length === this.#capacity * dimension) return;
    const capacity = Math.max(64, Math.ceil((count * 1.25) / 16) * 16);
    const matrix = new Int8Array(capacity * dimension);
    matrix.set(this.#matrix.subarray(0, this.#rows.length * dimension));
    const columns = new Float32Array(capacity * dimension);
    for (let d = 0; d < dimension && this.#rows.length > 0; d++) {
      columns.set(this.#columns.subarray(d * this.#capacity, d * this.#capacity + this.#rows.length), d * capacity);
    }
    this.#rows = this.#rows.map((row, i) => {
      const values = matrix.subarray(i * dimension, (i + 1) * dimension);
      return { ...row, features: { values, length: row.features.length } };
    });
    [this.#matrix, this.#columns, this.#capacity] = [matrix, columns, capacity];
  }

  #set(hash: string): Steps<TrainingSet> {
    const rows = [...this.#rows];
    const [columns, capacity] = [this.#columns, this.#capacity];
    return makeSet(rows, hash, this.#classLayer, this.#sums, this.#prototypes, (weights) => {
      const padded = new Float32Array(capacity);
      padded.set(weights);
      const sum = new Float32Array(rows.length > 0 ? columns.length / capacity : 0);
      kernels.dot.matVecF32(columns, padded, sum);
      return sum;
    });
  }
}

function* makeSet(
  rows: readonly Row[],
  hash: string,
  classLayer: ClassLayer | undefined,
  sums: ClassSums,
  prototypesOf: Prototypes,
  weightedSum: TrainingSet['weightedSum'],
): Steps<TrainingSet> {
  const examples = rows.map(({ example }) => example);
  const labels = [...new Set(examples.map(({ label }) => label))].sort();
  const positive = labels.filter((label) => examples.some((one) => one.label === label && !one.negative));
  const classOf = new Map(positive.map((label, i) => [label, i]));
  const classes = positive.length + (examples.some(({ negative }) => negative) ? 1 : 0);
  const targets = Int32Array.from(examples, (one) => (one.negative ? positive.length : classOf.get(one.label)!));
  const counts = new Int32Array(classes);
  for (const target of targets) counts[target]!++;
  const features = rows.map((row) => row.features);
  const cosines = rows.map((row) => row.cosines);
  yield* sums.update(cosines, targets, classes);
  const prototypeCosines = sums.leftOut(counts);
  const prototypes = yield* prototypesOf.update(cosines, targets, classes, weightedSum);
  return {
    ...{
      labels: positive,
      classes,
      examples,
      targets,
      counts,
      features,
      cosines,
      prototypes,
      prototypeCosines,
      weightedSum,
      hash,
    },
    ...(classLayer && { classLayer, profiles: rows.map(({ profile }) => profile!) }),
    subset(indices) {
      const chosen = indices.map((i, at) => {
        const row = rows[i]!;
        return { ...row, cosines: Float64Array.from(indices.slice(0, at), (j) => row.cosines[j]!) };
      });
      const sumOf = (weights: Float64Array) => {
        const all = new Float64Array(rows.length);
        for (const [at, i] of indices.entries()) all[i] = weights[at]!;
        return weightedSum(all);
      };
      return finish(makeSet(chosen, hash, classLayer, new ClassSums(), new Prototypes(), sumOf));
    },
  };
}

/** An id is assigned once, but a faulty node may assign it twice. */
function isSame(a: Example, b: Example): boolean {
  if (a.id !== b.id || a.label !== b.label || a.negative !== b.negative || a.timeMs !== b.timeMs) return false;
  return a.embedding.scale === b.embedding.scale && bytesOf(a).equals(bytesOf(b));
}

function bytesOf({ embedding: { values } }: Example): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

/** For each example the sum of its cosines with each class's examples, including itself. Grows with the examples. */
class ClassSums {
  #sums = new Float64Array();
  #cosines: readonly Float64Array[] = [];
  #targets: Int32Array = new Int32Array();
  #classes = 0;

  *update(cosines: readonly Float64Array[], targets: Int32Array, classes: number): Steps<void> {
    let same = classes === this.#classes ? this.#targets.length : 0;
    for (let i = 0; i < same; i++) {
      if (cosines[i] !== this.#cosines[i] || targets[i] !== this.#targets[i]) same = 0;
    }
    const sums = new Float64Array(targets.length * classes);
    if (same > 0) sums.set(this.#sums);
    for (let i = same; i < targets.length; i++) {
      const row = cosines[i]!;
      const own = targets[i]!;
      for (let j = 0; j < i; j++) {
        sums[i * classes + targets[j]!]! += row[j]!;
        sums[j * classes + own]! += row[j]!;
      }
      sums[i * classes + own]! += 1;
      yield;
    }
    [this.#sums, this.#cosines, this.#targets, this.#classes] = [sums, cosines, targets, classes];
  }

  /** `TrainingSet.prototypeCosines` */
  leftOut(counts: Int32Array): Float64Array {
    const sums = this.#sums;
    const classes = this.#classes;
    const squares = new Float64Array(classes);
    for (const [i, target] of this.#targets.entries()) squares[target]! += sums[i * classes + target]!;
    const result = sums.map((sum, at) => sum / Math.sqrt(squares[at % classes]!));
    for (const [i, target] of this.#targets.entries()) {
      const at = i * classes + target;
      const sum = sums[at]!;
      result[at] = counts[target] === 1 ? -1 : (sum - 1) / Math.sqrt(squares[target]! - 2 * sum + 1);
    }
    return result;
  }
}

interface Known {
  readonly members: readonly Float64Array[];
  readonly prototype: Float32Array;
}

/** `TrainingSet.prototypes`. That of a class is recomputed when its examples have changed. */
class Prototypes {
  #known: readonly Known[] = [];

  *update(
    cosines: readonly Float64Array[],
    targets: Int32Array,
    classes: number,
    weightedSum: TrainingSet['weightedSum'],
  ): Steps<Float32Array[]> {
    const members = Array.from({ length: classes }, (): Float64Array[] => []);
    for (const [i, target] of targets.entries()) members[target]!.push(cosines[i]!);
    const made: Known[] = [];
    for (const [c, own] of members.entries()) {
      const known = this.#known[c];
      // The same object means the same example at the same index.
      if (known?.members.length === own.length && own.every((row, i) => row === known.members[i])) {
        made.push(known);
        continue;
      }
      yield;
      const sum = weightedSum(Float64Array.from(targets, (target) => (target === c ? 1 : 0)));
      const length = kernels.dot.normF32(sum);
      made.push({ members: own, prototype: sum.map((value) => value / length) });
    }
    this.#known = made;
    return made.map(({ prototype }) => prototype);
  }
}

/**
 * Selects at most this many examples. Labels (and the negatives of each) share the room equally, and small ones are kept
 * complete; of the others, the newest example, then repeatedly the one least similar to those chosen so far.
 */
function* choose(examples: readonly Example[], most: number): Steps<Example[]> {
  if (examples.length <= most) return [...examples];
  const groups = new Map<string, Example[]>();
  for (const example of examples) {
    const key = JSON.stringify([example.label, example.negative]);
    groups.set(key, [...(groups.get(key) ?? []), example]);
  }
  let left = most;
  const bySize = [...groups.values()].sort((a, b) => a.length - b.length);
  const chosen: Example[] = [];
  for (const [i, group] of bySize.entries()) {
    const share = Math.max(1, Math.floor(left / (bySize.length - i)));
    const kept = group.length <= share ? group : yield* diverse(group, share);
    left -= kept.length;
    chosen.push(...kept);
  }
  return chosen.sort(byTime);
}

function* diverse(group: readonly Example[], count: number): Steps<Example[]> {
  const features = group.map(({ embedding }) => featuresOf(embedding));
  const nearest = new Float64Array(group.length).fill(-2);
  const chosen: Example[] = [];
  let next = group.length - 1;
  while (chosen.length < count) {
    const last = features[next]!;
    chosen.push(group[next]!);
    nearest[next] = 2;
    for (let i = 0; i < group.length; i++) {
      if (nearest[i] === 2) continue;
      const cosine = kernels.dot.dotI8(features[i]!.values, last.values) / (features[i]!.length * last.length);
      if (cosine > nearest[i]!) nearest[i] = cosine;
    }
    next = 0;
    for (let i = 1; i < group.length; i++) if (nearest[i]! < nearest[next]!) next = i;
    yield;
  }
  return chosen;
}
