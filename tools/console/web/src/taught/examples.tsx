import { useEffect, useState } from 'preact/hooks';
import type { ExamplePage, TaughtExample } from '../../../protocol.ts';
import { fetchExamples, forget, relabel, thumbnailOf } from '../api.ts';
import { dateAndTime } from '../format.ts';
import { attempt } from '../parts/attempt.ts';
import { Icon } from '../parts/icons.tsx';
import { Sheet } from '../parts/sheet.tsx';
import { tell } from '../parts/toasts.tsx';
import { useStore } from '../store.ts';
import { LabelChoice } from '../teach/label-choice.tsx';
import { Outcome } from '../teach/outcome.tsx';
import { useChange } from '../teach/use-change.ts';

/** The examples of one label, newest first. */
export function Examples({ head, label, labels }: { head: string; label: string; labels: readonly string[] }) {
  const [page, setPage] = useState<ExamplePage>();
  const [relabelled, setRelabelled] = useState<TaughtExample>();
  const learning = useStore((state) => state.console?.learning);
  useEffect(() => {
    let current = true;
    fetchExamples({ head, label })
      .then((found) => current && setPage(found))
      .catch((error: Error) => tell('bad', error.message));
    return () => {
      current = false;
    };
  }, [head, label, learning]);
  if (!page) return <p class="muted">Loading …</p>;
  const more = async () => {
    try {
      const next = await fetchExamples({ head, label, offset: page.next! });
      setPage({ examples: [...page.examples, ...next.examples], next: next.next });
    } catch (error) {
      tell('bad', (error as Error).message);
    }
  };
  const drop = ({ id }: TaughtExample) =>
    attempt(async () => {
      const { undo } = await forget({ example: id });
      return ['Forgotten', undo];
    });
  return (
    <>
      <ul class="examples-grid">
        {page.examples.map((example) => (
          <ExampleTile
            key={example.id}
            example={example}
            onRelabel={() => setRelabelled(example)}
            onForget={() => drop(example)}
          />
        ))}
      </ul>
      {page.next !== null && (
        <button type="button" class="button more" onClick={more}>
          Show older ones
        </button>
      )}
      {relabelled && <RelabelSheet example={relabelled} labels={labels} onClose={() => setRelabelled(undefined)} />}
    </>
  );
}

function ExampleTile({
  example,
  onRelabel,
  onForget,
}: {
  example: TaughtExample;
  onRelabel(): void;
  onForget(): void;
}) {
  const self = useStore((state) => state.console?.node);
  const { id, label, negative, node, camera, time_ms, thumbnail } = example;
  const origin = node === self ? camera : `${node}, ${camera}`;
  const what = `${negative ? 'not ' : ''}${label}, ${origin}, ${dateAndTime(time_ms)}`;
  return (
    <li class="example">
      <span class="example-picture">
        {thumbnail ? <img src={thumbnailOf(id)} alt={what} loading="lazy" /> : <Icon name="picture" />}
        {negative && <span class="badge is-negative">not</span>}
      </span>
      <span class="example-text">
        <span class="muted">
          {origin}
          <br />
          {dateAndTime(time_ms)}
        </span>
        <span class="example-tools">
          <button type="button" class="icon-button" aria-label={`Relabel ${what}`} title="Relabel" onClick={onRelabel}>
            <Icon name="pen" />
          </button>
          <button type="button" class="icon-button" aria-label={`Forget ${what}`} title="Forget" onClick={onForget}>
            <Icon name="trash" />
          </button>
        </span>
      </span>
    </li>
  );
}

function RelabelSheet({
  example,
  labels,
  onClose,
}: {
  example: TaughtExample;
  labels: readonly string[];
  onClose(): void;
}) {
  const change = useChange();
  const { id, label: before, thumbnail } = example;
  return (
    <Sheet title="What is it really?" onClose={onClose}>
      {(close) => (
        <>
          {thumbnail && (
            <div class="looks">
              <img src={thumbnailOf(id)} alt={`Taught as ${before}`} />
            </div>
          )}
          <Outcome change={change} onDone={close}>
            <LabelChoice
              labels={labels}
              current={before}
              busy={change.busy}
              ask="A name for it"
              askOther="Something else"
              placeholder="another name"
              onChoose={(label, negative) =>
                change.run(`It is ${negative ? 'not ' : ''}${label} now`, () => relabel(id, { label, negative }), close)
              }
            />
          </Outcome>
        </>
      )}
    </Sheet>
  );
}
