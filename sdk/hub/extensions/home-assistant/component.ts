import { keyOf, slug } from './names.ts';

/** The device that entities belong to. */
export interface DeviceId {
  /** Unique: `ocellus_porch`, and of a camera `ocellus_porch:door`. No name of a node or a camera holds a colon. */
  readonly id: string;
  /** The start of its entities' ids: `porch_door`. */
  readonly prefix: string;
}

/** One entry of a discovery message. */
export interface Component {
  /** Its key in the message, unique in the device, which must never change. */
  readonly key: string;
  /** Where a message would be too large, those of the highest rank are left out first. */
  readonly rank: number;
  /** The name in the settings, the model or the ledger that it is made of, as it stands there; undefined: of none. */
  readonly raw?: string | undefined;
  /** Never changed once it is made: its JSON is kept. */
  readonly config: { readonly p: string; readonly [key: string]: unknown };
}

export type Entity = (
  platform: string,
  key: string,
  name: string,
  fields: Record<string, unknown>,
  rank?: number,
  raw?: string,
) => Component;

/**
 * Makes the entities of a device.
 *
 * @example
 * const entity = entitiesOf({ id: 'ocellus_porch:door', prefix: 'porch_door' });
 * entity('binary_sensor', 'motion', 'Motion', { stat_t: topics.motion, dev_cla: 'motion' });
 */
export function entitiesOf(device: DeviceId): Entity {
  return (platform, key, name, fields, rank = 0, raw) => ({
    key,
    rank,
    raw,
    config: {
      p: platform,
      uniq_id: `${device.id}:${key}`,
      def_ent_id: `${platform}.${slug(`${device.prefix}_${name}`)}`,
      name,
      ...fields,
    },
  });
}

/** Figures from the node's statistics, which it tells every ten seconds. */
export const figure = (topic: string, template: string, fields: Record<string, unknown>) => ({
  stat_t: topic,
  val_tpl: `{{ value_json.${template} }}`,
  stat_cla: 'measurement',
  ent_cat: 'diagnostic',
  ...fields,
});

/**
 * Gives components of a device names and ids that differ where they would be the same: names that differ only in `-` and
 * `_`, in lower-case letters and large ones, or that are called as an entity that each camera has. The name as it stands in the
 * settings comes behind it. One that is the same as no other keeps what it has, and so does the id of one that is written
 * in lower-case letters, digits and `_`.
 *
 * @param taken Ids of the node's other devices; those of this one are added.
 */
export function toldApart(components: readonly Component[], taken: Set<string>): Component[] {
  const shownAs = new Map(components.map((component) => [component, shown(component)]));
  const counts = new Map<string, number>();
  for (const text of shownAs.values()) counts.set(text, (counts.get(text) ?? 0) + 1);
  const isPlain = ({ raw = '' }: Component) => /^[a-z0-9_, ]*$/.test(raw);
  const ids = new Map<Component, string>();
  for (const component of [...components.filter(isPlain), ...components.filter((one) => !isPlain(one))]) {
    const id = idOf(component);
    if (id === undefined) continue;
    const free = freeId(id, component.raw, taken);
    taken.add(free);
    ids.set(component, free);
  }
  const keepsName = (component: Component) => component.raw === undefined || counts.get(shownAs.get(component)!) === 1;
  const names = new Set(components.filter(keepsName).map(exactly));
  return components.map((component) => {
    const id = ids.get(component);
    const isSame = id === undefined || id === idOf(component);
    const own = isSame ? component : { ...component, config: { ...component.config, def_ent_id: id } };
    const told = keepsName(component) ? own : inFull(own, names);
    names.add(exactly(told));
    return told;
  });
}

/** With the name as it stands in the settings; where a label and a state of the view have the same one, what it is too. */
function inFull(component: Component, names: ReadonlySet<string>): Component {
  const { config, raw } = component;
  const field = 'stype' in config ? 'stype' : 'name';
  const called = (what: string) => ({ ...component, config: { ...config, [field]: `${config[field]} (${what})` } });
  const kind = `${raw}, ${kindOf(component)}`;
  let told = called(raw!);
  for (let i = 1; names.has(exactly(told)); i++) told = called(i === 1 ? kind : `${kind} ${i}`);
  return told;
}

/** What a person sees of it: the name of an entity, or what a trigger says. */
const exactly = ({ config: { name, type, stype } }: Component): string =>
  typeof name === 'string' ? name : JSON.stringify([type, stype]);

const shown = (component: Component): string => exactly(component).toLowerCase();

/** In words: `state`, `taught count`. */
const kindOf = ({ key }: Component): string => key.split(':', 1)[0]!.replaceAll('_', ' ');

const idOf = ({ config }: Component) => (typeof config.def_ent_id === 'string' ? config.def_ent_id : undefined);

function freeId(id: string, raw: string | undefined, taken: ReadonlySet<string>): string {
  if (!taken.has(id)) return id;
  // Of `_` and the like nothing is left, and no id may end with it.
  const more = raw === undefined ? '' : slug(keyOf(raw));
  const own = more === '' ? id : `${id}_${more}`;
  let free = own;
  for (let i = 2; taken.has(free); i++) free = `${own}_${i}`;
  return free;
}
