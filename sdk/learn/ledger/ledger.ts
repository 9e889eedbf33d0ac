import { createHash, randomBytes } from 'node:crypto';
import { assertKind, assertShape } from '../../base/arguments.ts';
import { composed } from '../../base/composed.ts';
import { InputError } from '../../base/errors.ts';
import { add, emptyDotSet, remove, replicaPattern } from './dot-set.ts';
import {
  byTime,
  type Cut,
  type CutTarget,
  checkCut,
  checkExample,
  type Draft,
  type Example,
  mostSeen,
  objectHead,
  shown,
} from './example.ts';
import { newestOf } from './hidden.ts';
import { type LedgerChange, LedgerMemory, type Row, type Shelf } from './ledger-memory.ts';
import {
  assertRoom,
  assertRoomForMerged,
  assertSize,
  defaultLimits,
  full,
  type LedgerLimits,
  trimmed,
} from './limits.ts';
import { checkPart, encodeItem, isExamplePart, isSame, joinParts, type Part, type PartName, partKey } from './part.ts';
import { withoutStandIns } from './stand-ins.ts';

export type { LedgerChange } from './ledger-memory.ts';
export { defaultLimits, type LedgerLimits } from './limits.ts';

/** How many ids this store may have assigned before it was restored from an older copy; more would let others use up its ids. */
const mostAhead = 1e9;

/** Of what a ledger is made: whose it is, of which space, and how much it keeps. */
export interface LedgerOptions {
  /** The hash of backbone, preprocessing and dimension. Nothing is merged across spaces. */
  readonly space: string;
  /** Values of an embedding. */
  readonly dimension: number;
  /** This node's name: it owns what is taught here. */
  readonly node: string;
  /** Identifies this store of this node: 16 hexadecimal digits, never reused. Default: random. */
  readonly replica?: string;
  readonly limits?: Partial<LedgerLimits>;
  /** Initial content, from this node's own store: no limits apply. */
  readonly parts?: readonly Part[];
  /** ms since 1970. Default: the clock. */
  readonly now?: () => number;
  /** Called after each change. For a store. */
  readonly onChange?: (change: LedgerChange) => void;
}

/**
 * Everything that a fleet of nodes was taught, in memory. Nodes exchange copies of its parts; merging them in any
 * order, any number of times, yields the same bytes everywhere.
 *
 * - Each part has one owner, the node it was taught on, and only the owner changes it. So the owner alone decides which
 *   examples are dropped when there are too many (of the two most similar the older one), and all others follow.
 * - What another node taught is excluded by a cut, which merges like an example.
 *
 * Nodes converge while everything fits `limits.total` and `limits.parts`; the rest is refused with an InputError.
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
  readonly #memory: LedgerMemory;
  #counter = 0;

  /** @throws InputError when a name, the dimension or the replica is invalid. */
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
    this.#memory = new LedgerMemory(dimension);
    for (const part of options.parts ?? []) this.#replace(part);
    if (options.onChange) this.#memory.onChange = options.onChange;
  }

  /** What its clock says, ms since 1970. */
  get nowMs(): number {
    return this.#now();
  }

  /** Number of examples of all nodes, including those that were cut. */
  get size(): number {
    return this.#memory.size;
  }

  /**
   * Adds an example of this node. If its label then has too many, the older of the two most similar ones is dropped,
   * which keeps them diverse.
   *
   * @throws InputError when the draft does not match its type, or the ledger is full.
   */
  teach(draft: Draft): Example {
    assertShape('a lesson', draft, { label: 'text', embedding: 'object' }, 'a draft');
    const { head = objectHead, negative = false, timeMs = this.nowMs, camera, kind, embedding, from } = draft;
    const label = composedLabel(draft.label);
    const id = this.#nextId();
    const fixed = { id, node: this.node, head, label, negative, camera, timeMs, kind, embedding };
    const example: Example = from === undefined ? fixed : { ...fixed, from };
    checkExample(example, this.dimension);
    const key = partKey(example);
    assertRoom(this.limits, this.#memory, this.#memory.has(key) ? 0 : 1, 1);
    const part = this.#memory.partOf(example);
    this.#replace(trimmed({ ...part, ...add(part, id, example) }, this.limits));
    return example;
  }

  /**
   * Relabels a region: adds a new example of this node, and forgets the old one.
   *
   * @throws InputError when there is no such example, or the new label is not valid.
   */
  relabel(id: string, to: { label: string; head?: string; negative?: boolean }): Example {
    const old = this.example(id);
    if (!old) throw new InputError(`example: expected the id of an example, got ${shown(id)}`);
    const values = Int8Array.from(old.embedding.values);
    const draft = { ...old, negative: false, ...to, embedding: { values, scale: old.embedding.scale }, from: id };
    const example = this.teach(draft);
    // Of two similar ones, the older was dropped to make room.
    if (this.example(id)) this.forget({ example: id }, 'relabelled');
    return example;
  }

  /**
   * Forgets what this node taught, and cuts out what others taught.
   *
   * @param reason For people.
   * @returns How many examples no longer count.
   * @throws InputError when there is no such example, label or node, or there are too many cuts.
   */
  forget(what: CutTarget, reason = ''): number {
    assertKind('forget', what, 'object', 'what to forget: { example }, { head, label } or { node }');
    const target = 'label' in what ? { ...what, label: composedLabel(what.label) } : what;
    const cut: Cut = { id: this.#nextId(), node: this.node, target, reason, timeMs: this.#now() };
    checkCut(cut);
    const before = this.#memory.countVisible();
    const foreign: Row[] = [];
    const own: Part[] = [];
    let known = 'node' in target && target.node !== this.node;
    for (const shelf of [...this.#memory.shelves]) {
      const rows = [...shelf.rows.items.values()].filter((row) => matches(target, shelf, row));
      if (rows.length === 0) continue;
      known = true;
      if (shelf.node !== this.node) foreign.push(...rows);
      else
        own.push({
          ...this.#memory.partOf(shelf),
          ...remove(
            this.#memory.partOf(shelf),
            rows.map(({ id }) => id),
          ),
        });
    }
    if (!known) throw new InputError(`forget: expected something that was taught, got ${shown(target)}`);
    // Cuts first: there may be too many of them, and then nothing is forgotten.
    if (foreign.length > 0 || 'node' in target) this.#cut(cut, foreign);
    for (const part of own) this.#replace(part);
    return before - this.#memory.countVisible();
  }

  #cut(cut: Cut, foreign: readonly Row[]): void {
    const { target } = cut;
    const own = [...(this.#memory.cutsOf(this.node)?.items.values() ?? [])];
    if ('node' in target) {
      // Once is enough. A node may also be cut out before it teaches anything.
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
   * Withdraws a cut of this node: what it hid counts again.
   *
   * @throws InputError when this node made no such cut.
   */
  withdraw(cutId: string): void {
    const cuts = this.#memory.cutsOf(this.node) ?? emptyDotSet;
    if (!cuts.items.has(cutId)) throw new InputError(`cut: expected the id of one of this node's, got ${shown(cutId)}`);
    this.#replace({ node: this.node, ...remove(cuts, [cutId]) });
  }

  /**
   * Merges what another node sent, or this node itself before it was reflashed.
   *
   * @returns The parts that changed here, so that heads can be retrained.
   * @throws InputError when a part does not match its type or there is no room; then nothing was merged.
   */
  merge(parts: readonly Part[]): Part[] {
    assertKind('Ledger.merge', parts, 'list', 'a list of parts');
    for (const part of parts) checkPart(part, this.dimension);
    const joined = new Map<string, Part>();
    for (const part of parts) {
      const key = partKey(part);
      joined.set(key, joinParts(joined.get(key) ?? this.#memory.find(part), part));
    }
    for (const [key, part] of joined) {
      this.#assertFits(part);
      // Lessons from before and after this node's store was lost may be too many together.
      if (isExamplePart(part) && part.node === this.node) joined.set(key, trimmed(part, this.limits));
    }
    assertRoomForMerged(joined, this.limits, this.#memory, this.node);
    const changed = [...joined.values()].filter((part) => !isSame(this.#memory.find(part), part));
    for (const part of changed) this.#replace(part);
    // This node's own cuts from before it was reflashed, made by an earlier version.
    if (changed.some((part) => part.node === this.node && !isExamplePart(part))) this.renewCuts();
    return changed.concat(this.#dropStandIns(new Set(changed.flatMap(({ items }) => [...items.keys()]))));
  }

  /**
   * Remakes a cut of this node under another id: its format is new, or its id was lost.
   *
   * @throws InputError when it is not a cut, or there are too many.
   */
  recut(cut: Omit<Cut, 'id' | 'node'>): void {
    const anew = { ...cut, id: this.#nextId(), node: this.node };
    checkCut(anew);
    this.#addCut(anew);
  }

  /**
   * A label cut of an earlier version hides by time; those of this node are converted to name what they hide of other
   * nodes now.
   */
  renewCuts(): void {
    for (const cut of this.#memory.cutsOf(this.node)?.items.values() ?? []) {
      const { id, node: _, target, timeMs } = cut;
      if (!('label' in target) || cut.seen) continue;
      const hidden = [...this.#memory.shelves]
        .filter((shelf) => shelf.node !== this.node && matches(target, shelf))
        .flatMap(({ rows }) => [...rows.items.values()].filter((row) => row.timeMs <= timeMs));
      this.withdraw(id);
      if (hidden.length > 0) this.#cut({ ...cut, id: this.#nextId() }, hidden);
    }
  }

  /** Everything, in canonical order: equal ledgers return equal parts. */
  parts(): Part[] {
    return this.#memory.parts();
  }

  /**
   * A node's examples of a label, or its cuts.
   *
   * @returns Undefined if there never were any. The examples' values must not be changed, nor kept after the next change.
   */
  part(of: PartName): Part | undefined {
    assertShape('Ledger.part', of, { node: 'text' }, 'the name of a part');
    return this.#memory.part(of);
  }

  /** An example of any node, cut or not. Its values must not be changed. */
  example(id: string): Example | undefined {
    const found = this.#memory.locate(id);
    return found && this.#memory.shownOf(...found);
  }

  /**
   * What a head is trained from: the examples of all nodes without those that were cut, as they were taught.
   *
   * @param head Default: all heads. The examples' values must not be changed, nor kept after the next change.
   */
  examples(head?: string): Example[] {
    const found: Example[] = [];
    const { isHidden } = this.#memory.hidden();
    for (const shelf of this.#memory.shelves) {
      if (head !== undefined && shelf.head !== head) continue;
      for (const row of shelf.rows.items.values()) {
        if (!isHidden(shelf, row)) found.push(this.#memory.shownOf(shelf, row));
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
    return this.#memory.cuts();
  }

  /** The nodes whose examples do not count, sorted. */
  cutNodes(): string[] {
    return [...this.#memory.hidden().nodes].sort();
  }

  /** SHA-256 of the examples that a head is trained from: equal ledgers have equal hashes. */
  hash(head?: string): string {
    return hashOf(this.examples(head).map(digestOf));
  }

  /** @returns The parts that changed. @param arrived Examples that may have come back. */
  #dropStandIns(arrived: ReadonlySet<string>): Part[] {
    const changed = withoutStandIns(this.#memory, this.node, arrived);
    for (const part of changed) this.#replace(part);
    return changed;
  }

  #nextId(): string {
    return `${this.replica}-${++this.#counter}`;
  }

  /** Checks made before anything else. */
  #assertFits(part: Part): void {
    const claimed = part.seen.get(this.replica) ?? 0;
    if (claimed > this.#counter + mostAhead) {
      throw new InputError(`seen: expected at most ${this.#counter + mostAhead} of this store, got ${claimed}`);
    }
    assertSize(part, this.limits);
  }

  #replace(part: Part): void {
    this.#counter = Math.max(this.#counter, part.seen.get(this.replica) ?? 0);
    this.#memory.replace(part);
  }

  #addCut(cut: Cut): void {
    let cuts = this.#memory.cutsOf(this.node) ?? emptyDotSet;
    if (cuts.items.size >= this.limits.cuts) {
      // Cuts whose example was removed by its owner have nothing left to hide.
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
}

/** A value that is not a string is left to the check of the fields. */
const composedLabel = (label: string) => (typeof label === 'string' ? composed(label) : label);

function matches(target: CutTarget, shelf: Shelf, row?: Row): boolean {
  if ('example' in target) return row?.id === target.example;
  if ('node' in target) return shelf.node === target.node;
  return shelf.head === target.head && shelf.composed === composed(target.label);
}

/** SHA-256 of one example, 32 bytes. */
export function digestOf(example: Example): Buffer {
  return createHash('sha256').update(encodeItem(example)).digest();
}

/** SHA-256 of the examples' hashes in their order, as hexadecimal digits. */
export function hashOf(digests: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const digest of digests) hash.update(digest);
  return hash.digest('hex');
}
