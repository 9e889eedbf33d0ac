import { describe, expect, it } from 'vitest';
import { breaches, isUpdateState } from './rules.ts';

// biome-ignore lint/suspicious/noExplicitAny: a mutation may put anything anywhere
type Anything = any;

const topic = 'homeassistant/device/ocellus_porch/door/config';
const right = () => ({
  dev: { ids: ['a'], name: 'Door', cu: 'http://192.168.1.2:8420/' },
  o: { name: 'Ocellus', sw: '1', url: 'https://example.org/' },
  avty: [{ t: 'x/status' }],
  avty_mode: 'all',
  cmps: {
    person: { p: 'binary_sensor', uniq_id: 'p', name: 'Person', stat_t: 'x/p', dev_cla: 'occupancy', ic: 'mdi:eye' },
    heat: { p: 'sensor', uniq_id: 'h', name: 'Heat', stat_t: 'x/h', dev_cla: 'temperature', unit_of_meas: '°C' },
    level: { p: 'number', uniq_id: 'n', name: 'Level', cmd_t: 'x/n', min: 0, max: 1, step: 0.01 },
    what: { p: 'event', uniq_id: 'e', name: 'What', stat_t: 'x/e', evt_typ: ['new'] },
    came: { p: 'device_automation', atype: 'trigger', t: 'x/t', type: 'appeared', stype: 'Person' },
    gone: { p: 'sensor' },
  },
});

describe('the rules of Home Assistant', () => {
  it('take what is right', () => {
    expect(breaches(topic, JSON.stringify(right()))).toEqual([]);
  });

  it.each<[string, (message: Anything) => void, RegExp]>([
    ['no o', (m) => delete m.o, /origin is missing/],
    ['no o.name', (m) => delete m.o.name, /origin.name/],
    ['an unknown key in o', (m) => (m.o.x = 1), /origin: unknown key x/],
    ['o.url that is none', (m) => (m.o.url = 'here'), /support_url/],
    ['no dev', (m) => delete m.dev, /device is missing/],
    ['no ids', (m) => delete m.dev.ids, /identifiers/],
    ['no p', (m) => delete m.cmps.person.p, /platform is missing/],
    ['an unknown p', (m) => (m.cmps.person.p = 'thing'), /unknown platform/],
    ['no uniq_id', (m) => delete m.cmps.person.uniq_id, /unique_id is missing/],
    ['an unknown key at the root', (m) => (m.x = 1), /root: unknown key x/],
    ['~ at the root', (m) => (m['~'] = 'x'), /root: unknown key ~/],
    ['an unknown key in dev', (m) => (m.dev.x = 1), /device: unknown key x/],
    ['avty beside avty_t', (m) => (m.avty_t = 'x/status'), /beside availability_topic/],
    ['avty_t in a component', (m) => (m.cmps.person.avty_t = 'x/y'), /person: availability beside/],
    ['an unknown mode', (m) => (m.avty_mode = 'each'), /availability_mode/],
    ['availability without a topic', (m) => (m.avty = [{}]), /availability: no topic/],
    ['a camera’s status as it comes', (m) => (m.avty = [{ t: 'o/porch/door/status' }]), /more than two states/],
    ['cu that is no URL', (m) => (m.dev.cu = 'porch:8420'), /configuration_url/],
    ['cmps as a list', (m) => (m.cmps = [m.cmps.person]), /not a map/],
    ['a device class that does not exist', (m) => (m.cmps.person.dev_cla = 'person'), /device_class/],
    ['a device class of another platform', (m) => (m.cmps.person.dev_cla = 'temperature'), /device_class/],
    ['a unit of another class', (m) => (m.cmps.heat.unit_of_meas = '%'), /unit %/],
    ['a unit that is missing', (m) => delete m.cmps.heat.unit_of_meas, /unit undefined/],
    ['a state class that does not exist', (m) => (m.cmps.heat.stat_cla = 'count'), /state_class/],
    ['options without enum', (m) => (m.cmps.heat.ops = ['a']), /for an enum/],
    ['a precision below 0', (m) => (m.cmps.heat.sug_dsp_prc = -1), /precision/],
    ['a category that does not exist', (m) => (m.cmps.person.ent_cat = 'system'), /entity_category/],
    ['a sensor of the category config', (m) => (m.cmps.heat.ent_cat = 'config'), /heat: what only reads/],
    ['an icon without its set', (m) => (m.cmps.person.ic = 'eye'), /icon eye/],
    ['a unique id twice', (m) => (m.cmps.heat.uniq_id = 'p'), /used twice/],
    ['a wildcard in a command topic', (m) => (m.cmps.level.cmd_t = 'x/+/set'), /wildcard/],
    ['a wildcard in a state topic', (m) => (m.cmps.heat.stat_t = 'x/#'), /wildcard/],
    ['an empty topic', (m) => (m.cmps.heat.stat_t = ''), /no topic/],
    ['no state topic', (m) => delete m.cmps.person.stat_t, /state_topic is missing/],
    ['an unknown key in a component', (m) => (m.cmps.person.stat_topic = 'x'), /unknown key stat_topic/],
    ['object_id', (m) => (m.cmps.person.obj_id = 'x'), /object_id is gone/],
    ['an entity id of another platform', (m) => (m.cmps.person.def_ent_id = 'sensor.x'), /default_entity_id/],
    ['an entity id that is none', (m) => (m.cmps.person.def_ent_id = 'binary_sensor.Door__x'), /default_entity_id/],
    ['no min and max of a share', (m) => (m.cmps.level = { ...m.cmps.level, max: 0 }), /not below max/],
    ['a step that is too long', (m) => (m.cmps.level.step = 2), /step/],
    ['no event types', (m) => delete m.cmps.what.evt_typ, /event_types/],
    ['a template that does not close', (m) => (m.cmps.heat.val_tpl = '{{ value_json.x }'), /not a template/],
    ['a template with a loose quote', (m) => (m.cmps.heat.val_tpl = "{{ value_json['x] }}"), /not a template/],
    ['a trigger without its subtype', (m) => delete m.cmps.came.stype, /subtype is missing/],
    ['a retained command', (m) => (m.cmps.level.ret = true), /retained/],
    ['a key with a space', (m) => (m.cmps['a b'] = { ...m.cmps.person, uniq_id: 'z' }), /space/],
  ])('see %s', (_, mutate, reason) => {
    const message = right();
    mutate(message);
    expect(breaches(topic, JSON.stringify(message)).join('\n')).toMatch(reason);
  });

  it('see a topic or a payload that is none, and an id of another device', () => {
    const text = JSON.stringify(right());
    expect(breaches('homeassistant/device/a b/config', text)).toHaveLength(1);
    expect(breaches(topic, '{')).toEqual(['not JSON']);
    expect(breaches(topic, text, new Set(['p']))).toEqual(['person: unique_id p is used twice']);
  });

  it('take the state of an update as strict JSON with known keys only', () => {
    expect(isUpdateState('{"installed_version":"1.0.0","latest_version":"1.1.0"}')).toBe(true);
    for (const wrong of [
      '1.0.0',
      '{"installed_version":"1","x":1}',
      '{"installed_version":"1","release_url":null}',
      "{'installed_version':'1'}",
      '[]',
    ]) {
      expect(isUpdateState(wrong), wrong).toBe(false);
    }
  });
});
