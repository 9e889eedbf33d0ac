/**
 * A set whose copies can be merged in any order: a state-based CRDT, the observed-remove set without tombstones
 * (Bieniusa et al. 2012). Each element has a *dot*, `<replica>-<counter>`, as its id; `seen` says up to which counter
 * of each replica this copy knows. A dot that was seen and is not among the items was removed.
 *
 * For one dot the states are ordered: not seen < present < removed; a merge takes the later one. A removal wins.
 */
export interface DotSet<T> {
  readonly seen: ReadonlyMap<string, number>;
  readonly items: ReadonlyMap<string, T>;
}

/** A replica is one store of one node; 16 hexadecimal digits. */
export const replicaPattern = /^[0-9a-f]{16}$/;
export const dotPattern = /^[0-9a-f]{16}-[1-9][0-9]{0,14}$/;

export const isDot = (id: string) => dotPattern.test(id);

export const emptyDotSet: DotSet<never> = { seen: new Map(), items: new Map<string, never>() };

export function splitDot(id: string): { replica: string; counter: number } {
  return { replica: id.slice(0, 16), counter: Number(id.slice(17)) };
}

/** Whether this dot was seen here, even if it has since been removed. */
export function covers(seen: ReadonlyMap<string, number>, id: string): boolean {
  const { replica, counter } = splitDot(id);
  return (seen.get(replica) ?? 0) >= counter;
}

/**
 * The smallest copy that knows everything both know.
 *
 * @param larger Chooses between two contents of one dot. Only a faulty node assigns a dot twice; the choice has to be
 *   the same everywhere: the larger one by some total order.
 */
export function join<T>(a: DotSet<T>, b: DotSet<T>, larger: (x: T, y: T) => T): DotSet<T> {
  const items = new Map<string, T>();
  for (const [id, item] of a.items) {
    const other = b.items.get(id);
    if (other !== undefined) items.set(id, larger(item, other));
    else if (!covers(b.seen, id)) items.set(id, item);
  }
  for (const [id, item] of b.items) {
    if (!a.items.has(id) && !covers(a.seen, id)) items.set(id, item);
  }
  const seen = new Map(a.seen);
  for (const [replica, counter] of b.seen) seen.set(replica, Math.max(counter, seen.get(replica) ?? 0));
  return { seen, items };
}

/** With one more item, whose dot counts as seen. */
export function add<T>(set: DotSet<T>, id: string, item: T): DotSet<T> {
  const { replica, counter } = splitDot(id);
  const seen = new Map(set.seen).set(replica, Math.max(counter, set.seen.get(replica) ?? 0));
  return { seen, items: new Map(set.items).set(id, item) };
}

/** Without these items, which still count as seen. */
export function remove<T>(set: DotSet<T>, ids: Iterable<string>): DotSet<T> {
  const items = new Map(set.items);
  for (const id of ids) items.delete(id);
  return { seen: set.seen, items };
}
