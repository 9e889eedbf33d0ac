import { useState } from 'preact/hooks';
import { FieldNotes } from '../parts/field-notes.tsx';
import { asName, nameInWords, namePattern } from '../parts/name.ts';
import { useTyped } from '../parts/use-typed.ts';

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
  const { text, setText } = useTyped(value);
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
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
      <FieldNotes id={`${id}-help`} problem={problem} help={help} />
    </form>
  );
}
