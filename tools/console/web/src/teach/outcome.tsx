import type { ComponentChildren } from 'preact';
import type { Change } from './use-change.ts';

const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** Shows what can be taught; after teaching, why it is not in use and how to use it anyway. */
export function Outcome({ change, onDone, children }: { change: Change; onDone(): void; children: ComponentChildren }) {
  const { refused, contradiction, error, busy } = change;
  return (
    <>
      {error !== undefined && (
        <p class="field-error" role="alert">
          {error}
        </p>
      )}
      {contradiction ? (
        <div class="refusal" role="alert">
          <p>
            <strong>It was not taught.</strong> {sentence(contradiction.reason)}
          </p>
          <div class="form-end">
            <button type="button" class="button" disabled={busy} onClick={contradiction.anyway}>
              Teach it anyway
            </button>
            <button type="button" class="button" onClick={contradiction.dismiss}>
              Back
            </button>
          </div>
        </div>
      ) : refused ? (
        <div class="refusal" role="alert">
          <p>
            <strong>It is stored, but not in use.</strong> {refused.reason}.
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
