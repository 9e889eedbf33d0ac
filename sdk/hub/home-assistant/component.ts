import { slug } from './names.ts';

/** The device that entities belong to. */
export interface DeviceId {
  /** Unique: `ocellus_porch`, and of a camera `ocellus_porch:door`. No name of a node or a camera holds a colon. */
  readonly id: string;
  /** The start of its entities' ids: `porch_door`. */
  readonly prefix: string;
}

/** One entry of a discovery message. */
export interface Component {
  /** Its key in the message, unique in the device and the same for ever. */
  readonly key: string;
  /** Where a message would be too large, those of the highest rank are left out first. */
  readonly rank: number;
  readonly config: { readonly p: string; readonly [key: string]: unknown };
}

export type Entity = (
  platform: string,
  key: string,
  name: string,
  fields: Record<string, unknown>,
  rank?: number,
) => Component;

/**
 * Makes the entities of a device.
 *
 * @example
 * const entity = entitiesOf({ id: 'ocellus_porch:door', prefix: 'porch_door' });
 * entity('binary_sensor', 'motion', 'Motion', { stat_t: topics.motion, dev_cla: 'motion' });
 */
export function entitiesOf(device: DeviceId): Entity {
  return (platform, key, name, fields, rank = 0) => ({
    key,
    rank,
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
