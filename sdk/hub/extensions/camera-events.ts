import type { Extension, HubContext } from '../extension.ts';
import { Listeners } from '../listeners.ts';
import type { HubCamera } from '../source.ts';

/** Tells what happens before the cameras: events, the snapshots they speak of, and crossings. */
export class CameraEvents implements Extension {
  readonly #listeners = new Listeners();

  start(context: HubContext): void {
    for (const camera of context.node.pipelines.values()) this.#listen(camera, context);
  }

  stop(): void {
    this.#listeners.removeAll();
  }

  #listen(camera: HubCamera, context: HubContext): void {
    const topics = context.topics.camera(camera.name);
    const tell = (topic: string, value: unknown) =>
      context.put({ topic, payload: Buffer.from(JSON.stringify(value)), retain: false, kind: 'event' });
    this.#listeners.on(camera, 'snapshot', ({ label, jpeg }) => {
      const topic = topics.snapshot(label);
      context.retained.note(topic);
      context.put({ topic, payload: jpeg, retain: true, kind: 'event' });
    });
    this.#listeners.on(camera, 'event', (message) => tell(topics.events, message));
    this.#listeners.on(camera, 'crossing', ({ line, label, direction, total, trackId }) =>
      tell(topics.crossing(line), { label, direction, total, track: trackId }),
    );
  }
}
