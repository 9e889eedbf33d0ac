import { useEffect, useState } from 'preact/hooks';

/** As in the settings schema. */
export const namePattern = /^[a-z0-9][a-z0-9_-]{0,31}$/;
export const nameInWords = 'Up to 32 lower-case letters, digits, - and _, a letter or digit first.';

/** What a person types, as far as it can be a name: `Front Door` is `front-door`, `Küche` is `kueche`. */
export function asName(text: string): string {
  const umlauts: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' };
  return text
    .toLowerCase()
    .replace(/[äöüß]/g, (letter) => umlauts[letter]!)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replaceAll(' ', '-');
}

/** A name that is changed when it is submitted, with the reason beside it where that cannot be. */
export function NameForm({
  id,
  name,
  help,
  value,
  rename,
}: {
  id: string;
  name: string;
  help: string;
  value: string;
  rename(to: string): Promise<unknown>;
}) {
  const [text, setText] = useState(value);
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  useEffect(() => setText(value), [value]);
  const problem = namePattern.test(text) ? error : nameInWords;
  return (
    <form
      class="field"
      onSubmit={async (event) => {
        event.preventDefault();
        if (text === value || isBusy || !namePattern.test(text)) return;
        setBusy(true);
        setError(undefined);
        await rename(text).catch((reason: Error) => setError(reason.message));
        setBusy(false);
      }}
    >
      <label class="field-name" for={id}>
        {name}
      </label>
      <div class="field-row">
        <input
          id={id}
          type="text"
          value={text}
          maxLength={32}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          aria-invalid={problem !== undefined}
          aria-describedby={`${id}-help`}
          onInput={(event) => {
            setError(undefined);
            setText(asName(event.currentTarget.value));
          }}
        />
        <button type="submit" class="button" disabled={text === value || isBusy || !namePattern.test(text)}>
          {isBusy ? 'Renaming …' : 'Rename'}
        </button>
      </div>
      <div id={`${id}-help`}>
        {problem && (
          <p class="field-error" role="alert">
            {problem}
          </p>
        )}
        <span class="field-help">{help}</span>
      </div>
    </form>
  );
}
