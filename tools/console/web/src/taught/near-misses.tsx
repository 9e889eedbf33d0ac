import { useEffect, useState } from 'preact/hooks';
import type { NearMissState } from '../../../protocol.ts';
import { fetchNearMisses, teach } from '../api.ts';
import { colourOf } from '../colours.ts';
import { ago } from '../format.ts';
import { Icon } from '../parts/icons.tsx';
import { useNow } from '../parts/use-now.ts';
import { useStore } from '../store.ts';
import { Outcome } from '../teach/outcome.tsx';
import { type Pointed, TeachSheet } from '../teach/teach-sheet.tsx';
import { useChange } from '../teach/use-change.ts';
import { takenFor } from '../teach/words.ts';

/** By then a newcomer has been seen well. */
const settleMs = 2000;
/** Number shown at first: what was taught follows below. */
const shownFirst = 6;

/** Recent objects whose name would help, the most doubtful first. */
export function NearMisses() {
  const [misses, setMisses] = useState<NearMissState[]>([]);
  const [all, setAll] = useState(false);
  const [correcting, setCorrecting] = useState<Pointed>();
  const learning = useStore((state) => state.console?.learning);
  // The list changes when objects come or go, not with each update.
  const passing = useStore(
    ({ events }) => `${events[0]?.id} ${events.filter(({ end_time }) => end_time === null).length}`,
  );
  const now = useNow();
  // A lost connection, or an ended session, is reported elsewhere.
  const load = () => fetchNearMisses().then(setMisses, () => {});
  useEffect(() => void load(), [learning]);
  useEffect(() => {
    const timer = setTimeout(load, settleMs);
    return () => clearTimeout(timer);
  }, [passing]);
  const drop = (gone: NearMissState) => setMisses((all) => all.filter((one) => one !== gone));
  if (misses.length === 0 && !correcting) return null;
  return (
    <section class="taught-section" aria-label="Near misses">
      <div>
        <h2 class="section-title">Is this right?</h2>
        <p class="muted">Seen recently, the most doubtful first. A click teaches it.</p>
      </div>
      <ul class="miss-grid">
        {(all ? misses : misses.slice(0, shownFirst)).map((miss) => (
          <NearMiss
            key={`${miss.camera} ${miss.track}`}
            miss={miss}
            now={now}
            onDone={() => drop(miss)}
            onCorrect={() => setCorrecting({ camera: miss.camera, track: miss.track, name: miss.nearest })}
          />
        ))}
      </ul>
      {!all && misses.length > shownFirst && (
        <button type="button" class="button more" onClick={() => setAll(true)}>
          {misses.length - shownFirst} more
        </button>
      )}
      {correcting && <TeachSheet of={correcting} onClose={() => setCorrecting(undefined)} />}
    </section>
  );
}

function NearMiss({
  miss,
  now,
  onDone,
  onCorrect,
}: {
  miss: NearMissState;
  now: number;
  onDone(): void;
  onCorrect(): void;
}) {
  const change = useChange();
  const { camera, track, label, nearest, likely, time, picture } = miss;
  const confirm = (name: string, negative: boolean) =>
    change.run(
      negative ? `Taught: not ${name}` : `Taught: ${name}`,
      () => teach({ camera, track, label: name, negative }),
      onDone,
    );
  return (
    <li class="card miss">
      <img src={picture} alt={`Seen by ${camera}`} loading="lazy" />
      <div class="miss-text">
        <strong>{takenFor(miss)}</strong>
        <span class="muted">
          {camera} · {ago(time / 1000, now)}
        </span>
        <Outcome change={change} onDone={onDone}>
          <div class="miss-tools">
            {likely.map((name) => (
              <button
                key={name}
                type="button"
                class={`button ${name === label ? 'is-main' : ''}`}
                style={{ '--label': colourOf(name) }}
                disabled={change.busy}
                aria-label={`It is ${name}`}
                onClick={() => confirm(name, false)}
              >
                {name === label ? <Icon name="check" /> : <span class="swatch" />}
                <span class="miss-word">{name}</span>
              </button>
            ))}
            <button
              type="button"
              class={likely.length > 0 ? 'icon-button' : 'button is-main'}
              disabled={change.busy}
              aria-label={likely.length > 0 ? 'Another name' : undefined}
              title="Another name"
              onClick={onCorrect}
            >
              <Icon name="pen" />
              {likely.length === 0 && <span class="miss-word">Give it a name</span>}
            </button>
            <button
              type="button"
              class="icon-button"
              disabled={change.busy}
              aria-label="None of the taught names"
              title="Not one of these"
              onClick={() => confirm(nearest, true)}
            >
              <Icon name="close" />
            </button>
          </div>
        </Outcome>
      </div>
    </li>
  );
}
