import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { TriedSource } from '../../../protocol.ts';
import { trySource } from '../api.ts';
import { useTyped } from '../parts/use-typed.ts';

type Tried = { uri: string } & (TriedSource | { works: undefined });

/** A source that is tried first: only one that gives a picture can be used. */
export function SourceForm({
  id,
  value,
  camera,
  action,
  use,
  children,
}: {
  id: string;
  /** The one in use; empty: none. */
  value: string;
  /** Whose other settings it is opened with. */
  camera?: string;
  /** The label of the button that uses it. */
  action: string;
  use(uri: string): void;
  /** Content below the field; gets a function that fills the field. */
  children(fill: (uri: string) => void): ComponentChildren;
}) {
  const [text, setText] = useTyped(value);
  const [tried, setTried] = useState<Tried>();
  // What was tried is in use now.
  useEffect(() => {
    if (tried?.uri === value) setTried(undefined);
  }, [value]);
  const uri = text.trim();
  const shown = tried?.uri === uri ? tried : undefined;
  const isBusy = tried?.works === undefined && tried !== undefined;
  const look = async (event: Event) => {
    event.preventDefault();
    if (uri === '' || isBusy) return;
    if (shown?.works) return use(uri);
    setTried({ uri, works: undefined });
    try {
      setTried({ uri, ...(await trySource(uri, camera)) });
    } catch (error) {
      setTried({ uri, works: false, reason: (error as Error).message });
    }
  };
  return (
    <form class="field" onSubmit={look}>
      <label class="field-name" for={id}>
        Source
      </label>
      <div class="field-row">
        <input
          id={id}
          type="text"
          list="sources"
          value={text}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          aria-invalid={shown?.works === false}
          aria-describedby={`${id}-tried`}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="button" disabled={isBusy || uri === '' || uri === value || shown?.works}>
          {isBusy ? 'Trying …' : 'Try'}
        </button>
      </div>
      <div id={`${id}-tried`}>
        {shown?.works === false && (
          <p class="field-error" role="alert">
            {shown.reason}
          </p>
        )}
        {shown?.works && (
          <div class="tried" role="status">
            <Picture base64={shown.picture} title={shown.title} />
            <span class="field-help">
              {shown.title}, {shown.width} × {shown.height}. {shown.note}
            </span>
          </div>
        )}
      </div>
      {shown?.works && (
        <button type="submit" class="button is-main">
          {action}
        </button>
      )}
      {children(setText)}
    </form>
  );
}

function Picture({ base64, title }: { base64: string; title: string }) {
  const image = useRef<HTMLImageElement>(null);
  useEffect(() => {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    const url = URL.createObjectURL(new Blob([bytes], { type: 'image/jpeg' }));
    image.current!.src = url;
    return () => URL.revokeObjectURL(url);
  }, [base64]);
  return <img ref={image} alt={`What ${title} shows`} />;
}
