/** An on/off setting with a short explanation. */
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
          // It moves once the setting has changed: it shows what is in use.
          event.currentTarget.checked = on;
          onChange(wanted);
        }}
      />
    </label>
  );
}
