import type { HeadSummary } from '../../../../sdk/learn/learner.ts';
import { type Cut, type CutTarget, objectHead } from '../../../../sdk/learn/ledger/example.ts';
import type { LabelCount, LearningSummary, NodeLearning } from '../../../../sdk/learn/node-learning.ts';
import type {
  LearningState,
  NamedRightly,
  TaughtAnswer,
  TaughtCut,
  TaughtHead,
  TaughtLabel,
  ViewState,
} from '../../protocol.ts';

type Review = ReturnType<NodeLearning['review']>;

const mostConfusions = 20;
const mostCuts = 50;

/** What was taught, as the page sees it. */
export function learningState(learning: NodeLearning, node: string): LearningState {
  const { counts, summary } = learning;
  const heads = new Set([...Object.keys(summary.heads), ...counts.map(({ head }) => head)]);
  const others = new Map<string, number>();
  for (const one of counts) {
    if (one.node !== node) others.set(one.node, (others.get(one.node) ?? 0) + one.examples + one.negatives);
  }
  return {
    thumbnails: learning.settings.thumbnails,
    heads: [...heads]
      .map((head) => {
        const own = counts.filter((one) => one.head === head);
        return taughtHead(head, own, summary.heads[head], learning.review(head), node);
      })
      // Heads that were forgotten entirely are left out.
      .filter(({ labels, version }) => labels.length > 0 || version !== null)
      .sort((a, b) => Number(b.objects) - Number(a.objects) || (a.name < b.name ? -1 : 1)),
    nodes: [...others].map(([name, examples]) => ({ node: name, examples })),
    cuts: learning.cuts
      .slice(-mostCuts)
      .reverse()
      .map((cut) => taughtCut(cut, node)),
    asides: learning.asides.length,
  };
}

/** The states of a camera's whole view, by head. */
export function viewStates(learning: NodeLearning | undefined, camera: string): ViewState[] {
  const heads: LearningSummary['heads'] = learning?.summary.heads ?? {};
  return (
    (learning?.cameras.get(camera)?.states ?? [])
      // Its examples may have been forgotten since.
      .filter(({ head }) => heads[head]?.version !== undefined)
      .map(({ head, state }) => ({ head, state }))
  );
}

interface AnswerParts {
  readonly examples?: number | undefined;
  readonly aside?: TaughtAnswer['aside'] | undefined;
  readonly undo?: string | null | undefined;
  /** Why it is not in use. */
  readonly reason?: string | undefined;
}

/** The state of a head after a change. */
export function taughtAnswer(
  learning: NodeLearning,
  head: string,
  { examples = 0, reason, aside = null, undo = null }: AnswerParts,
): TaughtAnswer {
  const { version, recognised, refused } = learning.summary.heads[head] ?? {};
  return {
    head,
    examples,
    taken: reason === undefined,
    version: version ?? null,
    named: recognised && recognised.of > 0 ? recognised : null,
    reason: reason ?? null,
    acceptable: refused !== undefined,
    ...{ aside, undo },
  };
}

function taughtHead(
  name: string,
  counts: readonly LabelCount[],
  { version, info, recognised, versions, refused }: HeadSummary = { versions: [] },
  review: Review,
  node: string,
): TaughtHead {
  const labels = new Map<string, TaughtLabel>();
  for (const { label, examples, negatives, node: owner } of counts) {
    const known = labels.get(label) ?? { label, examples: 0, negatives: 0, others: 0, named: null };
    labels.set(label, {
      ...known,
      examples: known.examples + examples,
      negatives: known.negatives + negatives,
      others: known.others + (owner === node ? 0 : examples + negatives),
      named: namedOf(review.labels.find((one) => one.label === label)),
    });
  }
  return {
    name,
    objects: name === objectHead,
    labels: [...labels.values()].sort((a, b) => (a.label < b.label ? -1 : 1)),
    version: version ?? null,
    versions: [...versions],
    kind: info?.kind ?? null,
    named: recognised && recognised.of > 0 ? recognised : null,
    false_accept: info?.falseAccept ?? null,
    refused: refused ?? null,
    confusions: review.confusions.slice(0, mostConfusions).map(({ label, named, count }) => ({ label, named, count })),
  };
}

function taughtCut({ id, node, target, reason, timeMs }: Cut, self: string): TaughtCut {
  return { id, node, target: inWords(target), reason, time: timeMs, own: node === self };
}

function inWords(target: CutTarget): string {
  if ('node' in target) return `all that ${target.node} taught`;
  if ('example' in target) return `example ${target.example}`;
  return target.head === objectHead ? target.label : `${target.head}: ${target.label}`;
}

/** Null when there are too few: a label with one example has none left when that is left out. */
function namedOf(label: Review['labels'][number] | undefined): NamedRightly | null {
  return label && label.examples > 1
    ? { right: Math.round(label.accuracy * label.examples), of: label.examples }
    : null;
}
