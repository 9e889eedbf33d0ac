import { useState } from 'preact/hooks';

/** A number within bounds; one that is not is said, and not used. */
export function NumberField({
  name,
  help,
  value,
  least,
  most,
  onChange,
}: {
  name: string;
  help: string;
  value: number;
  least: number;
  most: number;
  onChange(value: number): void;
}) {
  const [wrong, setWrong] = useState<string>();
  return (
    <label class="field">
      <span class="field-name">{name}</span>
      <input
        type="number"
        min={least}
        max={most}
        step="any"
        value={value}
        aria-invalid={wrong !== undefined}
        onInput={(event) => {
          const { valueAsNumber: wanted, value: text } = event.currentTarget;
          const isRight = wanted >= least && wanted <= most;
          setWrong(isRight ? undefined : text === '' ? 'no number' : text);
          if (isRight) onChange(wanted);
        }}
      />
      {wrong !== undefined && (
        <span class="field-error" role="alert">
          Expected {least} to {most}, got {wrong}; it stays {value}.
        </span>
      )}
      <span class="field-help">{help}</span>
    </label>
  );
}
