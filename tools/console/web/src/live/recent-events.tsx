import { useState } from 'preact/hooks';
import { EventDetail } from '../events/event-detail.tsx';
import { EventLine } from '../events/event-line.tsx';
import { type HeardEvent, nowOfOpen } from '../events/merge.ts';
import { linkTo } from '../route.ts';
import { useStore } from '../store.ts';

const shown = 6;

export function RecentEvents({ camera }: { camera: string | undefined }) {
  const all = useStore((state) => state.events);
  const [open, setOpen] = useState<HeardEvent>();
  const events = all.filter((event) => camera === undefined || event.camera === camera).slice(0, shown);
  const detail = nowOfOpen(open, all);
  return (
    <section class="card panel" aria-label="Recent events">
      <div class="panel-head">
        <h2>Events</h2>
        <a href={linkTo('events', camera)}>All events</a>
      </div>
      {events.length === 0 ? (
        <p class="muted">New events will be listed here.</p>
      ) : (
        <ul class="event-lines">
          {events.map((event) => (
            <EventLine key={event.id} event={event} showCamera={camera === undefined} onOpen={() => setOpen(event)} />
          ))}
        </ul>
      )}
      {detail && <EventDetail event={detail} onClose={() => setOpen(undefined)} />}
    </section>
  );
}
