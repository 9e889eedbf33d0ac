import { pictureOf } from '../api.ts';
import { colourOf } from '../colours.ts';
import { ago } from '../format.ts';
import { useTick } from '../parts/use-now.ts';
import { nameOf, nowOf, stayOf } from './event-words.ts';
import type { HeardEvent } from './merge.ts';

/** An event in a list of a side panel. */
export function EventLine({ event, showCamera, onOpen }: { event: HeardEvent; showCamera: boolean; onOpen(): void }) {
  const now = nowOf(event, useTick());
  const picture = pictureOf(event);
  const running = event.end_time === null;
  return (
    <li>
      <button
        type="button"
        class="event-line"
        onClick={onOpen}
        style={{ '--label': colourOf(event.sub_label ?? event.label) }}
      >
        <span class="event-thumb">{picture && <img src={picture} alt="" loading="lazy" />}</span>
        <span class="event-what">
          <strong>{nameOf(event)}</strong>
          <span class="muted">
            {showCamera && `${event.camera}, `}
            {running ? 'here for' : 'stayed'} {stayOf(event, now)}
          </span>
        </span>
        {running ? (
          <span class="badge is-running">now</span>
        ) : (
          <time class="muted">{ago(event.end_time ?? now, now)}</time>
        )}
      </button>
    </li>
  );
}
