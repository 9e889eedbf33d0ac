/** An on/off setting with a word on what it does. */
export function Switch({
  name,
  help,
  on,
  onChange,
}: {
  name: string;
  help?: string;
  on: boolean;
  onChange(on: boolean): void;
}) {
  return (
    <label class="field switch">
      <span class="switch-text">
        <span class="field-name">{name}</span>
        {help && <span class="field-help">{help}</span>}
      </span>
      <input
        type="checkbox"
        role="switch"
        aria-checked={on}
        aria-label={name}
        checked={on}
        onChange={(event) => {
          const wanted = event.currentTarget.checked;
          // It moves when the setting has: what is shown is what is in use.
          event.currentTarget.checked = on;
          onChange(wanted);
        }}
      />
    </label>
  );
}
