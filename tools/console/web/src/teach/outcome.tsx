import type { ComponentChildren } from 'preact';
import { AsideQuestion } from './aside-question.tsx';
import type { Change } from './use-change.ts';

/** Shows what can be taught; after teaching, what has to be answered first, or why it is not in use. */
export function Outcome({ change, onDone, children }: { change: Change; onDone(): void; children: ComponentChildren }) {
  const { refused, aside, error, busy } = change;
  return (
    <>
      {error !== undefined && (
        <p class="field-error" role="alert">
          {error}
        </p>
      )}
      {aside ? (
        <AsideQuestion aside={aside} change={change} onDone={onDone} />
      ) : refused ? (
        <div class="refusal" role="alert">
          <p>
            <strong>It is kept, but not in use.</strong>{' '}
            {refused.version === null
              ? 'So far nothing has a name that it could be told from.'
              : 'With the newest examples fewer things would be named rightly.'}
          </p>
          <div class="form-end">
            {refused.acceptable && (
              <button type="button" class="button" disabled={busy} onClick={() => change.accept(onDone)}>
                Use it anyway
              </button>
            )}
            <button type="button" class="button" onClick={onDone}>
              Close
            </button>
          </div>
        </div>
      ) : (
        children
      )}
    </>
  );
}
