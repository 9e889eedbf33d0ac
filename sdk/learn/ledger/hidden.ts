import { composed } from '../../base/composed.ts';
import { covers, splitDot } from './dot-set.ts';
import { byTime, type Cut, type Example } from './example.ts';

export interface Hidden {
  /** Nodes whose examples do not count. */
  readonly nodes: ReadonlySet<string>;
  /** @param part With its label as returned by `composed`. */
  isHidden(
    part: Pick<Example, 'node' | 'head'> & { readonly composed: string },
    example: Pick<Example, 'id' | 'timeMs'>,
  ): boolean;
}

/**
 * What the cuts hide. A cut by a node that knew by then that it was itself cut out does not count; of two nodes that cut
 * each other out without knowing it, the cut with the earlier time counts, which is the same one everywhere.
 */
export function hide(cuts: readonly Cut[]): Hidden {
  const nodes = new Set<string>();
  for (const { node, target } of [...cuts].sort((a, b) => (a.order ?? 0) - (b.order ?? 0) || byTime(a, b))) {
    if ('node' in target && !nodes.has(node)) nodes.add(target.node);
  }
  const examples = new Set<string>();
  const labels = new Map<string, LabelCut>();
  for (const { node, target, timeMs, seen } of cuts) {
    if (nodes.has(node)) continue;
    if ('example' in target) examples.add(target.example);
    if (!('label' in target)) continue;
    const key = JSON.stringify([target.head, composed(target.label)]);
    const known = labels.get(key) ?? { seen: new Map(), untilMs: -1 };
    labels.set(key, known);
    if (!seen) known.untilMs = Math.max(known.untilMs, timeMs);
    for (const [replica, counter] of seen ?? []) {
      known.seen.set(replica, Math.max(counter, known.seen.get(replica) ?? 0));
    }
  }
  return {
    nodes,
    isHidden({ node, head, composed: label }, { id, timeMs }) {
      if (nodes.has(node) || examples.has(id)) return true;
      const cut = labels.size > 0 && labels.get(JSON.stringify([head, composed(label)]));
      return cut ? covers(cut.seen, id) || timeMs <= cut.untilMs : false;
    },
  };
}

interface LabelCut {
  readonly seen: Map<string, number>;
  /** Of cuts by earlier versions. */
  untilMs: number;
}

/** The counter of the newest one for each replica, in order. */
export function newestOf(items: readonly { readonly id: string }[]): [replica: string, counter: number][] {
  const newest = new Map<string, number>();
  for (const { replica, counter } of items.map(({ id }) => splitDot(id))) {
    newest.set(replica, Math.max(counter, newest.get(replica) ?? 0));
  }
  return [...newest].sort(([a], [b]) => (a < b ? -1 : 1));
}
