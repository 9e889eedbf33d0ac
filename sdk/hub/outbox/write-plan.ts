import type { Item } from './item.ts';
import type { Stored } from './stored-index.ts';

/** What is to be written to and deleted from disk for a queue. */
export class WritePlan {
  /** To be written. */
  readonly unwritten = new Set<Item>();
  /** Of them, being written. */
  readonly writing = new Set<Item>();
  /** On disk and to be deleted there. */
  readonly unwanted: Stored[] = [];

  /** It need not be written any more; one being written is deleted afterwards. */
  drop(item: Item): void {
    if (!this.writing.has(item)) this.unwritten.delete(item);
  }
}
