import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NodeTopics } from '../../../../sdk/hub/contract/topics.ts';
import { cameraComponents, taughtComponents } from '../../../../sdk/hub/extensions/home-assistant/camera-components.ts';
import { type Component, toldApart } from '../../../../sdk/hub/extensions/home-assistant/component.ts';
import { deviceNames } from '../../../../sdk/hub/extensions/home-assistant/names.ts';
import { nodeComponents } from '../../../../sdk/hub/extensions/home-assistant/node-components.ts';
import { FakeCamera } from '../../../support/hub.ts';

const topics = new NodeTopics('ocellus', 'a');
const cameras = ['door', 'd-oor', 'd_oor', 'door_', 'motion', 'memory', 'a', 'a_b', 'a-b', 'restart'];
/** Called as one another, as an entity that each camera has, and as what tells others apart. */
const labels = [
  ...[
    'motion',
    'Motion',
    'person',
    'Person',
    'person count',
    'Person in yard',
    'person-in-yard',
    'yard',
    'Last person',
  ],
  ...['snapshot', 'status', 'Person as taught', 'person (person)', 'Person (Person)', 'a:b', 'a b', 'a_b', 'A-B', 'in'],
  ...['日本', '日 本', '?', '！', 'İ', 'i̇', 'straße', 'strasse', 'person, yard', 'x'.repeat(70), 'x'.repeat(71)],
];
const names = ['yard', 'y-ard', 'y_ard', 'motion', 'count', 'person', 'status', 'gate'];

const some = (from: string[], maxLength: number) => fc.uniqueArray(fc.constantFrom(...from), { maxLength });
const camera = fc.record({
  labels: some(labels, 5),
  zones: some(names, 2),
  lines: some(names, 2),
  taught: some(labels, 5),
  states: some(names, 3),
});
type Parts = typeof camera extends fc.Arbitrary<infer Value> ? Value : never;

function componentsOf(name: string, prefix: string, parts: Parts): Component[] {
  const fake = new FakeCamera(name, parts.labels);
  fake.counts.push(...parts.labels.flatMap((label) => parts.zones.map((zone) => ({ label, zone, count: 0 }))));
  const line = { from: [0, 0], to: [1, 1] } as { from: [number, number]; to: [number, number] };
  fake.settings = { ...fake.settings, lines: Object.fromEntries(parts.lines.map((one) => [one, line])) };
  const states = parts.states.map((head) => ({ head, labels: ['x', 'y'] }));
  const device = { id: `ocellus_a:${name}`, prefix };
  return [
    ...cameraComponents(device, fake, topics, true),
    ...taughtComponents(device, fake, topics, { labels: parts.taught, states }),
  ];
}

const doubled = (all: readonly string[]) => all.filter((one, i) => all.indexOf(one) !== i);

it('no two entities of a node share an id, and no two of a device a name, whatever people call things', () => {
  fc.assert(
    fc.property(some(cameras, 3), fc.array(camera, { minLength: 3, maxLength: 3 }), (called, parts) => {
      const taken = new Set<string>();
      const prefixes = deviceNames('a', called);
      const senses = { temperature: true, throttling: true, power: true };
      const devices = [
        toldApart(
          nodeComponents({ id: 'ocellus_a', prefix: 'a' }, topics, senses, {
            hasModelVersions: true,
            hasUpdates: true,
          }),
          taken,
        ),
        ...called.map((name, i) => toldApart(componentsOf(name, prefixes.get(name)!.prefix, parts[i]!), taken)),
      ];
      for (const device of devices) {
        expect(doubled(device.map(({ key }) => key))).toEqual([]);
        // Of an entity its name; of a trigger what it says.
        const shown = device.map(({ config: { p, name, type, stype } }) => JSON.stringify([name ?? p, type, stype]));
        expect(doubled(shown)).toEqual([]);
      }
      const of = (field: string) => devices.flat().flatMap(({ config }) => (config[field] as string | undefined) ?? []);
      expect(doubled(of('uniq_id'))).toEqual([]);
      expect(doubled(of('def_ent_id'))).toEqual([]);
      for (const id of of('def_ent_id')) expect(id).toMatch(/^[a-z_]+\.[a-z0-9]+(_[a-z0-9]+)*$/);
    }),
    { numRuns: 500 },
  );
});

it('a label and a state of the view with one name say which of them they are', () => {
  const taken = new Set<string>();
  const parts = { labels: ['person'], zones: [], lines: [], taught: [], states: ['person'] };
  const told = toldApart(componentsOf('door', 'a_door', parts), taken);
  const name = (key: string) => told.find((one) => one.key === key)?.config.name;
  expect([name('occupied:person'), name('state:person')]).toEqual(['Person (person)', 'Person (person, state)']);
});
