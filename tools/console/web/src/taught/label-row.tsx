import { useState } from 'preact/hooks';
import type { TaughtHead, TaughtLabel } from '../../../protocol.ts';
import { forget } from '../api.ts';
import { colourOf } from '../colours.ts';
import { percent } from '../format.ts';
import { attempt } from '../parts/attempt.ts';
import { Confirm } from '../parts/confirm.tsx';
import { amount, plural } from '../teach/words.ts';
import { Examples } from './examples.tsx';

/** A label with how well it is recognised; its examples once opened. */
export function LabelRow({ head, taught }: { head: TaughtHead; taught: TaughtLabel }) {
  const [open, setOpen] = useState(false);
  const [asking, setAsking] = useState(false);
  const { label, accuracy } = taught;
  const drop = () =>
    attempt(async () => {
      const { forgotten } = await forget({ head: head.name, label });
      return `${plural(forgotten, 'example')} of ${label} forgotten`;
    });
  return (
    <li style={{ '--label': colourOf(label) }}>
      <details class="label-row" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          <span class="swatch" />
          <span class="label-what">
            <strong>{label}</strong>
            <span class="muted">{amount(taught)}</span>
          </span>
          <span class="label-accuracy">
            {accuracy === null ? (
              <span class="muted">too few to tell</span>
            ) : (
              <>
                <span title="Recognised correctly when left out">{percent(accuracy)}</span>
                <meter min={0} max={1} value={accuracy} aria-label={`${label} recognised correctly`} />
              </>
            )}
          </span>
        </summary>
        {open && (
          <div class="label-body">
            <Examples head={head.name} label={label} labels={head.labels.map((one) => one.label)} />
            <button type="button" class="button is-danger" onClick={() => setAsking(true)}>
              Forget {label}
            </button>
          </div>
        )}
      </details>
      {asking && (
        <Confirm title={`Forget ${label}?`} action="Forget it" onYes={drop} onClose={() => setAsking(false)}>
          This removes {amount(taught)}. What was taught here cannot be restored.
        </Confirm>
      )}
    </li>
  );
}
