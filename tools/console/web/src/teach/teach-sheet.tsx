import { useEffect, useState } from 'preact/hooks';
import type { Looks } from '../../../protocol.ts';
import { fetchLooks, type Subject, teach } from '../api.ts';
import { connection } from '../connection.ts';
import { Sheet } from '../parts/sheet.tsx';
import { useStore } from '../store.ts';
import { LabelChoice } from './label-choice.tsx';
import { Outcome } from './outcome.tsx';
import { useChange } from './use-change.ts';
import { labelsOf } from './words.ts';

/** The object that was clicked. */
export type Pointed = Exclude<Subject, { view: string }> & {
  /** Its current label. */
  name?: string;
  /** Of a box that was drawn. */
  looks?: Looks['looks'];
};

const againMs = 500;
/** Pictures to request, beside the stage, which shows the same ones. */
const wish = { maxHeight: 16, fps: 1 };

/** Asks what something is, and teaches it. */
export function TeachSheet({
  of,
  onState,
  onClose,
}: {
  of: Pointed;
  /** Whether it is the state of a part of the view, and not an object. */
  onState?(): void;
  onClose(): void;
}) {
  const { name, looks: given, ...subject } = of;
  const learning = useStore((state) => state.console?.learning);
  const [looks, setLooks] = useState(given);
  const [failed, setFailed] = useState<string>();
  const change = useChange();
  useEffect(() => {
    if ('look' in subject) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isShown = true;
    const load = () =>
      fetchLooks(subject).then(
        (found) => {
          if (!isShown) return;
          setLooks(found.looks);
          // Of an object that was pointed at as it came, the first look is on its way.
          if (found.looks.length === 0 && 'track' in subject) timer = setTimeout(load, againMs);
        },
        (error: Error) => setFailed(error.message),
      );
    load();
    return () => {
      isShown = false;
      clearTimeout(timer);
    };
  }, []);
  const isUnseen = looks?.length === 0;
  const [isGone, setGone] = useState(false);
  useEffect(() => {
    if (!isUnseen || !('track' in subject)) return;
    return connection.watch(of.camera, wish, ({ header }) =>
      setGone(!header.tracks.some(({ id }) => id === subject.track)),
    );
  }, [isUnseen]);
  return (
    <Sheet title="What is this?" onClose={onClose}>
      {(close) => (
        <>
          <div class="looks">
            {looks?.map(({ url }, index) => (
              <img key={url} src={url} alt={`Look ${index + 1} of ${looks.length}`} />
            ))}
          </div>
          {failed !== undefined && (
            <p class="field-error" role="alert">
              {failed}
            </p>
          )}
          {isUnseen && (
            <p class="muted" role="status">
              {'event' in subject
                ? 'Its looks are no longer stored: only those of the last hundred objects are.'
                : isGone
                  ? 'It left before there was a good look at it.'
                  : 'There is no good look at it yet. It comes here as soon as there is one.'}
            </p>
          )}
          {/* What is typed before there is a look must not be lost. */}
          {!(isUnseen && 'event' in subject) && (
            <Outcome change={change} onDone={close}>
              <LabelChoice
                labels={labelsOf(learning)}
                current={name}
                busy={change.busy}
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
              {onState && (
                <button
                  type="button"
                  class="text-button"
                  onClick={() => {
                    close();
                    onState();
                  }}
                >
                  It is a state of this part of the view, such as an open gate
                </button>
              )}
            </Outcome>
          )}
        </>
      )}
    </Sheet>
  );
}
