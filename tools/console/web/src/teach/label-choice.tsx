import { useState } from 'preact/hooks';
import { colourOf } from '../colours.ts';

/** Chooses a label: one that was taught already, or a new one. */
export function LabelChoice({
  labels,
  current,
  busy,
  ask,
  askOther,
  placeholder,
  onChoose,
}: {
  labels: readonly string[];
  /** Its current label. */
  current?: string | undefined;
  busy: boolean;
  /** Placeholder of the field while nothing is taught yet, and beside taught labels. */
  ask: string;
  askOther: string;
  placeholder: string;
  onChoose(label: string, negative: boolean): void;
}) {
  const [text, setText] = useState('');
  // Neither this one nor any other.
  const negativeOf = current !== undefined && labels.includes(current) ? current : labels[0];
  return (
    <>
      {labels.length > 0 && (
        <fieldset class="chips chips-scroll" disabled={busy}>
          <legend class="visually-hidden">Taught labels</legend>
          {labels.map((label, index) => (
            <button
              key={label}
              type="button"
              class="chip is-choice"
              autofocus={index === 0}
              aria-pressed={label === current}
              style={{ '--label': colourOf(label) }}
              onClick={() => onChoose(label, false)}
            >
              <span class="swatch" />
              {label}
            </button>
          ))}
        </fieldset>
      )}
      <form
        class="field"
        onSubmit={(event) => {
          event.preventDefault();
          onChoose(text.trim(), false);
        }}
      >
        <label class="field-name" for="new-label">
          {labels.length > 0 ? askOther : ask}
        </label>
        <div class="field-row">
          <input
            id="new-label"
            type="text"
            maxLength={64}
            autocomplete="off"
            autofocus={labels.length === 0}
            placeholder={placeholder}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
          <button type="submit" class="button is-main" disabled={busy || text.trim() === ''}>
            {busy ? 'Teaching …' : 'Teach'}
          </button>
        </div>
      </form>
      {negativeOf !== undefined && (
        <button type="button" class="button" disabled={busy} onClick={() => onChoose(negativeOf, true)}>
          Not one of these
        </button>
      )}
    </>
  );
}
