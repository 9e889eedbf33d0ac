import { createHash, randomBytes } from 'node:crypto';
import { assertShape } from '../../base/arguments.ts';
import { composed } from '../../base/composed.ts';
import { InputError } from '../../base/errors.ts';
import type { Embedding } from '../../core/embedding.ts';
import { add, type DotSet, emptyDotSet, join, remove, replicaPattern } from './dot-set.ts';
import {
  asTaught,
  byTime,
  type Cut,
  type CutTarget,
  checkCut,
  checkExample,
  compareIds,
  type Draft,
  type Example,
  type ExampleKind,
  mostSeen,
  objectHead,
  shown,
} from './example.ts';
import { type Hidden, hide, newestOf } from './hidden.ts';
import {
  type CutPart,
  checkPart,
  type ExamplePart,
  isExamplePart,
  mostReplicas,
  type Part,
  type PartName,
  partKey,
} from './part.ts';
import { EmbeddingPool } from './pool.ts';
import { leastMissed } from './thinning.ts';

export interface LedgerLimits {
  /** Examples, and as many negatives, that a node keeps of one label. */
  readonly perLabel: number;
  /** Examples of all labels and nodes; and as many cuts that other nodes made. */
  readonly total: number;
  /** Labels of all nodes, forgotten ones too; and as many nodes that cut. */
  readonly parts: number;
  /** Cuts that a node keeps. */
  readonly cuts: number;
}

export const defaultLimits: LedgerLimits = { perLabel: 200, total: 10_000, parts: 1000, cuts: 1000 };

/** What this store may have given before it was restored from an older copy; else its ids could be used up from outside. */
const mostAhead = 1e9;

export interface LedgerOptions {
  /** The hash of backbone, preprocessing and dimension. Nothing is merged across spaces. */
  readonly space: string;
  /** Values of an embedding. */
  readonly dimension: number;
  /** This node's name: it owns what is taught here. */
  readonly node: string;
  /** This store of this node, 16 hexadecimal digits; never the same one twice. Default: random. */
  readonly replica?: string;
  readonly limits?: Partial<LedgerLimits>;
  /** What it begins with, from this node's own store: no limit is asked for. */
  readonly parts?: readonly Part[];
  /** ms since 1970. Default: the clock. */
  readonly now?: () => number;
  /** Is told of each change after it was made. For a store. */
  readonly onChange?: (change: LedgerChange) => void;
}

/** What a change put into one part and took out of it. */
export interface LedgerChange {
  readonly part: Part;
  readonly put: readonly (Example | Cut)[];
  readonly dropped: readonly string[];
  /** Takes it back; of several the last one first. Nobody is told. */
  readonly undo: () => void;
}

/** An example without its values, which are in the pool. */
interface Row {
  readonly id: string;
  readonly slot: number;
  readonly scale: number;
  readonly timeMs: number;
  readonly kind: ExampleKind;
  readonly negative: boolean;
  readonly camera: string;
  readonly from: string | undefined;
}

interface Shelf {
  readonly node: string;
  readonly head: string;
  /** As its owner wrote it. */
  readonly label: string;
  /** What it is the same label as, on each node. */
  readonly composed: string;
  rows: DotSet<Row>;
}

/**
 * All that a fleet of nodes was taught, in memory. Nodes exchange copies of its parts; merging them in any order, any
 * number of times, gives the same bytes everywhere.
 *
 * - Each part has one owner, the node it was taught on, and only the owner changes it. So the owner alone decides which
 *   examples go when there are too many (of the two most alike the older one), and all others follow.
 * - What another node taught is taken out by a cut, which is one more thing that merges.
 *
 * Convergence holds while all fit `limits.total` and `limits.parts`; what does not fit is refused with an InputError.
 *
 * @example
 * const ledger = new Ledger({ space, dimension: 1280, node: 'porch' });
 * const { id } = ledger.teach({ label: 'my cat', camera: 'door', kind: 'track', embedding });
 * other.merge(ledger.parts());
 * ledger.forget({ example: id });
 */
export class Ledger {
  readonly space: string;
  readonly dimension: number;
  readonly node: string;
  readonly replica: string;
  readonly limits: LedgerLimits;
  readonly #now: () => number;
  #onChange: (change: LedgerChange) => void = () => {};
  readonly #pool: EmbeddingPool;
  readonly #shelves = new Map<string, Shelf>();
  readonly #cuts = new Map<string, DotSet<Cut>>();
  #size = 0;
  #counter = 0;
  #hidden: Hidden | undefined;

  /** @throws InputError when a name, the dimension or the replica is not what it should be. */
  constructor(options: LedgerOptions) {
    assertShape('Ledger', options, { space: 'text', dimension: 'number', node: 'text' });
    const { space, dimension, node, replica = randomBytes(8).toString('hex') } = options;
    checkPart({ node, ...emptyDotSet }, dimension);
    if (!space) throw new InputError('space: expected the hash of the embedding network, got nothing');
    if (!Number.isInteger(dimension) || dimension < 1 || dimension > 16_384) {
      throw new InputError(`dimension: expected 1 to 16384 values, got ${dimension}`);
    }
    if (!replicaPattern.test(replica)) {
      throw new InputError(`replica: expected 16 hexadecimal digits, got ${shown(replica)}`);
    }
    this.space = space;
    this.dimension = dimension;
    this.node = node;
    this.replica = replica;
    this.limits = { ...defaultLimits, ...options.limits };
    this.#now = options.now ?? Date.now;
    this.#pool = new EmbeddingPool(dimension);
    for (const part of options.parts ?? []) this.#replace(part);
    if (options.onChange) this.#onChange = options.onChange;
  }

  /** Examples of all nodes, those that were cut too. */
  get size(): number {
    return this.#size;
  }

  /**
   * Adds an example of this node. When its label has too many then, of the two that are most alike the older one goes:
   * what stays is diverse.
   *
   * @throws InputError when the draft is not what its type says, or the ledger is full.
   */
  teach(draft: Draft): Example {
    const { head = objectHead, negative = false, timeMs = this.#now(), camera, kind, embedding, from } = draft;
    const label = composedLabel(draft.label);
    const id = this.#nextId();
    const fixed = { id, node: this.node, head, label, negative, camera, timeMs, kind, embedding };
    const example: Example = from === undefined ? fixed : { ...fixed, from };
    checkExample(example, this.dimension);
    const key = partKey(example);
    this.#assertRoom(this.#shelves.has(key) ? 0 : 1, 1);
    const part = this.#partOf(example);
    this.#replace(this.#trim({ ...part, ...add(part, id, example) }));
    return example;
  }

  /**
   * The same region under another name: a new example of this node, and the old one is forgotten.
   *
   * @throws InputError when there is no such example, or the new label is not one.
   */
  relabel(id: string, to: { label: string; head?: string; negative?: boolean }): Example {
    const old = this.example(id);
    if (!old) throw new InputError(`example: expected the id of an example, got ${shown(id)}`);
    const values = Int8Array.from(old.embedding.values);
    const draft = { ...old, negative: false, ...to, embedding: { values, scale: old.embedding.scale }, from: id };
    const example = this.teach(draft);
    // Of two that are alike, the older one went to make room.
    if (this.example(id)) this.forget({ example: id }, 'relabelled');
    return example;
  }

  /**
   * Forgets what this node taught, and cuts out what others taught.
   *
   * @param reason For a person.
   * @returns How many examples are not seen any more.
   * @throws InputError when there is no such example, label or node, or there are too many cuts.
   */
  forget(what: CutTarget, reason = ''): number {
    const target = 'label' in what ? { ...what, label: composedLabel(what.label) } : what;
    const cut: Cut = { id: this.#nextId(), node: this.node, target, reason, timeMs: this.#now() };
    checkCut(cut);
    const before = this.#countVisible();
    const foreign: Row[] = [];
    const own: Part[] = [];
    let known = 'node' in target && target.node !== this.node;
    for (const shelf of [...this.#shelves.values()]) {
      const rows = [...shelf.rows.items.values()].filter((row) => matches(target, shelf, row));
      if (rows.length === 0) continue;
      known = true;
      if (shelf.node !== this.node) foreign.push(...rows);
      else
        own.push({
          ...this.#partOf(shelf),
          ...remove(
            this.#partOf(shelf),
            rows.map(({ id }) => id),
          ),
        });
    }
    if (!known) throw new InputError(`forget: expected something that was taught, got ${shown(target)}`);
    // Cuts first: there may be too many of them, and then nothing is forgotten.
    if (foreign.length > 0 || 'node' in target) this.#cut(cut, foreign);
    for (const part of own) this.#replace(part);
    return before - this.#countVisible();
  }

  #cut(cut: Cut, foreign: readonly Row[]): void {
    const { target } = cut;
    const own = [...(this.#cuts.get(this.node)?.items.values() ?? [])];
    if ('node' in target) {
      // Once is enough. It may be cut out before it teaches anything, too.
      if (target.node === this.node || own.some((one) => 'node' in one.target && one.target.node === target.node))
        return;
      const known = this.cuts().filter((one) => 'node' in one.target && one.target.node === this.node);
      const order = Math.max(...known.map((one) => (one.order ?? 0) + 1));
      this.#addCut(known.length > 0 ? { ...cut, order } : cut);
    } else if ('label' in target) {
      const seen = newestOf(foreign);
      this.#addCut({ ...cut, seen: seen.slice(0, mostSeen) });
      for (let i = mostSeen; i < seen.length; i += mostSeen) {
        this.#addCut({ ...cut, id: this.#nextId(), seen: seen.slice(i, i + mostSeen) });
      }
    } else this.#addCut(cut);
  }

  /**
   * Takes back a cut of this node: what it hid is seen again.
   *
   * @throws InputError when this node made no such cut.
   */
  withdraw(cutId: string): void {
    const cuts = this.#cuts.get(this.node) ?? emptyDotSet;
    if (!cuts.items.has(cutId)) throw new InputError(`cut: expected the id of one of this node's, got ${shown(cutId)}`);
    this.#replace({ node: this.node, ...remove(cuts, [cutId]) });
  }

  /**
   * Takes in what another node sent, or this node itself before it was flashed anew.
   *
   * @returns The parts that changed here, for what is trained from them.
   * @throws InputError when a part is not what its type says or there is no room; then nothing was taken in.
   */
  merge(parts: readonly Part[]): Part[] {
    for (const part of parts) checkPart(part, this.dimension);
    const joined = new Map<string, Part>();
    for (const part of parts) {
      const key = partKey(part);
      joined.set(key, joinParts(joined.get(key) ?? this.#find(part), part));
    }
    for (const [key, part] of joined) {
      this.#assertFits(part);
      // What was taught before and after this node's store was lost may be too much together.
      if (isExamplePart(part) && part.node === this.node) joined.set(key, this.#trim(part));
    }
    let shelves = 0;
    let examples = 0;
    const cutsOf = new Map([...this.#cuts].map(([node, { items }]) => [node, items.size]));
    for (const [key, part] of joined) {
      if (!isExamplePart(part)) {
        cutsOf.set(part.node, part.items.size);
        continue;
      }
      if (!this.#shelves.has(key)) shelves++;
      examples += part.items.size - (this.#shelves.get(key)?.rows.items.size ?? 0);
    }
    this.#assertRoom(shelves, examples);
    this.#assertRoomForCuts(cutsOf);
    const changed = [...joined.values()].filter((part) => !isSame(this.#find(part), part));
    for (const part of changed) this.#replace(part);
    // This node's own from before it was flashed, by an earlier version.
    if (changed.some((part) => part.node === this.node && !isExamplePart(part))) this.renewCuts();
    return changed.concat(this.#dropStandIns(new Set(changed.flatMap(({ items }) => [...items.keys()]))));
  }

  /**
   * Makes a cut of this node's anew, under another id: what it says is in a new form, or its id was lost.
   *
   * @throws InputError when it is no cut, or there are too many.
   */
  recut(cut: Omit<Cut, 'id' | 'node'>): void {
    const anew = { ...cut, id: this.#nextId(), node: this.node };
    checkCut(anew);
    this.#addCut(anew);
  }

  /**
   * A label cut of an earlier version says by its time what it hides; those of this node name it from now on: what they
   * hide of other nodes today.
   */
  renewCuts(): void {
    for (const cut of this.#cuts.get(this.node)?.items.values() ?? []) {
      const { id, node: _, target, timeMs } = cut;
      if (!('label' in target) || cut.seen) continue;
      const hidden = [...this.#shelves.values()]
        .filter((shelf) => shelf.node !== this.node && matches(target, shelf))
        .flatMap(({ rows }) => [...rows.items.values()].filter((row) => row.timeMs <= timeMs));
      this.withdraw(id);
      if (hidden.length > 0) this.#cut({ ...cut, id: this.#nextId() }, hidden);
    }
  }

  /**
   * What stands for an example that was lost is not needed beside it.
   *
   * @param arrived Examples that may have come back.
   * @returns The parts that changed.
   */
  #dropStandIns(arrived: ReadonlySet<string>): Part[] {
    const changed: Part[] = [];
    const { isHidden } = this.#hide();
    for (const shelf of [...this.#shelves.values()].filter(({ node }) => node === this.node)) {
      const ids = [...shelf.rows.items.values()].filter((row) => {
        const [origin, old] = (row.from !== undefined && arrived.has(row.from) && this.#locate(row.from)) || [];
        if (!origin || !old || origin.head !== shelf.head || origin.composed !== shelf.composed) return false;
        if (old.negative !== row.negative || old.scale !== row.scale || isHidden(origin, old)) return false;
        return Buffer.from(this.#pool.at(old.slot)).equals(Buffer.from(this.#pool.at(row.slot)));
      });
      if (ids.length === 0) continue;
      const part = this.#partOf(shelf);
      changed.push({
        ...part,
        ...remove(
          part,
          ids.map(({ id }) => id),
        ),
      });
    }
    for (const part of changed) this.#replace(part);
    return changed;
  }

  /** Everything, in canonical order: equal ledgers give equal parts. */
  parts(): Part[] {
    return [...this.#shelves.values()]
      .map((shelf): Part => this.#partOf(shelf))
      .concat([...this.#cuts].map(([node, cuts]) => ({ node, ...cuts })))
      .map((part) => [partKey(part), part] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, part]) => part);
  }

  /**
   * A node's examples of a label, or its cuts.
   *
   * @returns Undefined when there never were any. The examples' values must not be changed, nor kept after the next change.
   */
  part(of: PartName): Part | undefined {
    if ('label' in of) return this.#shelves.has(partKey(of)) ? this.#partOf(of) : undefined;
    const cuts = this.#cuts.get(of.node);
    return cuts && { node: of.node, ...cuts };
  }

  /** An example of any node, cut or not. Its values must not be changed. */
  example(id: string): Example | undefined {
    const found = this.#locate(id);
    return found && this.#shownOf(...found);
  }

  #locate(id: string): [Shelf, Row] | undefined {
    for (const shelf of this.#shelves.values()) {
      const row = shelf.rows.items.get(id);
      if (row) return [shelf, row];
    }
    return undefined;
  }

  /**
   * What a head is trained from: the examples of all nodes without those that were cut, as they were taught.
   *
   * @param head Default: all heads. The examples' values must not be changed, nor kept after the next change.
   */
  examples(head?: string): Example[] {
    const found: Example[] = [];
    const { isHidden } = this.#hide();
    for (const shelf of this.#shelves.values()) {
      if (head !== undefined && shelf.head !== head) continue;
      for (const row of shelf.rows.items.values()) {
        if (!isHidden(shelf, row)) found.push(this.#shownOf(shelf, row));
      }
    }
    return found.sort(byTime);
  }

  /** The heads that have examples, sorted. */
  heads(): string[] {
    return [...new Set(this.examples().map(({ head }) => head))].sort();
  }

  /** All cuts, as they were made. */
  cuts(): Cut[] {
    return asTaught([...this.#cuts.values()].flatMap(({ items }) => [...items.values()]));
  }

  /** The nodes whose examples do not count, sorted. */
  cutNodes(): string[] {
    return [...this.#hide().nodes].sort();
  }

  /** SHA-256 of the examples that a head is trained from: equal ledgers give equal hashes. */
  hash(head?: string): string {
    return hashOf(this.examples(head).map(digestOf));
  }

  #nextId(): string {
    return `${this.replica}-${++this.#counter}`;
  }

  /** Before anything is done with it. */
  #assertFits(part: Part): void {
    if (part.seen.size > mostReplicas) throw full('replicas of a part', mostReplicas);
    const claimed = part.seen.get(this.replica) ?? 0;
    if (claimed > this.#counter + mostAhead) {
      throw new InputError(`seen: expected at most ${this.#counter + mostAhead} of this store, got ${claimed}`);
    }
    // Twice as many examples, and as many negatives, as a node keeps, until it has seen what it lost.
    const isOfExamples = isExamplePart(part);
    const most = isOfExamples ? 4 * this.limits.perLabel : this.limits.cuts;
    if (part.items.size > most) throw full(isOfExamples ? 'examples of a label of a node' : 'cuts of a node', most);
  }

  #assertRoom(shelves: number, examples: number): void {
    const { parts, total } = this.limits;
    if (shelves > 0 && this.#shelves.size + shelves > parts) throw full('labels of all nodes', parts);
    if (examples > 0 && this.#size + examples > total) throw full('examples', total);
  }

  /** What this node cuts has its own limit: others must not keep it from cutting them out. */
  #assertRoomForCuts(after: Map<string, number>): void {
    after.delete(this.node);
    const known = [...this.#cuts].filter(([node]) => node !== this.node);
    const before = known.reduce((sum, [, { items }]) => sum + items.size, 0);
    const cuts = [...after.values()].reduce((sum, count) => sum + count, 0);
    const { parts, total } = this.limits;
    if (after.size > known.length && after.size > parts) throw full('nodes that cut', parts);
    if (cuts > before && cuts > total) throw full('cuts of other nodes', total);
  }

  #addCut(cut: Cut): void {
    let cuts = this.#cuts.get(this.node) ?? emptyDotSet;
    if (cuts.items.size >= this.limits.cuts) {
      // Those whose example is gone by its owner's hand have nothing left to do.
      const idle = [...cuts.items.values()].filter(
        ({ target }) => 'example' in target && this.example(target.example) === undefined,
      );
      cuts = remove(
        cuts,
        idle.map(({ id }) => id),
      );
    }
    if (cuts.items.size >= this.limits.cuts) throw full('cuts: cut out the node or withdraw some', this.limits.cuts);
    this.#replace({ node: this.node, ...add(cuts, cut.id, cut) });
  }

  /** Not more of a kind than a node keeps. */
  #trim(part: ExamplePart): ExamplePart {
    const gone = [false, true].flatMap((negative) => {
      const alike = [...part.items.values()].filter((one) => one.negative === negative);
      return leastMissed(alike, this.limits.perLabel);
    });
    return gone.length === 0 ? part : { ...part, ...remove(part, gone) };
  }

  #find(part: Part): Part {
    const key = partKey(part);
    if (!isExamplePart(part)) return { node: part.node, ...(this.#cuts.get(part.node) ?? emptyDotSet) };
    return this.#partOf(this.#shelves.get(key) ?? part);
  }

  /** The part as it is here; empty when it is new. */
  #partOf({ node, head, label }: { node: string; head: string; label: string }): ExamplePart {
    const shelf = this.#shelves.get(partKey({ node, head, label }));
    if (!shelf) return { node, head, label, ...emptyDotSet };
    const sorted = [...shelf.rows.items.values()].sort((a, b) => compareIds(a.id, b.id));
    const items = new Map(sorted.map((row) => [row.id, this.#exampleOf(shelf, row)]));
    return { node, head, label, seen: shelf.rows.seen, items };
  }

  /** As it is compared and shown; what travels is what its owner wrote. */
  #shownOf(shelf: Shelf, row: Row): Example {
    const example = this.#exampleOf(shelf, row);
    return shelf.composed === shelf.label ? example : { ...example, label: shelf.composed };
  }

  #exampleOf({ node, head, label }: Shelf, row: Row): Example {
    const { id, slot, scale, timeMs, kind, negative, camera, from } = row;
    const embedding: Embedding = { values: this.#pool.at(slot), scale };
    const example = { id, node, head, label, negative, camera, timeMs, kind, embedding };
    return from === undefined ? example : { ...example, from };
  }

  #replace(part: Part): void {
    const { replica } = this;
    this.#counter = Math.max(this.#counter, part.seen.get(replica) ?? 0);
    this.#hidden = undefined;
    if (isExamplePart(part)) this.#replaceExamples(part);
    else {
      const old = this.#cuts.get(part.node);
      const before = old?.items ?? new Map<string, Cut>();
      this.#cuts.set(part.node, { seen: part.seen, items: part.items });
      const put = [...part.items.values()].filter((cut) => before.get(cut.id) !== cut);
      const dropped = [...before.keys()].filter((id) => !part.items.has(id));
      const undo = () => {
        this.#hidden = undefined;
        if (old) this.#cuts.set(part.node, old);
        else this.#cuts.delete(part.node);
      };
      this.#onChange({ part, put, dropped, undo });
    }
  }

  #replaceExamples(part: ExamplePart): void {
    const { node, head, label, seen } = part;
    const key = partKey(part);
    const known = this.#shelves.get(key);
    const shelf: Shelf = known ?? { node, head, label, composed: composed(label), rows: emptyDotSet };
    const old = shelf.rows;
    const rows = new Map<string, Row>();
    const put: Example[] = [];
    /** As they were; their places in the pool are others' from now on. */
    const gone = new Map<string, Example>();
    for (const [id, example] of part.items) {
      const row = old.items.get(id);
      if (row && encode(this.#exampleOf(shelf, row)).equals(encode(example))) {
        rows.set(id, row);
        continue;
      }
      rows.set(id, this.#rowOf(example));
      if (row) gone.set(id, this.#takeOut(shelf, row));
      put.push(example);
    }
    for (const [id, row] of old.items) if (!rows.has(id)) gone.set(id, this.#takeOut(shelf, row));
    this.#setRows(shelf, { seen, items: rows });
    this.#shelves.set(key, shelf);
    const undo = () => {
      this.#hidden = undefined;
      const now = shelf.rows.items;
      // Not the row as it was: what a later change took out and gave back has another place in the pool.
      const before = [...old.items.keys()].map((id): [string, Row] => {
        const example = gone.get(id);
        return [id, example ? this.#rowOf(example) : now.get(id)!];
      });
      for (const [id, row] of now) if (!old.items.has(id) || gone.has(id)) this.#pool.giveBack(row.slot);
      this.#setRows(shelf, { seen: old.seen, items: new Map(before) });
      if (!known) this.#shelves.delete(key);
    };
    this.#onChange({ part, put, dropped: [...gone.keys()].filter((id) => !rows.has(id)), undo });
  }

  #rowOf({ id, timeMs, kind, negative, camera, from, embedding }: Example): Row {
    const slot = this.#pool.put(embedding.values);
    return { id, slot, scale: embedding.scale, timeMs, kind, negative, camera, from };
  }

  /** @returns A copy: its place in the pool is free. */
  #takeOut(shelf: Shelf, row: Row): Example {
    const example = this.#exampleOf(shelf, row);
    const values = Int8Array.from(example.embedding.values);
    this.#pool.giveBack(row.slot);
    return { ...example, embedding: { values, scale: row.scale } };
  }

  #setRows(shelf: Shelf, rows: DotSet<Row>): void {
    this.#size += rows.items.size - shelf.rows.items.size;
    shelf.rows = rows;
  }

  #countVisible(): number {
    const { isHidden } = this.#hide();
    let count = 0;
    for (const shelf of this.#shelves.values()) {
      for (const row of shelf.rows.items.values()) if (!isHidden(shelf, row)) count++;
    }
    return count;
  }

  #hide(): Hidden {
    this.#hidden ??= hide(this.cuts());
    return this.#hidden;
  }
}

/** What is no text is for the check of the fields. */
const composedLabel = (label: string) => (typeof label === 'string' ? composed(label) : label);

function matches(target: CutTarget, shelf: Shelf, row?: Row): boolean {
  if ('example' in target) return row?.id === target.example;
  if ('node' in target) return shelf.node === target.node;
  return shelf.head === target.head && shelf.composed === composed(target.label);
}

function joinParts(a: Part, b: Part): Part {
  if (isExamplePart(a) && isExamplePart(b)) {
    return { ...a, ...join<Example>(a, b, (x, y) => (encode(x).compare(encode(y)) >= 0 ? x : y)) };
  }
  const [x, y] = [a as CutPart, b as CutPart];
  return { ...x, ...join<Cut>(x, y, (one, two) => (JSON.stringify(one) >= JSON.stringify(two) ? one : two)) };
}

function isSame(a: Part, b: Part): boolean {
  if (a.seen.size !== b.seen.size || a.items.size !== b.items.size) return false;
  for (const [replica, counter] of a.seen) if (b.seen.get(replica) !== counter) return false;
  const others: ReadonlyMap<string, Example | Cut> = b.items;
  for (const [id, item] of a.items) {
    const other = others.get(id);
    if (other === undefined || (other !== item && !encode(other).equals(encode(item)))) return false;
  }
  return true;
}

/** One example or cut in bytes that are the same for the same content: without values in JSON, then the values. */
function encode(item: Example | Cut): Buffer {
  if (!('embedding' in item)) {
    const { id, node, target, reason, timeMs, seen, order } = item;
    const fields = [id, node, Object.entries(target).sort(), reason, timeMs];
    return Buffer.from(JSON.stringify(seen || order ? [...fields, seen ?? null, order ?? 0] : fields));
  }
  const { id, node, head, label, negative, camera, timeMs, kind, from, embedding } = item;
  const { values, scale } = embedding;
  const fields = JSON.stringify([id, node, head, label, negative, camera, timeMs, kind, from ?? null, scale]);
  return Buffer.concat([Buffer.from(`${fields}\n`), Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
}

/** SHA-256 of one example, 32 bytes. */
export function digestOf(example: Example): Buffer {
  return createHash('sha256').update(encode(example)).digest();
}

/** SHA-256 of the examples' own in their order, as hexadecimal digits. */
export function hashOf(digests: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const digest of digests) hash.update(digest);
  return hash.digest('hex');
}

function full(what: string, most: number): InputError {
  return new InputError(`expected at most ${most} ${what}: forget some of them, or cut out a node`);
}
