import { FieldNotes } from '../parts/field-notes.tsx';
import type { useTyped } from '../parts/use-typed.ts';

type Range = readonly [least: number, most: number];

/** What is wrong with what was typed for a whole number; undefined: nothing. */
export function wholeProblem(text: string, [least, most]: Range): string | undefined {
  const wanted = Number(text);
  if (text.trim() !== '' && Number.isInteger(wanted) && wanted >= least && wanted <= most) return undefined;
  return `Expected a whole number from ${least} to ${most}, got ${text.trim() === '' ? 'none' : text}.`;
}

/** A whole number that is used when its form is saved; one out of its range is said beside it. */
export function WholeField({
  id,
  name,
  help,
  range,
  typed,
}: {
  id: string;
  name: string;
  help: string;
  range: Range;
  typed: ReturnType<typeof useTyped>;
}) {
  const problem = wholeProblem(typed.text, range);
  return (
    <div class="field">
      <label class="field-name" for={id}>
        {name}
      </label>
      <input
        id={id}
        type="number"
        inputMode="numeric"
        min={range[0]}
        max={range[1]}
        step="any"
        value={typed.text}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-help`}
        onInput={(event) => typed.setText(event.currentTarget.value)}
      />
      <FieldNotes id={`${id}-help`} problem={problem} help={help} />
    </div>
  );
}
