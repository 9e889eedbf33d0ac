import type { Change } from './use-change.ts';

/** Why what was taught is not in use, and the way to use it all the same. */
export function Refusal({ change, onDone }: { change: Change; onDone(): void }) {
  const { refused, busy } = change;
  if (!refused) return null;
  return (
    <div class="refusal" role="alert">
      <p>
        <strong>It is kept, but not in use.</strong> {refused.reason}.
      </p>
      <div class="form-end">
        {refused.acceptable && (
          <button type="button" class="button" disabled={busy} onClick={() => change.accept(onDone)}>
            Take it all the same
          </button>
        )}
        <button type="button" class="button" onClick={onDone}>
          Leave it
        </button>
      </div>
    </div>
  );
}
