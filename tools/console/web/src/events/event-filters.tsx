import { useState } from 'preact/hooks';
import type { EventDays } from '../../../protocol.ts';
import { type EventFilter, exportOf, removeEvents } from '../api.ts';
import { dayInWords } from '../format.ts';
import { attempt } from '../parts/attempt.ts';
import { Confirm } from '../parts/confirm.tsx';
import { Icon } from '../parts/icons.tsx';
import { dayCount } from './event-words.ts';

/** Chooses what is listed: a day, a taught name, a zone; and what can be done with all of it. */
export function EventFilters({
  filter,
  days,
  names,
  zones,
  now,
  onChange,
}: {
  filter: EventFilter;
  days: EventDays;
  names: readonly string[];
  zones: readonly string[];
  /** Seconds since 1970. */
  now: number;
  onChange(change: EventFilter): void;
}) {
  const [removing, setRemoving] = useState(false);
  const { day } = filter;
  const all = days.days.reduce((sum, { events }) => sum + events, 0);
  const count = day === undefined ? all : (days.days.find((one) => one.day === day)?.events ?? 0);
  const which = day === undefined ? 'all days' : dayInWords(day, now);
  return (
    <div class="event-filters">
      <Choice
        label="Day"
        value={day}
        none="All days"
        options={days.days.map((one) => [one.day, `${dayInWords(one.day, now)} (${one.events})`])}
        onChange={(value) => onChange({ day: value })}
      />
      <Choice
        label="Name"
        value={filter.name}
        none="Any name"
        options={names.map((name) => [name, name])}
        onChange={(value) => onChange({ name: value })}
      />
      <Choice
        label="Zone"
        value={filter.zone}
        none="Anywhere"
        options={zones.map((zone) => [zone, zone])}
        onChange={(value) => onChange({ zone: value })}
      />
      <span class="event-actions">
        <a class="button" href={exportOf(filter)} download>
          <Icon name="download" />
          Download list
        </a>
        <button type="button" class="button" disabled={count === 0} onClick={() => setRemoving(true)}>
          <Icon name="trash" />
          Delete {day === undefined ? 'all' : 'this day'}…
        </button>
      </span>
      {removing && (
        <Confirm
          title={`Delete ${dayCount(count)} of ${which}?`}
          action="Delete"
          onYes={() =>
            attempt(async () => {
              const { removed } = await removeEvents(day === undefined ? { all: true } : { day });
              return `${dayCount(removed)} deleted.`;
            })
          }
          onClose={() => setRemoving(false)}
        >
          The events, their pictures and clips are removed from this board, whatever else is chosen above. This cannot
          be undone.
        </Confirm>
      )}
    </div>
  );
}

/** Nothing where there is nothing to choose. */
function Choice({
  label,
  value,
  none,
  options,
  onChange,
}: {
  label: string;
  value: string | undefined;
  /** The words for no choice. */
  none: string;
  options: readonly (readonly [value: string, words: string])[];
  onChange(value: string | undefined): void;
}) {
  if (options.length === 0 && value === undefined) return null;
  const isListed = value === undefined || options.some(([one]) => one === value);
  return (
    <select
      aria-label={label}
      value={value ?? ''}
      onChange={(event) => onChange(event.currentTarget.value || undefined)}
    >
      <option value="">{none}</option>
      {[...options, ...(isListed ? [] : [[value, value] as const])].map(([one, words]) => (
        <option key={one} value={one}>
          {words}
        </option>
      ))}
    </select>
  );
}
