import { useEffect, useState } from 'preact/hooks';
import { fetchEvents } from '../api.ts';
import { colourOf } from '../colours.ts';
import { CameraTabs } from '../parts/camera-tabs.tsx';
import { Empty } from '../parts/empty.tsx';
import { tell } from '../parts/toasts.tsx';
import { useStore } from '../store.ts';
import { TeachSheet } from '../teach/teach-sheet.tsx';
import { EventCard } from './event-card.tsx';
import { EventDetail } from './event-detail.tsx';
import { nameOf } from './event-words.ts';
import { type HeardEvent, heardNow, mergeEvent } from './merge.ts';

const pageSize = 40;

/** The list of events. */
export function EventsView({ camera }: { camera: string | undefined }) {
  const cameras = useStore((state) => state.cameras);
  const live = useStore((state) => state.events);
  const [label, setLabel] = useState<string>();
  const run = useStore((state) => state.console?.run);
  const [older, setOlder] = useState<HeardEvent[]>([]);
  const [next, setNext] = useState<string | null>(null);
  const [open, setOpen] = useState<string>();
  const [taught, setTaught] = useState<HeardEvent>();
  const chosen = cameras.some(({ name }) => name === camera) ? camera : undefined;

  useEffect(() => {
    let current = true;
    fetchEvents({ limit: pageSize, camera: chosen, label })
      .then((page) => {
        if (!current) return;
        setOlder(page.events.map(heardNow));
        setNext(page.next);
      })
      .catch((error: Error) => tell('bad', error.message));
    return () => {
      current = false;
    };
    // After a restart another list begins.
  }, [chosen, label, run]);

  const more = async () => {
    try {
      const page = await fetchEvents({ limit: pageSize, camera: chosen, label, before: next! });
      setOlder([...older, ...page.events.map(heardNow)]);
      setNext(page.next);
    } catch (error) {
      tell('bad', (error as Error).message);
    }
  };

  const matches = (event: HeardEvent) =>
    (chosen === undefined || event.camera === chosen) && (label === undefined || event.label === label);
  // Live ones include what happened since the list was loaded.
  const events = live.filter(matches).reduceRight(mergeEvent, older);
  const labels = [...new Set([...live, ...older].map((event) => event.label))].sort();
  const detail = events.find(({ id }) => id === open);
  return (
    <>
      <h1>Events</h1>
      <CameraTabs view="events" camera={chosen} all />
      {(labels.length > 1 || label !== undefined) && (
        <fieldset class="chips">
          <legend class="visually-hidden">Only this label</legend>
          <button type="button" class="chip" aria-pressed={label === undefined} onClick={() => setLabel(undefined)}>
            All
          </button>
          {labels.map((one) => (
            <button
              key={one}
              type="button"
              class="chip"
              aria-pressed={label === one}
              style={{ '--label': colourOf(one) }}
              onClick={() => setLabel(label === one ? undefined : one)}
            >
              <span class="swatch" />
              {one}
            </button>
          ))}
        </fieldset>
      )}
      {events.length === 0 ? (
        <Empty icon="events" title="No events yet">
          An event begins when a watched object is in view for a moment. If that never happens, watch more labels or
          lower the threshold under Settings.
        </Empty>
      ) : (
        <ul class="event-grid">
          {events.map((event) => (
            <EventCard
              key={event.id}
              event={event}
              showCamera={cameras.length > 1}
              onOpen={() => setOpen(event.id)}
              onTeach={() => setTaught(event)}
            />
          ))}
        </ul>
      )}
      {next !== null && (
        <button type="button" class="button more" onClick={more}>
          Show older ones
        </button>
      )}
      {taught && (
        <TeachSheet
          of={{ camera: taught.camera, event: taught.id, name: nameOf(taught) }}
          onClose={() => setTaught(undefined)}
        />
      )}
      {detail && <EventDetail event={detail} onClose={() => setOpen(undefined)} />}
    </>
  );
}
