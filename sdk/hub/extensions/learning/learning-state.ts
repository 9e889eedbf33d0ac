import type { HeadSummary } from '../../../learn/learner.ts';
import type { HeadState, LearningState } from '../../contract/learning.ts';
import type { HubLearning } from '../hub-node.ts';

/** The state of a node's learning, on `learn/state` and in the answer to `list`. */
export function learningState(learning: HubLearning): LearningState {
  const { space, model, examples, taughtMs, cut_nodes, error, damage, heads } = learning.summary;
  return {
    space,
    model,
    examples,
    last_taught: taughtMs === null ? null : secondsOf(taughtMs),
    cut_nodes: [...cut_nodes],
    waiting: learning.asides.length,
    error,
    ...(damage !== undefined && { damage }),
    heads: Object.fromEntries(
      Object.entries(heads).map(([head, summary]) => [head, headState(head, summary, learning)]),
    ),
  };
}

function headState(head: string, summary: HeadSummary, learning: HubLearning): HeadState {
  const { info, hash } = summary;
  const labels = learning.review(head).labels.filter(({ label }) => info?.labels.includes(label));
  return {
    ...headNow(head, summary),
    kind: info?.kind ?? null,
    labels: labels.map(({ label, examples, accuracy }) => ({
      ...{ label, examples },
      accuracy: examples > 1 ? rounded(accuracy) : null,
    })),
    negatives: info?.negatives ?? 0,
    false_accept: info?.falseAccept === undefined ? null : rounded(info.falseAccept),
    ledger_hash: info?.ledgerHash ?? null,
    head_hash: hash ?? null,
  };
}

/** What became of a head, in short. */
export function headNow(head: string, { version, recognised, refused }: HeadSummary) {
  return {
    version: version ?? null,
    accuracy: recognised && recognised.of > 0 ? rounded(recognised.right / recognised.of) : null,
    refused: refused ?? (version === undefined ? `${head}: there are no examples of a label` : null),
  };
}

/** ms since 1970 in seconds. */
export const secondsOf = (timeMs: number) => Math.round(timeMs) / 1000;

const rounded = (share: number) => Math.round(share * 1e4) / 1e4;
