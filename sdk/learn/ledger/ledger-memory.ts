import { composed } from '../../base/composed.ts';
import type { Embedding } from '../../core/embedding.ts';
import { type DotSet, emptyDotSet } from './dot-set.ts';
import { asTaught, type Cut, compareIds, type Example, type ExampleKind } from './example.ts';
import { type Hidden, hide } from './hidden.ts';
import { type ExamplePart, encodeItem, isExamplePart, type Part, type PartName, partKey } from './part.ts';
import { EmbeddingPool } from './pool.ts';

/** What a change added to one part and removed from it. */
export interface LedgerChange {
  readonly part: Part;
  readonly put: readonly (Example | Cut)[];
  readonly dropped: readonly string[];
  /** Undoes it; of several, the last one first. No listener is called. */
  readonly undo: () => void;
}

/** An example without its values, which are in the pool. */
export interface Row {
  readonly id: string;
  readonly slot: number;
  readonly scale: number;
  readonly timeMs: number;
  readonly kind: ExampleKind;
  readonly negative: boolean;
  readonly camera: string;
  readonly from: string | undefined;
}

/** A node's examples of a label. */
export interface Shelf {
  readonly node: string;
  readonly head: string;
  /** As its owner wrote it. */
  readonly label: string;
  /** The label under which all nodes treat it. */
  readonly composed: string;
  rows: DotSet<Row>;
}

/** The parts of a ledger in memory: the values of all examples in one pool. A part is replaced as a whole; that can be undone. */
export class LedgerMemory {
  onChange: (change: LedgerChange) => void = () => {};
  readonly #pool: EmbeddingPool;
  readonly #shelves = new Map<string, Shelf>();
  readonly #cuts = new Map<string, DotSet<Cut>>();
  #size = 0;
  #hidden: Hidden | undefined;

  constructor(dimension: number) {
    this.#pool = new EmbeddingPool(dimension);
  }

  /** Number of examples of all nodes, including those that were cut. */
  get size(): number {
    return this.#size;
  }

  get shelves(): Iterable<Shelf> {
    return this.#shelves.values();
  }

  get shelfCount(): number {
    return this.#shelves.size;
  }

  /** Whether this part ever had examples. @param key `partKey()` */
  has(key: string): boolean {
    return this.#shelves.has(key);
  }

  /** How many examples a part has. */
  countOf(key: string): number {
    return this.#shelves.get(key)?.rows.items.size ?? 0;
  }

  get cutsByNode(): ReadonlyMap<string, DotSet<Cut>> {
    return this.#cuts;
  }

  /** Undefined if a node never made any. */
  cutsOf(node: string): DotSet<Cut> | undefined {
    return this.#cuts.get(node);
  }

  /** All cuts, as they were made. */
  cuts(): Cut[] {
    return asTaught([...this.#cuts.values()].flatMap(({ items }) => [...items.values()]));
  }

  /** Everything, in canonical order: equal ledgers return equal parts. */
  parts(): Part[] {
    return [...this.#shelves.values()]
      .map((shelf): Part => this.partOf(shelf))
      .concat([...this.#cuts].map(([node, cuts]) => ({ node, ...cuts })))
      .map((part) => [partKey(part), part] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, part]) => part);
  }

  part(of: PartName): Part | undefined {
    if ('label' in of) return this.#shelves.has(partKey(of)) ? this.partOf(of) : undefined;
    const cuts = this.#cuts.get(of.node);
    return cuts && { node: of.node, ...cuts };
  }

  locate(id: string): [Shelf, Row] | undefined {
    for (const shelf of this.#shelves.values()) {
      const row = shelf.rows.items.get(id);
      if (row) return [shelf, row];
    }
    return undefined;
  }

  /** A part as it is here; empty when it is new. */
  find(part: Part): Part {
    const key = partKey(part);
    if (!isExamplePart(part)) return { node: part.node, ...(this.#cuts.get(part.node) ?? emptyDotSet) };
    return this.partOf(this.#shelves.get(key) ?? part);
  }

  /** The part as it is here; empty when it is new. */
  partOf({ node, head, label }: { node: string; head: string; label: string }): ExamplePart {
    const shelf = this.#shelves.get(partKey({ node, head, label }));
    if (!shelf) return { node, head, label, ...emptyDotSet };
    const sorted = [...shelf.rows.items.values()].sort((a, b) => compareIds(a.id, b.id));
    const items = new Map(sorted.map((row) => [row.id, this.#exampleOf(shelf, row)]));
    return { node, head, label, seen: shelf.rows.seen, items };
  }

  /** As it is compared and shown; other nodes are sent what its owner wrote. */
  shownOf(shelf: Shelf, row: Row): Example {
    const example = this.#exampleOf(shelf, row);
    return shelf.composed === shelf.label ? example : { ...example, label: shelf.composed };
  }

  /** Whether two examples have the same values. */
  areAlike(a: Row, b: Row): boolean {
    return a.scale === b.scale && Buffer.from(this.#pool.at(a.slot)).equals(Buffer.from(this.#pool.at(b.slot)));
  }

  /** Examples that no cut hides. */
  countVisible(): number {
    const { isHidden } = this.hidden();
    let count = 0;
    for (const shelf of this.#shelves.values()) {
      for (const row of shelf.rows.items.values()) if (!isHidden(shelf, row)) count++;
    }
    return count;
  }

  /** What the cuts hide. */
  hidden(): Hidden {
    this.#hidden ??= hide(this.cuts());
    return this.#hidden;
  }
  /** Replaces a part and calls the listener. */
  replace(part: Part): void {
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
      this.onChange({ part, put, dropped, undo });
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
    /** As they were; their slots in the pool may be reused from now on. */
    const gone = new Map<string, Example>();
    for (const [id, example] of part.items) {
      const row = old.items.get(id);
      if (row && encodeItem(this.#exampleOf(shelf, row)).equals(encodeItem(example))) {
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
      // Not the old row: what a later change removed and restored has another slot in the pool.
      const before = [...old.items.keys()].map((id): [string, Row] => {
        const example = gone.get(id);
        return [id, example ? this.#rowOf(example) : now.get(id)!];
      });
      for (const [id, row] of now) if (!old.items.has(id) || gone.has(id)) this.#pool.giveBack(row.slot);
      this.#setRows(shelf, { seen: old.seen, items: new Map(before) });
      if (!known) this.#shelves.delete(key);
    };
    this.onChange({ part, put, dropped: [...gone.keys()].filter((id) => !rows.has(id)), undo });
  }

  #exampleOf({ node, head, label }: Shelf, row: Row): Example {
    const { id, slot, scale, timeMs, kind, negative, camera, from } = row;
    const embedding: Embedding = { values: this.#pool.at(slot), scale };
    const example = { id, node, head, label, negative, camera, timeMs, kind, embedding };
    return from === undefined ? example : { ...example, from };
  }

  #rowOf({ id, timeMs, kind, negative, camera, from, embedding }: Example): Row {
    const slot = this.#pool.put(embedding.values);
    return { id, slot, scale: embedding.scale, timeMs, kind, negative, camera, from };
  }

  /** @returns A copy, since its slot in the pool is now free. */
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
}
