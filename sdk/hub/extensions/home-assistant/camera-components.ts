import { unsure } from '../../../learn/ledger/example.ts';
import { type CameraTopics, labelLevel, type NodeTopics } from '../../contract/topics.ts';
import type { HubCamera } from '../hub-node.ts';
import type { Taught } from '../learning/taught.ts';
import { type Component, type DeviceId, type Entity, entitiesOf, figure } from './component.ts';
import { inWords, keyOf, labelKey, title } from './names.ts';

/** Rank: what is left out first where a message would be too large. */
const rank = { base: 0, occupied: 1, count: 2, picture: 3, zone: 4 } as const;

/** The entities and triggers of a camera, but for what was taught. @param canLearn Something can be taught. */
export function cameraComponents(
  device: DeviceId,
  camera: HubCamera,
  topics: NodeTopics,
  canLearn: boolean,
): Component[] {
  const entity = entitiesOf(device);
  const mine = topics.camera(camera.name);
  // A camera that is off can still be set; what it sees is known only while it sees.
  const always = { avty: [{ t: topics.status }] };
  return [
    ...sights(entity, mine),
    ...settings(entity, mine, always, canLearn),
    ...buttons(entity, camera.name, topics, always),
    ...figures(entity, camera.name, topics.stats, mine.status, always),
    ...labels(entity, camera, mine, always),
    ...lines(camera, mine),
  ];
}

/** The entities of a camera for what was taught. */
export function taughtComponents(device: DeviceId, camera: HubCamera, topics: NodeTopics, taught: Taught): Component[] {
  const entity = entitiesOf(device);
  const mine = topics.camera(camera.name);
  return [...taughtLabels(entity, taught, camera, mine), ...taughtStates(entity, taught, mine)];
}

type Always = { readonly avty: readonly object[] };

const sights = (entity: Entity, topics: CameraTopics): Component[] => [
  entity('binary_sensor', 'motion', 'Motion', { stat_t: topics.motion, dev_cla: 'motion' }),
  entity('event', 'sighting', 'Sighting', { stat_t: topics.seen, evt_typ: ['new', 'end'], ic: 'mdi:eye' }),
];

function settings(entity: Entity, topics: CameraTopics, always: Always, canLearn: boolean): Component[] {
  const topicsOf = (setting: string) => ({ stat_t: topics.state(setting), cmd_t: topics.set(setting), ...always });
  const onOff = (setting: string, name: string, fields: object) =>
    entity('switch', `set:${setting}`, name, { ...topicsOf(setting), ...fields });
  const fraction = (setting: string, name: string, icon: string) =>
    entity('number', `set:${setting}`, name, {
      ...topicsOf(setting),
      min: 0,
      max: 1,
      step: 0.01,
      mode: 'slider',
      ic: icon,
      ent_cat: 'config',
    });
  return [
    onOff('enabled', 'Enabled', { ic: 'mdi:cctv' }),
    onOff('detect', 'Detection', { ic: 'mdi:account-search' }),
    onOff('motion_gate', 'Motion gate', { ic: 'mdi:motion-sensor', ent_cat: 'config' }),
    onOff('snapshots', 'Snapshots', { ic: 'mdi:image-multiple', ent_cat: 'config' }),
    ...(canLearn ? [onOff('learn', 'Learning', { ic: 'mdi:school', ent_cat: 'config' })] : []),
    fraction('threshold', 'Threshold', 'mdi:tune'),
    fraction('motion_sensitivity', 'Motion sensitivity', 'mdi:tune-vertical'),
  ];
}

function buttons(entity: Entity, camera: string, topics: NodeTopics, always: Always): Component[] {
  const press = (verb: string) => ({ cmd_t: topics.request(verb), pl_prs: JSON.stringify({ camera }), ...always });
  return [
    entity('button', 'press:snapshot', 'Take snapshot', { ...press('snapshot'), ic: 'mdi:camera' }),
    entity('button', 'press:restart', 'Restart', { ...press('restart'), dev_cla: 'restart', ent_cat: 'config' }),
    entity('image', 'view', 'Snapshot', { img_t: topics.camera(camera).view, cont_type: 'image/jpeg', ...always }),
  ];
}

function figures(entity: Entity, camera: string, stats: string, status: string, always: Always): Component[] {
  const from = (path: string, fields: object) => ({
    ...figure(stats, `cameras['${camera}'].${path}`, { ...fields }),
    ...always,
  });
  return [
    entity('sensor', 'status', 'Status', {
      stat_t: status,
      dev_cla: 'enum',
      ops: ['online', 'offline', 'disabled'],
      ent_cat: 'diagnostic',
      ...always,
    }),
    entity('sensor', 'infer', 'Inference time', {
      ...from('times.infer', { dev_cla: 'duration', unit_of_meas: 'ms', sug_dsp_prc: 1 }),
    }),
    entity('sensor', 'fps', 'Frame rate', {
      ...from('fps.in', { unit_of_meas: 'fps', sug_dsp_prc: 1, ic: 'mdi:filmstrip' }),
    }),
    entity('sensor', 'dropped', 'Dropped frames', {
      ...from('frames.dropped', { stat_cla: 'total_increasing', unit_of_meas: 'frames', ic: 'mdi:filmstrip-off' }),
    }),
  ];
}

function labels(entity: Entity, camera: HubCamera, topics: CameraTopics, always: Always): Component[] {
  const components = new Map<string, Component>();
  // Labels that share their topics share their entities too: the first one gives the name.
  const add = (component: Component) => components.has(component.key) || components.set(component.key, component);
  for (const { label, zone } of camera.counts) {
    const key = zone === undefined ? labelKey(label) : `${labelKey(label)}:${keyOf(zone)}`;
    const where = zone === undefined ? '' : ` in ${inWords(zone)}`;
    const name = title(label);
    const raw = zone === undefined ? label : `${label}, ${zone}`;
    const [occupied, count] = zone === undefined ? [rank.occupied, rank.count] : [rank.zone, rank.zone];
    add(
      entity(
        'binary_sensor',
        `occupied:${key}`,
        `${name}${where}`,
        { stat_t: topics.occupied(label, zone), dev_cla: 'occupancy' },
        occupied,
        raw,
      ),
    );
    add(
      entity(
        'sensor',
        `count:${key}`,
        `${name} count${where}`,
        { stat_t: topics.count(label, zone), stat_cla: 'measurement', sug_dsp_prc: 0, ic: 'mdi:counter' },
        count,
        raw,
      ),
    );
    if (zone !== undefined) continue;
    add(
      entity(
        'image',
        `snapshot:${key}`,
        `Last ${inWords(labelLevel(label))}`,
        { img_t: topics.snapshot(label), cont_type: 'image/jpeg', ...always },
        rank.picture,
        raw,
      ),
    );
    add(trigger(`appeared:${key}`, topics.appeared(label), 'appeared', label));
  }
  return [...components.values()];
}

/** What objects are called that were taught. One that is called as what the model knows is told apart by its name. */
function taughtLabels(entity: Entity, { labels }: Taught, camera: HubCamera, topics: CameraTopics): Component[] {
  const shown = (label: string) => title(label).toLocaleLowerCase('en');
  const watched = new Set(camera.counts.map(({ label }) => shown(label)));
  const components = new Map<string, Component>();
  for (const label of labels) {
    const key = labelKey(label);
    // Labels that share their topics share their entities too: the first one gives the name.
    if (components.has(`taught:${key}`)) continue;
    const name = watched.has(shown(label)) ? `${title(label)} as taught` : title(label);
    const own = [
      entity(
        'binary_sensor',
        `taught:${key}`,
        name,
        { stat_t: topics.taughtOccupied(label), dev_cla: 'occupancy' },
        rank.occupied,
        label,
      ),
      entity(
        'sensor',
        `taught_count:${key}`,
        `${name} count`,
        { stat_t: topics.taughtCount(label), stat_cla: 'measurement', sug_dsp_prc: 0, ic: 'mdi:counter' },
        rank.count,
        label,
      ),
    ];
    for (const component of own) components.set(component.key, component);
  }
  return [...components.values()];
}

const taughtStates = (entity: Entity, { states }: Taught, topics: CameraTopics): Component[] =>
  states.map(({ head, labels }) =>
    entity(
      'sensor',
      `state:${keyOf(head)}`,
      title(head),
      { stat_t: topics.classification(head), dev_cla: 'enum', ops: [...labels, unsure], ic: 'mdi:image-search' },
      rank.base,
      head,
    ),
  );

function lines(camera: HubCamera, topics: CameraTopics): Component[] {
  return Object.keys(camera.settings.lines).flatMap((line) =>
    (['in', 'out'] as const).map((direction) =>
      trigger(`crossed:${keyOf(line)}:${direction}`, topics.crossed(line), `crossed ${direction}`, line, direction),
    ),
  );
}

/** Shown as `"Person" appeared` where an automation is made. */
function trigger(key: string, topic: string, type: string, raw: string, payload?: string): Component {
  const config = { p: 'device_automation', atype: 'trigger', t: topic, type, stype: title(raw) };
  return { key, rank: rank.picture, raw, config: payload === undefined ? config : { ...config, pl: payload } };
}
