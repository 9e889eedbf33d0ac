import { useEffect, useState } from 'preact/hooks';
import type { AsideState } from '../../../protocol.ts';
import { fetchAsides } from '../api.ts';
import { dateAndTime } from '../format.ts';
import { useStore } from '../store.ts';
import { AsideQuestion } from '../teach/aside-question.tsx';
import { useChange } from '../teach/use-change.ts';

/** Lessons that wait for an answer; nothing without any. */
export function Asides() {
  const learning = useStore((state) => state.console?.learning);
  const [asides, setAsides] = useState<AsideState[]>([]);
  // A lost connection is reported elsewhere.
  useEffect(() => void fetchAsides().then(setAsides, () => {}), [learning]);
  if (asides.length === 0) return null;
  return (
    <section class="taught-section" aria-label="Waiting for an answer">
      <h2 class="section-title">Waiting for an answer</h2>
      {asides.map((aside) => (
        <Aside key={aside.id} aside={aside} />
      ))}
    </section>
  );
}

function Aside({ aside }: { aside: AsideState }) {
  const change = useChange();
  const { camera, time } = aside;
  return (
    <article class="card panel">
      <p class="muted">
        {camera}, {dateAndTime(time)}
      </p>
      {change.error !== undefined && (
        <p class="field-error" role="alert">
          {change.error}
        </p>
      )}
      <AsideQuestion aside={aside} change={change} onDone={() => {}} />
    </article>
  );
}
