import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { TriedSource } from '../../../protocol.ts';
import { trySource } from '../api.ts';
import { useTyped } from '../parts/use-typed.ts';

type Tried = { uri: string } & (TriedSource | { works: undefined });

/** A source that is tried first: only one that gives a picture can be used. */
export function SourceForm({
  id,
  name,
  value,
  camera,
  list,
  none,
  action,
  use,
  children,
}: {
  id: string;
  name: string;
  /** The one in use; empty: none. */
  value: string;
  /** Whose other settings it is opened with. */
  camera?: string;
  /** Id of a list of suggestions. */
  list?: string;
  /** The label of the button that uses none. Default: there has to be one. */
  none?: string;
  /** The label of the button that uses it. */
  action: string;
  /** @returns False when it is not in use. */
  use(uri: string): Promise<boolean>;
  /** Content below the field; gets a function that fills the field. */
  children(fill: (uri: string) => void): ComponentChildren;
}) {
  const { text, setText, forget } = useTyped(value);
  const [tried, setTried] = useState<Tried>();
  const said = useRef<HTMLDivElement>(null);
  const uri = text.trim();
  const shown = tried?.uri === uri ? tried : undefined;
  const isBusy = tried?.works === undefined && tried !== undefined;
  const wantsNone = uri === '' && value !== '' && none !== undefined;
  // On a phone it is below what can be seen.
  useEffect(() => {
    if (shown?.works !== undefined) said.current?.scrollIntoView({ block: 'nearest' });
  }, [shown]);
  const look = async (event: Event) => {
    event.preventDefault();
    if ((uri === '' && !wantsNone) || uri === value || isBusy) return;
    if (shown?.works || wantsNone) {
      if (await use(uri)) {
        forget();
        setTried(undefined);
      }
      return;
    }
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
        {name}
      </label>
      <div class="field-row">
        <input
          id={id}
          type="text"
          inputMode="url"
          list={list}
          value={text}
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          aria-invalid={shown?.works === false}
          aria-describedby={`${id}-tried`}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button
          type="submit"
          class="button"
          aria-label={name === 'Source' ? undefined : `${wantsNone ? none : 'Try'}: ${name.toLowerCase()}`}
          disabled={isBusy || (uri === '' && !wantsNone) || uri === value || shown?.works}
        >
          {isBusy ? 'Trying …' : wantsNone ? none : 'Try'}
        </button>
      </div>
      <div id={`${id}-tried`} ref={said} class="tried-answer">
        {shown?.works === false && (
          <p class="field-error" role="alert">
            {shown.reason}
          </p>
        )}
        {shown?.works && (
          <>
            <div class="tried" role="status">
              <Picture {...shown} />
              <span class="field-help">
                {shown.title}, {shown.width} × {shown.height}. {shown.note}
              </span>
            </div>
            <button type="submit" class="button is-main">
              {action}
            </button>
          </>
        )}
      </div>
      {children(setText)}
    </form>
  );
}

function Picture({ picture, title, width, height }: Extract<TriedSource, { works: true }>) {
  const image = useRef<HTMLImageElement>(null);
  useEffect(() => {
    const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
    const url = URL.createObjectURL(new Blob([bytes], { type: 'image/jpeg' }));
    image.current!.src = url;
    return () => URL.revokeObjectURL(url);
  }, [picture]);
  return <img ref={image} width={width} height={height} alt={`What ${title} shows`} />;
}
