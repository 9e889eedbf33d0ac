import type { BoardSenses } from '../../../../devices/index.ts';
import { isDiskCounted } from '../../../pipeline/disk-meter.ts';
import type { NodeTopics } from '../../contract/topics.ts';
import { type Component, type DeviceId, type Entity, entitiesOf, figure } from './component.ts';

/**
 * The entities of a node itself.
 *
 * @param senses Figures that its board does not report have no entity, which would always be unknown.
 * @param told.hasModelVersions Its model's versions are told on `model`.
 * @param told.hasUpdates Those of all of it are told on `update`, and one is installed by `request/update`.
 */
export function nodeComponents(
  device: DeviceId,
  topics: NodeTopics,
  senses: BoardSenses,
  { hasModelVersions, hasUpdates }: { hasModelVersions: boolean; hasUpdates: boolean },
): Component[] {
  const entity = entitiesOf(device);
  const { stats } = topics;
  const components = [
    ...boardComponents(entity, stats, senses),
    entity('sensor', 'memory', 'Memory', {
      ...figure(stats, 'memory.resident_mb', { dev_cla: 'data_size', unit_of_meas: 'MB', sug_dsp_prc: 0 }),
    }),
    entity('sensor', 'cpu', 'Processor use', {
      ...figure(stats, 'cpu_percent', { unit_of_meas: '%', sug_dsp_prc: 0, ic: 'mdi:cpu-64-bit' }),
    }),
    entity('sensor', 'outbox', 'Outbox depth', {
      ...figure(stats, 'mqtt.outbox.depth', { unit_of_meas: 'messages', ic: 'mdi:tray-full' }),
    }),
    ...(isDiskCounted() ? diskComponents(entity, stats) : []),
    entity('button', 'restart', 'Restart', {
      cmd_t: topics.request('restart'),
      pl_prs: '{}',
      dev_cla: 'restart',
      ent_cat: 'config',
    }),
  ];
  if (hasUpdates) {
    components.push(
      entity('update', 'system', 'System', {
        stat_t: topics.update,
        cmd_t: topics.request('update'),
        pl_inst: '{}',
        dev_cla: 'firmware',
        ent_cat: 'config',
      }),
    );
  }
  if (hasModelVersions) {
    components.push(entity('update', 'model', 'Model', { stat_t: topics.model, ent_cat: 'diagnostic' }));
  }
  return components;
}

const diskComponents = (entity: Entity, stats: string): Component[] => [
  entity('sensor', 'written', 'Written in 24 hours', {
    ...figure(stats, 'disk.last_day if value_json.disk else None', {
      dev_cla: 'data_size',
      unit_of_meas: 'B',
      sug_dsp_prc: 0,
    }),
  }),
  entity('sensor', 'card_life', 'Card life', {
    ...figure(stats, 'disk.years_left if value_json.disk else None', { unit_of_meas: 'years', ic: 'mdi:sd' }),
  }),
];

function boardComponents(entity: Entity, stats: string, { temperature, throttling, power }: BoardSenses): Component[] {
  const components: Component[] = [];
  if (temperature) {
    components.push(
      entity('sensor', 'temperature', 'Temperature', {
        ...figure(stats, 'temperature', { dev_cla: 'temperature', unit_of_meas: '°C', sug_dsp_prc: 1 }),
      }),
    );
  }
  if (throttling) {
    components.push(
      entity('binary_sensor', 'throttling', 'Throttling', {
        stat_t: stats,
        val_tpl: "{{ ('ON' if value_json.throttling.now else 'OFF') if value_json.throttling else None }}",
        dev_cla: 'problem',
        ent_cat: 'diagnostic',
      }),
    );
  }
  if (power) {
    components.push(
      entity('sensor', 'power', 'Power', {
        ...figure(stats, whileKnown('watts'), { dev_cla: 'power', unit_of_meas: 'W', sug_dsp_prc: 2 }),
      }),
      // Home Assistant's device class `energy` is for totals.
      entity('sensor', 'energy_per_inference', 'Energy per inference', {
        ...figure(stats, whileKnown('joules_per_inference'), {
          unit_of_meas: 'J',
          sug_dsp_prc: 2,
          ic: 'mdi:lightning-bolt',
        }),
      }),
    );
  }
  return components;
}

/** A sensor that cannot be read at the moment makes it null: unknown, not an error in Home Assistant's log. */
const whileKnown = (field: string) => `power.${field} if value_json.power else None`;
