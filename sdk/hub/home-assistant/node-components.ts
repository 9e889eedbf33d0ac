import type { NodeTopics } from '../topics.ts';
import { type Component, type DeviceId, entitiesOf, figure } from './component.ts';

/** The entities of a node itself. @param hasModelVersions Its model's versions are told on `model`. */
export function nodeComponents(device: DeviceId, topics: NodeTopics, hasModelVersions: boolean): Component[] {
  const entity = entitiesOf(device);
  const { stats } = topics;
  const components = [
    entity('sensor', 'temperature', 'Temperature', {
      ...figure(stats, 'temperature', { dev_cla: 'temperature', unit_of_meas: '°C', sug_dsp_prc: 1 }),
    }),
    entity('sensor', 'memory', 'Memory', {
      ...figure(stats, 'memory.residentMb', { dev_cla: 'data_size', unit_of_meas: 'MB', sug_dsp_prc: 0 }),
    }),
    entity('sensor', 'cpu', 'Processor use', {
      ...figure(stats, 'cpuPercent', { unit_of_meas: '%', sug_dsp_prc: 0, ic: 'mdi:cpu-64-bit' }),
    }),
    entity('sensor', 'outbox', 'Outbox depth', {
      ...figure(stats, 'mqtt.outbox.depth', { unit_of_meas: 'messages', ic: 'mdi:tray-full' }),
    }),
    entity('button', 'restart', 'Restart', {
      cmd_t: topics.request('restart'),
      pl_prs: '{}',
      dev_cla: 'restart',
      ent_cat: 'config',
    }),
  ];
  if (hasModelVersions) {
    components.push(entity('update', 'model', 'Model', { stat_t: topics.model, ent_cat: 'diagnostic' }));
  }
  return components;
}
