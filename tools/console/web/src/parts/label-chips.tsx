import { colourOf } from '../colours.ts';

/** Labels that are on or off. */
export function LabelChips({
  name,
  labels,
  chosen,
  onChange,
}: {
  name: string;
  labels: readonly string[];
  chosen: readonly string[];
  onChange(chosen: string[]): void;
}) {
  const toggle = (label: string) =>
    onChange(chosen.includes(label) ? chosen.filter((one) => one !== label) : [...chosen, label]);
  return (
    <fieldset class="chips">
      <legend class="visually-hidden">{name}</legend>
      {labels.map((label) => (
        <button
          key={label}
          type="button"
          class="chip"
          aria-pressed={chosen.includes(label)}
          style={{ '--label': colourOf(label) }}
          onClick={() => toggle(label)}
        >
          <span class="swatch" />
          {label}
        </button>
      ))}
    </fieldset>
  );
}
