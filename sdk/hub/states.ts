import { settingTopics } from './camera-settings.ts';
import type { HubCamera } from './source.ts';
import type { CameraTopics } from './topics.ts';

/**
 * What the retained topics of a camera should say now.
 *
 * `known` is false while the pipeline has no counts yet (its model is being loaded): then its labels are not known,
 * and what was retained for them is neither right nor wrong. A topic without a value is kept as it is: a snapshot.
 */
export interface CameraStates {
  readonly known: boolean;
  readonly topics: ReadonlyMap<string, string | undefined>;
}

export function cameraStates(camera: HubCamera, topics: CameraTopics): CameraStates {
  const states = new Map<string, string | undefined>();
  states.set(topics.status, camera.status);
  states.set(topics.motion, onOff(camera.moving));
  for (const setting of settingTopics.values()) states.set(topics.state(setting.name), setting.format(camera.settings));
  const { counts } = camera;
  for (const { label, zone, count } of counts) {
    // Labels of a model that differ only in characters a topic does not take (`a b`, `a_b`) share their topics.
    const total = count + Number(states.get(topics.count(label, zone)) ?? 0);
    states.set(topics.count(label, zone), String(total));
    states.set(topics.occupied(label, zone), onOff(total > 0));
    if (zone === undefined) states.set(topics.snapshot(label), undefined);
  }
  return { known: counts.length > 0, topics: states };
}

const onOff = (on: boolean) => (on ? 'ON' : 'OFF');
