import type { Extension, HubContext } from '../extension.ts';
import type { HubCamera } from '../hub-node.ts';
import { Listeners } from '../listeners.ts';
import { LastSnapshots } from './last-snapshots.ts';

/** Publishes what the cameras see: events, their snapshots, and crossings. */
export class CameraEvents implements Extension {
  readonly #listeners = new Listeners();
  readonly #last = new LastSnapshots();
  #context: HubContext | undefined;

  start(context: HubContext): void {
    this.#context = context;
    for (const camera of context.node.pipelines.values()) this.#listen(camera, context);
  }

  stop(): void {
    this.#listeners.removeAll();
    this.#context = undefined;
  }

  /** A broker that forgot everything gets the pictures again. */
  scanned(found: ReadonlyMap<string, Buffer>): void {
    for (const camera of this.#context?.node.pipelines.values() ?? []) {
      for (const { label, zone } of camera.counts) {
        const topic = this.#context!.topics.camera(camera.name).snapshot(label);
        if (zone === undefined && !found.has(topic)) this.#tellSnapshot(topic, this.#last.get(topic));
      }
    }
  }

  #tellSnapshot(topic: string, jpeg: Buffer | undefined): void {
    if (!jpeg) return;
    this.#context?.retained.note(topic);
    this.#context?.put({ topic, payload: jpeg, retain: true, kind: 'event' });
  }

  #listen(camera: HubCamera, context: HubContext): void {
    const topics = context.topics.camera(camera.name);
    const tell = (topic: string, value: unknown) =>
      context.put({ topic, payload: Buffer.from(JSON.stringify(value)), retain: false, kind: 'event' });
    this.#listeners.on(camera, 'snapshot', ({ label, jpeg }) => {
      const topic = topics.snapshot(label);
      this.#last.set(topic, jpeg);
      this.#tellSnapshot(topic, jpeg);
    });
    this.#listeners.on(camera, 'event', (message) => tell(topics.events, message));
    this.#listeners.on(camera, 'crossing', ({ line, label, direction, total, trackId, time }) =>
      tell(topics.crossing(line), { label, direction, total, track: trackId, time }),
    );
  }
}
