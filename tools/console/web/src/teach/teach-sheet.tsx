import { useEffect, useState } from 'preact/hooks';
import type { Looks } from '../../../protocol.ts';
import { fetchLooks, type Subject, teach } from '../api.ts';
import { Sheet } from '../parts/sheet.tsx';
import { tell } from '../parts/toasts.tsx';
import { useStore } from '../store.ts';
import { LabelChoice } from './label-choice.tsx';
import { Outcome } from './outcome.tsx';
import { useChange } from './use-change.ts';
import { labelsOf } from './words.ts';

/** An object that somebody points at. */
export type Pointed = Exclude<Subject, { view: string }> & {
  /** What it is called now. */
  name?: string;
  /** Of a box that was drawn. */
  looks?: Looks['looks'];
};

/** Asks what something is, and teaches it. */
export function TeachSheet({ of, onClose }: { of: Pointed; onClose(): void }) {
  const { name, looks: given, ...subject } = of;
  const learning = useStore((state) => state.console?.learning);
  const [looks, setLooks] = useState(given);
  const change = useChange();
  useEffect(() => {
    if ('look' in subject) return;
    fetchLooks(subject)
      .then((found) => setLooks(found.looks))
      .catch((error: Error) => tell('bad', error.message));
  }, []);
  return (
    <Sheet title="What is this?" onClose={onClose}>
      {(close) => (
        <>
          <div class="looks">
            {looks?.map(({ url }, index) => (
              <img key={url} src={url} alt={`Look ${index + 1} of ${looks.length}`} />
            ))}
          </div>
          {looks?.length === 0 ? (
            <p class="muted">
              {'event' in subject
                ? 'The looks at it are no longer held: those of the last hundred objects are.'
                : 'There was no good look at it yet. Try again in a moment.'}
            </p>
          ) : (
            <Outcome change={change} onDone={close}>
              <LabelChoice
                labels={labelsOf(learning)}
                current={name}
                busy={change.busy || looks === undefined}
                ask="A name for it"
                askOther="Something else"
                placeholder="my cat, the parcel van …"
                onChoose={(label, negative) =>
                  change.run(
                    negative ? `Taught: not ${label}` : `Taught: ${label}`,
                    () => teach({ ...subject, label, negative }),
                    close,
                  )
                }
              />
            </Outcome>
          )}
        </>
      )}
    </Sheet>
  );
}
