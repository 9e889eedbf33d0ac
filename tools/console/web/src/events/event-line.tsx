import type { RecentEvent } from '../../../protocol.ts';
import { pictureOf } from '../api.ts';
import { colourOf } from '../colours.ts';
import { ago } from '../format.ts';
import { useNow } from '../parts/use-now.ts';
import { nameOf, stayOf } from './event-words.ts';

/** An event in a list of a side panel. */
export function EventLine({ event, showCamera, onOpen }: { event: RecentEvent; showCamera: boolean; onOpen(): void }) {
  const now = useNow();
  const picture = pictureOf(event);
  const running = event.end_time === null;
  return (
    <li>
      <button type="button" class="event-line" onClick={onOpen} style={{ '--label': colourOf(event.label) }}>
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
