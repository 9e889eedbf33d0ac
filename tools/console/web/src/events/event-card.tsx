import { pictureOf } from '../api.ts';
import { colourOf } from '../colours.ts';
import { clock, percent } from '../format.ts';
import { Icon } from '../parts/icons.tsx';
import { useTick } from '../parts/use-now.ts';
import { useTeachable } from '../teach/use-teachable.ts';
import { nameOf, nowOf, stayOf } from './event-words.ts';
import type { HeardEvent } from './merge.ts';

/** An event with its picture. */
export function EventCard({
  event,
  showCamera,
  onOpen,
  onTeach,
}: {
  event: HeardEvent;
  showCamera: boolean;
  onOpen(): void;
  onTeach(): void;
}) {
  const teachable = useTeachable(event.camera);
  const now = nowOf(event, useTick());
  const picture = pictureOf(event);
  const running = event.end_time === null;
  return (
    <li class="event-item">
      <button
        type="button"
        class="event-card card"
        onClick={onOpen}
        style={{ '--label': colourOf(event.sub_label ?? event.label) }}
      >
        <span class="event-picture">
          {picture ? <img src={picture} alt="" loading="lazy" /> : <Icon name="picture" />}
          {running && <span class="badge is-running">now</span>}
          {event.has_clip && (
            <span class="badge is-clip">
              <span aria-hidden="true">▶</span>
              <span class="visually-hidden">with a clip</span>
            </span>
          )}
        </span>
        <span class="event-text">
          <span class="event-title">
            <strong>{nameOf(event)}</strong>
            <span>{percent(event.top_score)}</span>
          </span>
          <span class="muted">
            {clock(event.start_time)} · {stayOf(event, now)}
            {showCamera && ` · ${event.camera}`}
          </span>
          {event.entered_zones.length > 0 && <span class="muted">{event.entered_zones.join(', ')}</span>}
        </span>
      </button>
      {teachable && (
        <button
          type="button"
          class="icon-button event-teach"
          aria-label={`Teach what this ${nameOf(event)} is`}
          title="What is this?"
          onClick={onTeach}
        >
          <Icon name="taught" />
        </button>
      )}
    </li>
  );
}
