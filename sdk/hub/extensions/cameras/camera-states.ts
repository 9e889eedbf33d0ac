import { reservedCameraNames } from '../../../config/schema.ts';
import { settingTopics } from '../../contract/camera-settings.ts';
import type { CameraTopics } from '../../contract/topics.ts';
import type { RetainedSource } from '../../retained/retained-topics.ts';
import type { Extension, HubContext } from '../extension.ts';
import type { HubCamera } from '../hub-node.ts';
import { Listeners } from '../listeners.ts';
import { hasNoDetector } from '../no-detector.ts';

/** Keeps the retained topics of the cameras right: status, motion, settings, counts. */
export class CameraStates implements Extension {
  readonly #listeners = new Listeners();
  #states: RetainedSource | undefined;

  get states(): RetainedSource | undefined {
    return this.#states;
  }

  start({ node, topics, retained }: HubContext): void {
    const cameras = [...node.pipelines.values()];
    this.#states = {
      filters: topics.retained,
      wanted: () => new Map(cameras.flatMap((camera) => [...cameraStates(camera, topics.camera(camera.name))])),
      isStale: (topic) => {
        const name = topics.cameraOf(topic);
        if (name === undefined || reservedCameraNames.includes(name)) return false;
        // Before its model is known, a camera's labels are neither right nor wrong.
        const camera = node.pipelines.get(name);
        if (camera === undefined) return true;
        return (camera.counts.length > 0 || hasNoDetector(node)) && !topics.isLearned(topic);
      },
    };
    const update = () => retained.update();
    for (const camera of cameras) {
      for (const name of ['status', 'motion', 'count', 'settings'] as const) this.#listeners.on(camera, name, update);
      let known = false;
      this.#listeners.on(camera, 'frame', () => {
        // The counts of a camera are known once its model is, and nothing else says so when all of them are 0.
        if (known || camera.counts.length === 0) return;
        known = true;
        update();
      });
    }
    this.#listeners.on(node, 'stats', update);
  }

  stop(): void {
    this.#listeners.removeAll();
  }
}

/** What the retained topics of a camera should say now. One without a value is kept as it is: a picture. */
export function cameraStates(camera: HubCamera, topics: CameraTopics): ReadonlyMap<string, string | undefined> {
  const states = new Map<string, string | undefined>();
  states.set(topics.status, camera.status);
  states.set(topics.motion, onOff(camera.moving));
  states.set(topics.view, undefined);
  for (const setting of settingTopics.values()) states.set(topics.state(setting.name), setting.format(camera.settings));
  for (const { label, zone, count } of camera.counts) {
    // Labels of a model that differ only in characters a topic does not take (`a b`, `a_b`) share their topics.
    const topic = topics.count(label, zone);
    const total = count + Number(states.get(topic) ?? 0);
    states.set(topic, String(total));
    states.set(topics.occupied(label, zone), onOff(total > 0));
    if (zone === undefined) states.set(topics.snapshot(label), undefined);
  }
  return states;
}

const onOff = (on: boolean) => (on ? 'ON' : 'OFF');
