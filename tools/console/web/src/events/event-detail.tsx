import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, clipOf, eventFile, fetchEvent, pictureOf, removeEvents } from '../api.ts';
import { colourOf } from '../colours.ts';
import { capital, clock, dayInWords, dayOf, percent } from '../format.ts';
import { attempt } from '../parts/attempt.ts';
import { Confirm } from '../parts/confirm.tsx';
import { Facts } from '../parts/facts.tsx';
import { Icon } from '../parts/icons.tsx';
import { tell } from '../parts/toasts.tsx';
import { useBack } from '../parts/use-back.ts';
import { useTick } from '../parts/use-now.ts';
import { store, useStore } from '../store.ts';
import { TeachSheet } from '../teach/teach-sheet.tsx';
import { useTeachable } from '../teach/use-teachable.ts';
import { nameOf, nowOf, stayOf } from './event-words.ts';
import type { HeardEvent } from './merge.ts';

/** Seconds of a clip that are played before its event. */
const leadSeconds = 2;

/** All that is known of an event, with its picture as large as possible. */
export function EventDetail({ event, onClose }: { event: HeardEvent; onClose(): void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const now = nowOf(event, useTick());
  const teachable = useTeachable(event.camera);
  const [teaching, setTeaching] = useState(false);
  const [removing, setRemoving] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  useBack(true, () => dialog.current?.close());
  const { id } = event;
  const isGone = useStore(({ removed }) => removed.has(id));
  const isConnected = useStore(({ connection }) => connection === 'open');
  const isOurs = useRef(false);
  useEffect(() => {
    // What was removed while a phone slept was not told.
    if (isConnected) {
      fetchEvent(id).catch((error) => {
        if (error instanceof ApiError && error.status === 404) store.receive({ type: 'removed', ids: [id] });
      });
    }
  }, [isConnected]);
  useEffect(() => {
    if (!isGone) return;
    if (!isOurs.current) tell('bad', 'This event is gone: it was deleted elsewhere, or newer ones needed its room.');
    onClose();
  }, [isGone]);
  const picture = pictureOf(event);
  const clip = clipOf(event);
  const [unplayed, setUnplayed] = useState(false);
  const isPlaced = useRef(false);
  const crossed = Object.entries(event.crossed_lines ?? {}).map(([line, direction]) => `${line} (${direction})`);
  const facts: [string, string][] = [
    ['Camera', event.camera],
    ['Day', dayInWords(dayOf(event.start_time), now)],
    ['Came', clock(event.start_time)],
    ['Left', event.end_time === null ? 'still here' : clock(event.end_time)],
    ['Stayed', stayOf(event, now)],
    ['Score', `${percent(event.score)}, at best ${percent(event.top_score)}`],
    ['Zones', event.entered_zones.join(', ') || 'none'],
    ...(crossed.length > 0 ? [['Lines', crossed.join(', ')] as [string, string]] : []),
    ['State', event.stationary ? 'at rest' : 'moving'],
    ['Id', event.id],
  ];
  return (
    <>
      <dialog
        ref={dialog}
        class="detail"
        aria-label={`Event: ${nameOf(event)}`}
        style={{ '--label': colourOf(event.sub_label ?? event.label) }}
        // A click beside it closes it, where the browser knows how.
        {...{ closedby: 'any' }}
        onClose={onClose}
      >
        <div class="detail-picture">
          {clip && !unplayed ? (
            // biome-ignore lint/a11y/useMediaCaption: it has no sound.
            <video
              controls
              playsInline
              preload="metadata"
              src={clip}
              poster={picture}
              aria-label={`${nameOf(event)}, clip`}
              // Until then its picture stays in front of it. Where somebody has sought already, it is played from there.
              onSeeking={() => {
                isPlaced.current = true;
              }}
              onPlay={({ currentTarget }) => {
                // Others may have it too, and it begins with the first of them.
                if (!isPlaced.current) currentTarget.currentTime = Math.max(0, event.clip_at - leadSeconds);
                isPlaced.current = true;
              }}
              onError={() => setUnplayed(true)}
            />
          ) : picture ? (
            <img src={picture} alt={`${nameOf(event)}, best view`} />
          ) : (
            <p>No picture is available.</p>
          )}
        </div>
        <div class="detail-text">
          <div class="detail-head">
            <h2>
              <span class="swatch" />
              {capital(nameOf(event))}
            </h2>
            <button type="button" class="icon-button" aria-label="Close" onClick={() => dialog.current?.close()}>
              <Icon name="close" />
            </button>
          </div>
          {clip && unplayed && (
            <p class="note">
              This browser does not play the clip: the camera may send H.265, or the clip is no longer kept. Download
              it, or set the camera to H.264.
            </p>
          )}
          <Facts facts={facts} />
          <div class="detail-actions">
            {teachable && (
              <button type="button" class="button" onClick={() => setTeaching(true)}>
                <Icon name="taught" />
                Teach what this is
              </button>
            )}
            {picture && (
              <a class="button" href={picture} download={`${event.id}.jpg`}>
                <Icon name="download" />
                Picture
              </a>
            )}
            {clip && (
              <a class="button" href={clip} download={`${event.id}.mp4`}>
                <Icon name="download" />
                Clip
              </a>
            )}
            <a class="button" href={eventFile(event)} download={`${event.id}.json`}>
              <Icon name="download" />
              JSON
            </a>
            <button type="button" class="button is-danger" onClick={() => setRemoving(true)}>
              <Icon name="trash" />
              Delete…
            </button>
          </div>
        </div>
      </dialog>
      {removing && (
        <Confirm
          title="Delete this event?"
          action="Delete"
          onYes={() =>
            attempt(async () => {
              isOurs.current = true;
              try {
                await removeEvents({ id });
              } catch (error) {
                isOurs.current = false;
                throw error;
              }
              onClose();
              return 'The event is deleted.';
            })
          }
          onClose={() => setRemoving(false)}
        >
          It, its picture and its clip are removed from this board. This cannot be undone.
        </Confirm>
      )}
      {teaching && (
        <TeachSheet
          of={{ camera: event.camera, event: event.id, name: nameOf(event) }}
          onClose={() => setTeaching(false)}
        />
      )}
    </>
  );
}
