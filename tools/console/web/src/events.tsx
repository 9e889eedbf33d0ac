import { useEffect, useState } from 'preact/hooks';
import type { LoggedEvent } from '../../protocol.ts';
import { colourOf } from './colours.ts';

/** The last events, newest first; one that is chosen is shown large. */
export function Events({ events, many }: { events: readonly LoggedEvent[]; many: boolean }) {
  const [label, setLabel] = useState('');
  const [chosen, setChosen] = useState<string>();
  const labels = [...new Set(events.map((event) => event.state.label))].sort();
  const shown = label ? events.filter((event) => event.state.label === label) : events;
  const open = events.find((event) => event.state.id === chosen);
  useNow(events.some((event) => event.state.end_time === null));
  if (open) return <Detail event={open} onClose={() => setChosen(undefined)} />;
  return (
    <section aria-label="Events">
      <div class="head">
        <h2>Events</h2>
        {labels.length > 1 && (
          <select value={label} onChange={(event) => setLabel(event.currentTarget.value)} aria-label="Show only">
            <option value="">all labels</option>
            {labels.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )}
      </div>
      {shown.length === 0 && <p class="quiet">Nothing yet. What comes into view is listed here, with a picture.</p>}
      <ul class="events">
        {shown.map((event) => (
          <li key={event.state.id}>
            <button type="button" class="event" onClick={() => setChosen(event.state.id)}>
              <Picture event={event} />
              <span class="grow">
                <strong>
                  <i style={{ background: colourOf(event.state.label) }} />
                  {event.state.sub_label ?? event.state.label}
                </strong>
                <span class="quiet">
                  {many && `${event.state.camera} · `}
                  {clock(event.state.start_time)} · {lasted(event)}
                </span>
                {event.state.entered_zones.length > 0 && (
                  <span class="quiet">{event.state.entered_zones.join(', ')}</span>
                )}
              </span>
              {event.state.end_time === null ? (
                <span class="badge live">now</span>
              ) : (
                <span class="quiet">{percent(event.state.top_score)}</span>
              )}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Detail({ event, onClose }: { event: LoggedEvent; onClose: () => void }) {
  const { state } = event;
  const crossed = Object.entries(state.crossed_lines).map(([line, direction]) => `${line} (${direction})`);
  const facts: [string, string][] = [
    ['camera', state.camera],
    ['began', clock(state.start_time)],
    ['lasted', lasted(event)],
    ['best score', percent(state.top_score)],
    ['zones', state.entered_zones.join(', ') || 'none'],
    ['lines', crossed.join(', ') || 'none'],
    ['stands still', state.stationary ? 'yes' : 'no'],
    ['id', state.id],
  ];
  return (
    <section aria-label="Event">
      <div class="head">
        <h2>{state.sub_label ?? state.label}</h2>
        <button type="button" onClick={onClose}>
          Back
        </button>
      </div>
      <Picture event={event} large />
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Picture({ event, large = false }: { event: LoggedEvent; large?: boolean }) {
  const { id, label, frame_time, end_time } = event.state;
  if (!event.snapshot) return <span class={`thumb none ${large ? 'large' : ''}`} />;
  // Another address when there may be a better picture: it is the same name for all of an event's snapshots.
  const version = end_time ?? Math.floor(frame_time / 5) * 5;
  return (
    <img
      class={`thumb ${large ? 'large' : ''}`}
      src={`api/events/${id}/snapshot.jpg?${version}`}
      alt={`Snapshot of a ${label}`}
      loading="lazy"
    />
  );
}

const percent = (share: number) => `${Math.round(share * 100)} %`;
const clock = (seconds: number) => new Date(seconds * 1000).toLocaleTimeString();

function lasted({ state: { start_time, end_time } }: LoggedEvent): string {
  const seconds = Math.max(0, (end_time ?? Date.now() / 1000) - start_time);
  if (seconds < 60) return `${seconds.toFixed(0)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Draws again each second while something is running. */
function useNow(running: boolean): void {
  const [, setTick] = useState(0);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setTick((tick) => tick + 1), 1000);
    return () => clearInterval(timer);
  }, [running]);
}
