import { useState } from 'preact/hooks';
import type { TaughtHead, TaughtLabel } from '../../../protocol.ts';
import { forget } from '../api.ts';
import { colourOf } from '../colours.ts';
import { attempt } from '../parts/attempt.ts';
import { Confirm } from '../parts/confirm.tsx';
import { amount, plural } from '../teach/words.ts';
import { Examples } from './examples.tsx';

/** A label with how well it is recognised; its examples once opened. */
export function LabelRow({ head, taught }: { head: TaughtHead; taught: TaughtLabel }) {
  const [open, setOpen] = useState(false);
  const [asking, setAsking] = useState(false);
  const { label, named } = taught;
  const drop = () =>
    attempt(async () => {
      const { forgotten, undo } = await forget({ head: head.name, label });
      return [`${plural(forgotten, 'example')} of ${label} forgotten`, undo];
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
            {named === null ? (
              <span class="muted">too few to tell</span>
            ) : (
              <>
                <span>
                  {named.right} of {named.of}
                </span>
                <meter min={0} max={named.of} value={named.right} aria-label={`${label} named rightly`} />
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
          This removes {amount(taught)}. For some seconds it can be taken back.
        </Confirm>
      )}
    </li>
  );
}
