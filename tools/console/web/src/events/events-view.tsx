import { useEffect, useState } from 'preact/hooks';
import type { EventDays } from '../../../protocol.ts';
import { type EventFilter, fetchEventDays, fetchEvents } from '../api.ts';
import { colourOf } from '../colours.ts';
import { dayInWords, dayOf } from '../format.ts';
import { CameraTabs } from '../parts/camera-tabs.tsx';
import { DetectionOff } from '../parts/detection-off.tsx';
import { Empty } from '../parts/empty.tsx';
import { tell } from '../parts/toasts.tsx';
import { useTick } from '../parts/use-now.ts';
import { useStore } from '../store.ts';
import { TeachSheet } from '../teach/teach-sheet.tsx';
import { EventCard } from './event-card.tsx';
import { EventDetail } from './event-detail.tsx';
import { EventFilters } from './event-filters.tsx';
import { nameOf, nowOf } from './event-words.ts';
import { type HeardEvent, heardNow, mergeEvent, nowOfOpen } from './merge.ts';
import { Why } from './why.tsx';

const pageSize = 40;
const noDays: EventDays = { days: [], kept: true, trouble: null, limits: { days: 0, megabytes: 0 } };

/** The list of events. */
export function EventsView({ camera }: { camera: string | undefined }) {
  const cameras = useStore((state) => state.cameras);
  const live = useStore((state) => state.events);
  const removed = useStore((state) => state.removed);
  const heads = useStore((state) => state.console?.learning?.heads);
  const [filter, setFilter] = useState<EventFilter>({});
  const run = useStore((state) => state.console?.run);
  const [older, setOlder] = useState<HeardEvent[]>([]);
  const [days, setDays] = useState(noDays);
  const [next, setNext] = useState<string | null>(null);
  const [open, setOpen] = useState<HeardEvent>();
  const [taught, setTaught] = useState<HeardEvent>();
  const chosen = cameras.some(({ name }) => name === camera) ? camera : undefined;
  const { label, name, zone, day } = filter;
  const wanted = { ...filter, camera: chosen };
  const count = live.length;

  useEffect(() => {
    let current = true;
    fetchEvents({ limit: pageSize, ...wanted })
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
  }, [chosen, label, name, zone, day, run]);

  useEffect(() => {
    let current = true;
    fetchEventDays().then(
      (answer) => current && setDays(answer),
      (error: Error) => tell('bad', error.message),
    );
    return () => {
      current = false;
    };
  }, [run, count, removed]);

  const more = async () => {
    try {
      const page = await fetchEvents({ limit: pageSize, ...wanted, before: next! });
      setOlder([...older, ...page.events.map(heardNow)]);
      setNext(page.next);
    } catch (error) {
      tell('bad', (error as Error).message);
    }
  };

  const matches = (event: HeardEvent) =>
    (chosen === undefined || event.camera === chosen) &&
    (label === undefined || event.label === label) &&
    (name === undefined || event.sub_label === name) &&
    (zone === undefined || event.entered_zones.includes(zone)) &&
    (day === undefined || dayOf(event.start_time) === day);
  // Live ones include what happened since the list was loaded.
  const events = live
    .filter(matches)
    .reduceRight(mergeEvent, older)
    .filter(({ id }) => !removed.has(id));
  const labels = [...new Set([...live, ...older].map((event) => event.label))].sort();
  const names = [
    ...new Set(heads?.filter(({ objects }) => objects).flatMap((head) => head.labels.map((one) => one.label))),
  ].sort();
  const zones = [
    ...new Set(
      cameras
        .filter(({ name }) => chosen === undefined || name === chosen)
        .flatMap((one) => Object.keys(one.settings.zones)),
    ),
  ].sort();
  const detail = nowOfOpen(open, live, older);
  const tick = useTick();
  const now = events[0] ? nowOf(events[0], tick) : 0;
  const isFiltered = [label, name, zone, day].some((one) => one !== undefined);
  return (
    <>
      <h1>Events</h1>
      <CameraTabs view="events" camera={chosen} all />
      {(days.days.length > 0 || isFiltered) && (
        <EventFilters
          {...{ filter: wanted, days, names, zones, now }}
          onChange={(change) => setFilter({ ...filter, ...change })}
        />
      )}
      {cameras
        .filter((one) => chosen === undefined || one.name === chosen)
        .map((one) => (
          <DetectionOff key={one.name} camera={one} named />
        ))}
      {days.trouble !== null && (
        <p class="note is-bad">
          Events cannot be kept now: {days.trouble}. The last ones are in memory until Ocellus restarts.
        </p>
      )}
      {(labels.length > 1 || label !== undefined) && (
        <fieldset class="chips">
          <legend class="visually-hidden">Only this label</legend>
          <button
            type="button"
            class="chip"
            aria-pressed={label === undefined}
            onClick={() => setFilter({ ...filter, label: undefined })}
          >
            All
          </button>
          {labels.map((one) => (
            <button
              key={one}
              type="button"
              class="chip"
              aria-pressed={label === one}
              style={{ '--label': colourOf(one) }}
              onClick={() => setFilter({ ...filter, label: label === one ? undefined : one })}
            >
              <span class="swatch" />
              {one}
            </button>
          ))}
        </fieldset>
      )}
      {events.length === 0 && isFiltered ? (
        <Empty icon="events" title="Nothing fits">
          There are events, but none of what is chosen above.
        </Empty>
      ) : events.length === 0 ? (
        <Empty icon="events" title="No events yet">
          An event begins when a watched object is in view for a moment. If that never happens, watch more labels or
          lower the threshold under Settings.
        </Empty>
      ) : (
        byDay(events).map(([date, ofDay]) => (
          <section key={date} aria-label={dayInWords(date, now)}>
            <h2 class="event-day">{dayInWords(date, now)}</h2>
            <ul class="event-grid">
              {ofDay.map((event) => (
                <EventCard
                  key={event.id}
                  event={event}
                  showCamera={cameras.length > 1}
                  onOpen={() => setOpen(event)}
                  onTeach={() => setTaught(event)}
                />
              ))}
            </ul>
          </section>
        ))
      )}
      {next !== null && (
        <button type="button" class="button more" onClick={more}>
          Show older ones
        </button>
      )}
      {cameras
        .filter((one) => chosen === undefined || one.name === chosen)
        .map((one) => (
          <Why key={one.name} camera={one.name} named={cameras.length > 1} />
        ))}
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

/** In their order; a day may come twice where the clock was set. */
function byDay(events: readonly HeardEvent[]): [day: string, events: HeardEvent[]][] {
  const days: [string, HeardEvent[]][] = [];
  for (const event of events) {
    const day = dayOf(event.start_time);
    const last = days.at(-1);
    if (last?.[0] === day) last[1].push(event);
    else days.push([day, [event]]);
  }
  return days;
}
