import { useState } from 'preact/hooks';
import type { LearningState } from '../../../protocol.ts';
import { forget, withdraw } from '../api.ts';
import { dateAndTime } from '../format.ts';
import { attempt } from '../parts/attempt.ts';
import { Confirm } from '../parts/confirm.tsx';
import { plural } from '../teach/words.ts';

/** Examples from other nodes, and cuts; nothing if there is neither. */
export function OtherNodes({ learning: { nodes, cuts } }: { learning: LearningState }) {
  const [asked, setAsked] = useState<string>();
  if (nodes.length === 0 && cuts.length === 0) return null;
  const cutOut = (node: string) =>
    attempt(async () => {
      const { undo } = await forget({ node });
      return [`${node} is cut out`, undo];
    });
  const takeBack = (cut: string) =>
    attempt(async () => {
      await withdraw(cut);
      return 'It counts again';
    });
  return (
    <section class="card panel" aria-label="Other nodes">
      <h2>Other nodes</h2>
      <ul class="node-list">
        {nodes.map(({ node, examples }) => (
          <li key={node}>
            <span>
              <strong>{node}</strong> <span class="muted">{plural(examples, 'example')}</span>
            </span>
            <button type="button" class="button" aria-label={`Cut out ${node}`} onClick={() => setAsked(node)}>
              Cut out
            </button>
          </li>
        ))}
        {cuts.map(({ id, node, target, reason, time, own }) => (
          <li key={id}>
            <span>
              Cut out: <strong>{target}</strong>{' '}
              <span class="muted">
                by {node}, {dateAndTime(time)}
                {reason && `: ${reason}`}
              </span>
            </span>
            {own && (
              <button
                type="button"
                class="button"
                aria-label={`Withdraw the cut of ${target}`}
                onClick={() => takeBack(id)}
              >
                Withdraw
              </button>
            )}
          </li>
        ))}
      </ul>
      {asked !== undefined && (
        <Confirm
          title={`Cut out ${asked}?`}
          action="Cut it out"
          onYes={() => cutOut(asked)}
          onClose={() => setAsked(undefined)}
        >
          What {asked} taught, and what it will teach, does not count any more, here and on all nodes that share. It can
          be withdrawn.
        </Confirm>
      )}
    </section>
  );
}
