import type { EventMessage } from '../../../vision/event.ts';
import type { HubContext } from '../extension.ts';
import type { HubCamera } from '../hub-node.ts';
import type { Listeners } from '../listeners.ts';

/**
 * Publishes triggers for automations: arrivals, departures, line crossings. Only while there is a connection, so that
 * no lamp goes on for someone who came while the broker was away; `events` has those.
 */
export function tellSightings(camera: HubCamera, context: HubContext, listeners: Listeners): void {
  const topics = context.topics.camera(camera.name);
  const tell = (topic: string, payload: string) => {
    if (!context.link) return;
    // In the order of events: the picture of whom it speaks is there before.
    context.put({ topic, payload: Buffer.from(payload), retain: false, kind: 'event' });
  };
  listeners.on(camera, 'event', (message) => {
    if (message.type === 'update') return;
    tell(topics.seen, JSON.stringify(sighting(message)));
    if (message.type === 'new') tell(topics.appeared(message.after.label), message.after.id);
  });
  listeners.on(camera, 'crossing', ({ line, direction }) => tell(topics.crossed(line), direction));
}

function sighting({ type, after }: EventMessage): object {
  return {
    event_type: type,
    id: after.id,
    label: after.label,
    sub_label: after.sub_label,
    score: after.top_score,
    zones: after.entered_zones,
    seconds: after.end_time === null ? null : Math.round((after.end_time - after.start_time) * 10) / 10,
    has_snapshot: after.has_snapshot,
  };
}
