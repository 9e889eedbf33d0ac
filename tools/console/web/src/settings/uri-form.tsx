import type { ComponentChildren } from 'preact';
import { useTyped } from '../parts/use-typed.ts';

/** A URI that takes effect when it is submitted. */
export function UriForm({
  id,
  name,
  value,
  list,
  mayBeEmpty = false,
  use,
  children,
}: {
  id: string;
  name: string;
  value: string;
  /** Id of a list of suggestions. */
  list?: string;
  mayBeEmpty?: boolean;
  use(uri: string): void;
  /** Content below the field; gets a function that fills the field. */
  children(fill: (uri: string) => void): ComponentChildren;
}) {
  const [text, setText] = useTyped(value);
  const uri = text.trim();
  return (
    <form
      class="field"
      onSubmit={(event) => {
        event.preventDefault();
        use(uri);
      }}
    >
      <label class="field-name" for={id}>
        {name}
      </label>
      <div class="field-row">
        <input
          id={id}
          type="text"
          list={list}
          value={text}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button
          type="submit"
          class="button is-main"
          aria-label={`Use as ${name.toLowerCase()}`}
          disabled={uri === value || (uri === '' && !mayBeEmpty)}
        >
          Use
        </button>
      </div>
      {children(setText)}
    </form>
  );
}
