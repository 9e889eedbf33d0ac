import { useEffect, useRef, useState } from 'preact/hooks';
import { percent } from '../format.ts';

/** A fraction from 0 to 1; reported when it is released. */
export function Slider({
  name,
  help,
  value,
  preview,
  onChange,
  onRemove,
}: {
  name: string;
  help?: string;
  value: number;
  /** What a value would do, shown while it is chosen. */
  preview?: ((value: number) => string | undefined) | undefined;
  /** @returns Once it is saved, or will not be. */
  onChange(value: number): Promise<unknown>;
  onRemove?(): void;
}) {
  const [held, setHeld] = useState<number>();
  /** How many values are being saved: until the last one is, the earlier ones are no news. */
  const saving = useRef(0);
  const settle = () => {
    if (saving.current === 0) setHeld(undefined);
  };
  // A value from elsewhere (MQTT, another page) takes precedence.
  useEffect(settle, [value]);
  const save = async (chosen: number) => {
    saving.current++;
    await onChange(chosen);
    saving.current--;
    settle();
  };
  const shown = held ?? value;
  return (
    <div class="field">
      <label class="slider">
        <span class="field-name">
          {name}
          <output>{percent(shown)}</output>
        </span>
        <input
          type="range"
          aria-label={name}
          min={0}
          max={1}
          step={0.01}
          value={shown}
          style={{ '--at': `${shown * 100}%` }}
          onInput={(event) => setHeld(event.currentTarget.valueAsNumber)}
          onChange={(event) => save(event.currentTarget.valueAsNumber)}
        />
      </label>
      {help && <span class="field-help">{help}</span>}
      {preview && (
        <span class="field-help" role="status">
          {preview(shown)}
        </span>
      )}
      {onRemove && (
        <button type="button" class="text-button" aria-label={`Remove ${name}`} onClick={onRemove}>
          Remove
        </button>
      )}
    </div>
  );
}
