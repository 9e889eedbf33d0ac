import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { LineSettings } from '../../../../sdk/config/schema.ts';
import type { Link } from '../../../../sdk/hub/connection/link.ts';
import { labelLevel } from '../../../../sdk/hub/contract/topics.ts';
import { CameraStates } from '../../../../sdk/hub/extensions/cameras/camera-states.ts';
import {
  HomeAssistant,
  type HomeAssistantOptions,
} from '../../../../sdk/hub/extensions/home-assistant/home-assistant.ts';
import { LearningStates } from '../../../../sdk/hub/extensions/learning/learning-states.ts';
import type { NodeLearning } from '../../../../sdk/learn/node-learning.ts';
import { isDiskCounted } from '../../../../sdk/pipeline/disk-meter.ts';
import { embeddings } from '../../../learn/fakes.ts';
import { temporaryFolder } from '../../../support/folders.ts';
import { eventMessage, FakeCamera, FakeContext, nodeStats } from '../../../support/hub.ts';
import { until } from '../../../support/until.ts';
import { ShownLearning } from '../../learning.ts';
import { FakeHomeAssistant } from './fake-home-assistant.ts';
import { breaches, isUpdateState } from './rules.ts';

const root = 'homeassistant/device/ocellus_porch';
const nodeTopic = `${root}/config`;
const doorTopic = `${root}/door/config`;
const line: LineSettings = { from: [0, 0], to: [1, 1] };
const running: HomeAssistant[] = [];

afterEach(() => {
  for (const extension of running.splice(0)) extension.stop();
  vi.useRealTimers();
});

/** One run of a hub; `left` is what the broker retains from the run before. */
class Run {
  readonly context: FakeContext;
  readonly extension: HomeAssistant;
  /** What the broker retains now. */
  readonly broker: Map<string, string>;
  readonly home: FakeHomeAssistant;
  readonly #nodeTopic: string;
  #seen = 0;

  constructor(
    cameras: FakeCamera[],
    { learning, ...options }: Partial<HomeAssistantOptions> & { learning?: NodeLearning } = {},
    before?: Run,
    node = 'porch',
  ) {
    this.context = new FakeContext(cameras, node);
    this.context.node.learning = learning;
    this.#nodeTopic = `homeassistant/device/ocellus_${node}/config`;
    this.broker = before?.broker ?? new Map();
    this.home = before?.home ?? new FakeHomeAssistant();
    this.limit(Number.POSITIVE_INFINITY);
    const settings = { enabled: true, prefix: 'homeassistant' };
    this.extension = new HomeAssistant({ settings, ...options });
    running.push(this.extension);
    this.extension.start(this.context);
    const states = new CameraStates();
    states.start(this.context);
    const learnt = new LearningStates();
    learnt.start(this.context);
    this.context.sources.push(this.extension.states!, states.states!, learnt.states!);
  }

  limit(maximumPacketSize: number): void {
    this.context.link = { maximumPacketSize } as Link;
  }

  /** What a hub does after it connected. */
  async connect(): Promise<this> {
    const { retained, node } = this.context;
    retained.update();
    retained.found(new Map([...this.broker].map(([topic, value]) => [topic, Buffer.from(value)])));
    retained.update();
    this.deliver();
    node.emit('stats', nodeStats);
    // The cards that ship are read from disk.
    await until(() => this.told(this.#nodeTopic).length > 0 || !this.extension.subscriptions.length);
    this.deliver();
    return this;
  }

  /** All that was said since reaches the broker and Home Assistant, one after the other. */
  deliver(): void {
    this.context.retained.settle();
    for (const [topic, value] of this.context.told.slice(this.#seen)) {
      if (value === '') this.broker.delete(topic);
      else this.broker.set(topic, value);
      if (topic.endsWith('/config')) this.home.take(topic, value);
    }
    this.#seen = this.context.told.length;
  }

  told(topic: string): string[] {
    return this.context.told.filter(([one]) => one === topic).map(([, value]) => value);
  }

  /** The fields of a component as told last. */
  component(topic: string, key: string): Record<string, unknown> {
    return JSON.parse(this.told(topic).at(-1)!).cmps[key];
  }

  end(): void {
    this.extension.stop();
  }
}

const connected = (...args: ConstructorParameters<typeof Run>) => new Run(...args).connect();

/** Where the kernel counts what is written. */
const disk = isDiskCounted() ? ['card_life', 'written'] : [];

describe('HomeAssistant', () => {
  it('announces the node, then its cameras, and breaks no rule', async () => {
    const door = new FakeCamera('door', ['person', 'cell phone']);
    door.setCount('person', 0, 'front_yard');
    await door.change({ lines: { gate: line } });
    const run = await connected([door]);
    expect([...run.home.devices.keys()]).toEqual([nodeTopic, doorTopic]);
    expect(run.home.problems).toEqual([]);
    expect(run.home.keys(nodeTopic)).toEqual(
      [...disk, 'cpu', 'memory', 'model', 'outbox', 'restart', 'temperature'].sort(),
    );
    expect(run.home.keys(doorTopic)).toEqual(
      [
        ...['motion', 'sighting', 'view', 'status', 'infer', 'fps', 'dropped', 'press:snapshot', 'press:restart'],
        ...['enabled', 'detect', 'threshold', 'motion_gate', 'motion_sensitivity', 'snapshots'].map((s) => `set:${s}`),
        ...['occupied', 'count', 'snapshot', 'appeared'].flatMap((w) => [`${w}:person`, `${w}:cell_phone`]),
        ...['occupied:person:front_yard', 'count:person:front_yard', 'crossed:gate:in', 'crossed:gate:out'],
      ].sort(),
    );
    expect(run.component(doorTopic, 'count:person:front_yard')).toEqual({
      p: 'sensor',
      uniq_id: 'ocellus_porch:door:count:person:front_yard',
      def_ent_id: 'sensor.porch_door_person_count_in_front_yard',
      name: 'Person count in front yard',
      stat_t: 'ocellus/porch/door/zone/front_yard/person/count',
      stat_cla: 'measurement',
      sug_dsp_prc: 0,
      ic: 'mdi:counter',
    });
    expect(run.component(doorTopic, 'set:threshold')).toMatchObject({ min: 0, max: 1, step: 0.01 });
    expect(run.component(doorTopic, 'press:snapshot')).toMatchObject({
      cmd_t: 'ocellus/porch/request/snapshot',
      pl_prs: '{"camera":"door"}',
    });
    const message = JSON.parse(run.told(doorTopic).at(-1)!);
    expect(message.dev).toMatchObject({ ids: ['ocellus_porch:door'], name: 'Door', via_device: 'ocellus_porch' });
    // Each of them reads what the hub tells: its states are there.
    for (const { p, stat_t } of Object.values(message.cmps) as Record<string, string>[]) {
      if (stat_t && p !== 'event' && !stat_t.endsWith('/stats')) expect([...run.broker.keys()], p).toContain(stat_t);
    }
  });

  it('announces of the board what it tells, and nothing that would stay unknown', async () => {
    const silent = new Run([new FakeCamera('door')]);
    silent.context.node.senses = { temperature: false, throttling: false, power: false };
    await silent.connect();
    expect(silent.home.keys(nodeTopic)).toEqual([...disk, 'cpu', 'memory', 'model', 'outbox', 'restart'].sort());

    const run = new Run([new FakeCamera('door')]);
    run.context.node.senses = { temperature: true, throttling: true, power: true };
    await run.connect();
    expect(run.home.problems).toEqual([]);
    const own = ['energy_per_inference', 'power', 'temperature', 'throttling'];
    expect(run.home.keys(nodeTopic)).toEqual(expect.arrayContaining(own));
    expect(run.component(nodeTopic, 'power')).toEqual({
      p: 'sensor',
      uniq_id: 'ocellus_porch:power',
      def_ent_id: 'sensor.porch_power',
      name: 'Power',
      stat_t: 'ocellus/porch/stats',
      val_tpl: '{{ value_json.power.watts if value_json.power else None }}',
      stat_cla: 'measurement',
      ent_cat: 'diagnostic',
      dev_cla: 'power',
      unit_of_meas: 'W',
      sug_dsp_prc: 2,
    });
  });

  it('takes back a sensor that the board no longer has', async () => {
    const before = await connected([new FakeCamera('door')]);
    expect(before.home.keys(nodeTopic)).toContain('temperature');
    before.end();
    const run = new Run([new FakeCamera('door')], {}, before);
    run.context.node.senses = { temperature: false, throttling: false, power: false };
    await run.connect();
    expect(run.home.keys(nodeTopic)).not.toContain('temperature');
  });

  it('lets a camera that is off be switched on', async () => {
    const run = await connected([new FakeCamera('door')]);
    const { avty, cmps } = JSON.parse(run.told(doorTopic).at(-1)!);
    expect(avty).toHaveLength(2);
    for (const key of ['set:enabled', 'press:restart', 'status', 'snapshot:person']) {
      expect(cmps[key].avty, key).toEqual([{ t: 'ocellus/porch/status' }]);
    }
    for (const key of ['motion', 'occupied:person', 'count:person']) expect(cmps[key].avty, key).toBeUndefined();
  });

  it('says nothing before it knows what is at the broker, the model and the labels', async () => {
    const door = new FakeCamera('door');
    const { counts } = door;
    const run = new Run([door]);
    const { card } = run.context.node;
    run.context.retained.update();
    expect(run.told(doorTopic), 'not looked').toEqual([]);
    run.context.node.card = undefined;
    run.context.retained.found(new Map());
    run.context.node.emit('stats', nodeStats);
    expect(run.told(nodeTopic), 'no model').toEqual([]);
    run.context.node.card = card;
    const { senses } = run.context.node;
    run.context.node.senses = undefined;
    run.context.node.emit('stats', nodeStats);
    // The cards that ship are read from disk meanwhile.
    await until(() => run.told('ocellus/porch/model').length > 0);
    expect(run.told(nodeTopic), 'no board').toEqual([]);
    run.context.node.senses = senses;
    door.counts = [];
    run.context.node.emit('stats', nodeStats);
    await until(() => run.told(nodeTopic).length > 0);
    expect(run.told(doorTopic), 'no labels').toEqual([]);
    door.counts = counts;
    door.emit('frame', undefined as never);
    expect(run.told(doorTopic)).toHaveLength(1);
    // A camera that watches nothing the model knows is announced all the same.
    const blind = new FakeCamera('shed', []);
    await blind.change({ detect: { labels: ['unicorn'] } });
    expect((await connected([blind])).home.keys(`${root}/shed/config`)).toContain('motion');
  });

  it('tells the configuration before the states, and all of it again after a birth', async () => {
    const run = await connected([new FakeCamera('door')]);
    const before = run.context.told.length;
    vi.useFakeTimers();
    const birth = { topic: 'homeassistant/status', payload: Buffer.from('online'), retained: false };
    expect(run.extension.receive({ ...birth, topic: 'homeassistant/x' })).toBe(false);
    expect(run.extension.receive({ ...birth, retained: true })).toBe(true);
    expect(run.extension.receive({ ...birth, payload: Buffer.from('offline') })).toBe(true);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(run.context.told).toHaveLength(before);
    // Two at once are answered once, and not at once.
    run.extension.receive(birth);
    run.extension.receive(birth);
    await vi.advanceTimersByTimeAsync(900);
    expect(run.context.told).toHaveLength(before);
    await vi.advanceTimersByTimeAsync(10_000);
    const topics = run.context.told.slice(before).map(([topic]) => topic);
    expect(topics.slice(0, 3)).toEqual([nodeTopic, doorTopic, 'ocellus/porch/model']);
    expect(topics).toContain('ocellus/porch/door/status');
    expect(new Set(topics).size).toBe(topics.length);
  });

  it('takes back a label and a zone, and says so until Home Assistant was there', async () => {
    const door = new FakeCamera('door', ['person', 'cat']);
    door.setCount('person', 0, 'yard');
    const run = await connected([door]);
    door.counts = [{ label: 'person', count: 0 }];
    door.emit('settings', {});
    run.deliver();
    expect(run.home.keys(doorTopic).filter((key) => /cat|yard/.test(key))).toEqual([]);
    expect(run.component(doorTopic, 'count:cat')).toEqual({ p: 'sensor' });
    vi.useFakeTimers();
    run.extension.receive({ topic: 'homeassistant/status', payload: Buffer.from('online'), retained: false });
    await vi.advanceTimersByTimeAsync(10_000);
    expect(run.component(doorTopic, 'count:cat')).toBeUndefined();
    expect(run.component(doorTopic, 'count:person')).toBeDefined();
    // It may come back.
    door.counts = [{ label: 'cat', count: 0 }];
    door.emit('settings', {});
    run.deliver();
    expect(run.home.keys(doorTopic)).toContain('count:cat');
    expect(run.home.keys(doorTopic)).not.toContain('count:person');
  });

  it('takes back what was there in the run before: labels, lines and cameras', async () => {
    const door = new FakeCamera('door', ['person', 'cat']);
    await door.change({ lines: { gate: line } });
    const first = await connected([door, new FakeCamera('shed')]);
    first.end();
    const second = await connected([new FakeCamera('door', ['person'])], {}, first);
    expect(second.home.devices.has(`${root}/shed/config`)).toBe(false);
    expect([...second.broker.keys()].filter((topic) => /shed|cat/.test(topic))).toEqual([]);
    expect(second.home.keys(doorTopic).filter((key) => /:cat|:gate/.test(key))).toEqual([]);
    expect(second.home.keys(doorTopic)).toContain('occupied:person');
    // One that is switched off leaves nothing.
    second.end();
    const third = await connected(
      [new FakeCamera('door')],
      { settings: { enabled: false, prefix: 'homeassistant' } },
      second,
    );
    expect([...third.home.devices.keys()]).toEqual([]);
    expect([...third.broker.keys()].filter((topic) => topic.startsWith('homeassistant/'))).toEqual([]);
    expect(
      third.extension.receive({ topic: 'homeassistant/status', payload: Buffer.from('online'), retained: false }),
    ).toBe(false);
  });

  it('is not put off by what lies on its topics', async () => {
    const run = new Run([new FakeCamera('door')]);
    run.broker
      .set(doorTopic, 'rubbish')
      .set(nodeTopic, '{"cmps":[null,1]}')
      .set(`${root}/x/config`, '{"cmps":{"a":{"p":1}}}');
    await run.connect();
    expect(run.home.problems).toEqual([]);
    expect(run.broker.has(`${root}/x/config`)).toBe(false);
    expect(run.home.keys(doorTopic)).toContain('motion');
  });

  it('fits the message to the broker, says what is left out, and takes it back', async () => {
    const labels = Array.from({ length: 80 }, (_, i) => `thing ${i}`);
    const door = new FakeCamera('door', labels);
    for (const label of labels) for (let z = 0; z < 10; z++) door.setCount(label, 0, `zone${z}`);
    const run = await connected([door]);
    const whole = run.home.keys(doorTopic).length;
    expect(Buffer.byteLength(run.told(doorTopic).at(-1)!)).toBeLessThan(256 * 1024);
    run.limit(16 * 1024);
    run.context.retained.update();
    run.deliver();
    const [small] = run.told(doorTopic).slice(-1);
    expect(Buffer.byteLength(small!)).toBeLessThan(16 * 1024);
    expect(breaches(doorTopic, small!)).toEqual([]);
    const left = run.home.keys(doorTopic);
    expect(left.length).toBeLessThan(whole);
    expect(left).toEqual(expect.arrayContaining(['motion', 'set:enabled', 'press:restart']));
    expect(run.context.logger.lines.filter((text) => /are left out/.test(text))).toHaveLength(1);
  });

  it('tells who came, who left and who crossed a line, only while someone may hear', async () => {
    const door = new FakeCamera('door');
    await door.change({ lines: { gate: line } });
    const run = await connected([door]);
    const ending = eventMessage(1, 'end');
    for (const message of [
      eventMessage(1, 'new'),
      eventMessage(1, 'update'),
      { ...ending, after: { ...ending.after, end_time: 4.25 } },
    ]) {
      door.emit('event', message);
    }
    door.emit('crossing', {
      trackId: 7,
      line: 'gate',
      label: 'person',
      direction: 'in',
      total: 3,
      time: 1_700_000_000.25,
    });
    const { sent } = run.context;
    expect(sent.map(({ topic, retain }) => [topic, retain])).toEqual([
      ['ocellus/porch/door/seen', false],
      ['ocellus/porch/door/person/appeared', false],
      ['ocellus/porch/door/seen', false],
      ['ocellus/porch/door/line/gate/crossed', false],
    ]);
    const [seen, appeared, gone, crossed] = sent.map(({ payload }) => payload.toString());
    expect(JSON.parse(seen!)).toMatchObject({ event_type: 'new', label: 'person', score: 0.8, seconds: null });
    expect(JSON.parse(gone!)).toMatchObject({ event_type: 'end', seconds: 3.3 });
    expect([appeared, crossed]).toEqual(['1-abcdef', 'in']);
    expect(run.component(doorTopic, 'sighting')).toMatchObject({ stat_t: sent[0]!.topic, evt_typ: ['new', 'end'] });
    expect(run.component(doorTopic, 'appeared:person')).toMatchObject({ t: sent[1]!.topic });
    expect(run.component(doorTopic, 'crossed:gate:in')).toMatchObject({ t: sent[3]!.topic, pl: crossed });
    run.context.link = undefined;
    door.emit('event', eventMessage(2, 'new'));
    expect(sent).toHaveLength(4);
  });

  it('compares the model in use with the one that ships, not one of the owner’s own', async () => {
    const run = new Run([new FakeCamera('door')]);
    const { card } = run.context.node;
    run.context.node.card = { ...card!, version: '0.9.0' };
    await run.connect();
    const [state] = run.told('ocellus/porch/model').slice(-1);
    expect(isUpdateState(state!)).toBe(true);
    expect(JSON.parse(state!)).toMatchObject({ installed_version: '0.9.0', latest_version: card!.version });
    run.end();
    const own = new Run([new FakeCamera('door')], {}, run);
    own.context.node.card = { ...card!, name: 'my-cats' };
    await own.connect();
    expect(own.home.keys(nodeTopic)).not.toContain('model');
    expect(own.broker.has('ocellus/porch/model')).toBe(false);
  });

  it.each([
    ['http://192.168.1.2:8420/', 'http://192.168.1.2:8420/'],
    ['porch:8420', undefined],
    [undefined, undefined],
  ])('shows the console at %s only when it is a URL', async (url, shown) => {
    const run = await connected([new FakeCamera('door')], { consoleUrl: () => url });
    expect(JSON.parse(run.told(doorTopic).at(-1)!).dev.cu).toBe(shown);
    expect(run.home.problems).toEqual([]);
  });
});

describe('HomeAssistant, with what was taught', () => {
  const taughtKeys = (run: Run) => run.home.keys(doorTopic).filter((key) => /^(taught|state|set:learn)/.test(key));

  it('announces names of objects and states of the view, and takes back what is forgotten', async () => {
    const shown = await ShownLearning.start();
    const { learning } = shown;
    const run = await connected([new FakeCamera('door', ['person', 'cat']), new FakeCamera('yard')], { learning });
    expect(taughtKeys(run)).toEqual(['set:learn']);
    expect(run.component(doorTopic, 'set:learn')).toMatchObject({ p: 'switch', cmd_t: 'ocellus/porch/door/learn/set' });
    await shown.teachObject('rings', 'my cat');
    await shown.teachObject('checks', 'Cat');
    await shown.teachView('door', 'stripes', 'airing-cupboard', 'tidy');
    run.deliver();
    expect(run.home.problems).toEqual([]);
    expect(taughtKeys(run)).toEqual([
      ...['set:learn', 'state:airing-2d-cupboard', 'taught:-43-at', 'taught:my_cat'],
      ...['taught_count:-43-at', 'taught_count:my_cat'],
    ]);
    expect(run.component(doorTopic, 'taught:my_cat')).toEqual({
      p: 'binary_sensor',
      uniq_id: 'ocellus_porch:door:taught:my_cat',
      def_ent_id: 'binary_sensor.porch_door_my_cat',
      name: 'My cat',
      stat_t: 'ocellus/porch/door/taught/my_cat/occupied',
      dev_cla: 'occupancy',
    });
    // As the model calls it too: told apart.
    expect(run.component(doorTopic, 'taught:-43-at').name).toBe('Cat as taught');
    expect(run.component(doorTopic, 'occupied:cat').name).toBe('Cat');
    expect(run.component(doorTopic, 'state:airing-2d-cupboard')).toMatchObject({
      ...{ p: 'sensor', name: 'Airing cupboard', dev_cla: 'enum', ops: ['tidy', 'unsure'] },
      ...{ stat_t: 'ocellus/porch/door/classification/airing-cupboard' },
    });
    // States are of the camera where they were taught, names of all.
    expect(run.home.keys(`${root}/yard/config`)).toContain('taught:my_cat');
    expect(run.home.keys(`${root}/yard/config`).join()).not.toContain('state:');
    // Each of them reads what the hub tells.
    for (const { p, stat_t } of Object.values(JSON.parse(run.told(doorTopic).at(-1)!).cmps) as Record<
      string,
      string
    >[]) {
      if (stat_t && p !== 'event' && !stat_t.endsWith('/stats')) expect([...run.broker.keys()], p).toContain(stat_t);
    }

    await learning.forget({ head: 'object', label: 'my cat' });
    await learning.forget({ head: 'airing-cupboard', label: 'tidy' });
    run.deliver();
    expect(taughtKeys(run)).toEqual(['set:learn', 'taught:-43-at', 'taught_count:-43-at']);
    expect([...run.broker.keys()].filter((topic) => /my_cat|classification/.test(topic))).toEqual([]);
  });

  it('waits for what was taught before, and then is as it was', async () => {
    const folder = join(temporaryFolder(), 'learn');
    const first = await ShownLearning.start(folder);
    await first.teachObject('rings', 'my cat');
    const run = await connected([new FakeCamera('door'), new FakeCamera('yard')], { learning: first.learning });
    const before = run.home.keys(doorTopic);
    run.end();
    await first.learning.stop();
    const { learning } = ShownLearning.make(folder);
    const again = await connected([new FakeCamera('door'), new FakeCamera('yard')], { learning }, run);
    expect([again.told(doorTopic), again.home.keys(doorTopic)]).toEqual([[], before]);
    await learning.start();
    again.deliver();
    expect(again.home.keys(doorTopic)).toEqual(before);
    // Nothing was taken back on the way.
    expect(again.told(doorTopic).join()).not.toContain('"taught:my_cat":{"p":"binary_sensor"}');
    again.end();
    await learning.stop();
    // A node that is not to learn any more.
    const none = await connected([new FakeCamera('door'), new FakeCamera('yard')], {}, again);
    expect(none.home.keys(doorTopic)).toEqual(before.filter((key) => !/^(taught|set:learn)/.test(key)));
  });

  it('breaks no rule whatever the labels are called', async () => {
    const { learning } = await ShownLearning.start();
    const names = [
      'cell phone',
      'cell_phone',
      '猫',
      'a/b',
      '+',
      '#',
      "it's",
      '{{ x }}',
      '𐀀',
      '__proto__',
      'x'.repeat(64),
    ];
    const [sample, picture] = [embeddings(names.length, 1280), Buffer.from('')];
    for (const [i, label] of names.entries()) {
      const as = { camera: 'door', head: 'object', label };
      await learning.teachLooks([{ kind: 'box', embedding: sample(i), picture }], as);
      await learning.teachLooks([{ kind: 'view', embedding: sample(i), picture }], { ...as, head: 'gate' });
      // From another node, or a program, a head may have any name.
      await learning.teachLooks([{ kind: 'view', embedding: sample(i), picture }], { ...as, head: label });
    }
    const run = await connected([new FakeCamera('door'), new FakeCamera('yard')], { learning });
    expect(run.home.problems).toEqual([]);
    const levels = new Set(names.map(labelLevel));
    expect(taughtKeys(run).filter((key) => key.startsWith('taught:'))).toHaveLength(levels.size);
    expect(taughtKeys(run).filter((key) => key.startsWith('state:'))).toEqual(['state:cell_phone', 'state:gate']);
    expect(run.component(doorTopic, 'state:gate').ops).toEqual([...[...names].sort(), 'unsure']);
  });

  it('announces a camera without a detector', async () => {
    const { learning } = await ShownLearning.start();
    const run = new Run([new FakeCamera('door', []), new FakeCamera('yard', [])], { learning });
    run.context.node.card = undefined;
    run.context.node.stats = () => ({ ...nodeStats, model: 'off' });
    await run.connect();
    expect(run.home.keys(nodeTopic)).not.toContain('model');
    expect(run.home.keys(doorTopic)).toEqual(expect.arrayContaining(['motion', 'set:learn']));
  });
});

const name = fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,31}$/);
const label = fc.oneof(
  fc.constantFrom('person', 'Person', 'cell phone', 'cell_phone', 'a-b', '猫', 'a/b', '+', '#', "it's", '{{ x }}', '𐀀'),
  fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }),
);

describe('HomeAssistant, with any names and labels', () => {
  it('gives messages that break no rule, and ids that nobody has twice', async () => {
    const camera = fc.record({
      labels: fc.uniqueArray(label, { minLength: 1, maxLength: 6 }),
      zones: fc.uniqueArray(name, { maxLength: 3 }),
      lines: fc.uniqueArray(name, { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, camera, { minKeys: 1, maxKeys: 3, noNullPrototype: true }), async (all) => {
        const cameras: FakeCamera[] = [];
        for (const [key, { labels, zones, lines }] of Object.entries(all)) {
          const fake = new FakeCamera(key, labels);
          for (const zone of zones) for (const one of labels) fake.counts.push({ label: one, zone, count: 0 });
          await fake.change({ lines: Object.fromEntries(lines.map((one) => [one, line])) });
          cameras.push(fake);
        }
        const run = await connected(cameras);
        expect(run.home.problems).toEqual([]);
        expect(run.home.devices.size).toBe(cameras.length + 1);
        for (const fake of cameras) {
          const keys = run.home.keys(`${root}/${fake.name}/config`);
          const levels = new Set(fake.counts.map(({ label: one, zone }) => `${labelLevel(one)}\0${zone ?? ''}`));
          expect(keys.filter((key) => key.startsWith('occupied:'))).toHaveLength(levels.size);
        }
        run.end();
      }),
      { numRuns: 60 },
    );
  });

  it('gives different ids to different nodes and cameras', async () => {
    const pair = fc.tuple(name, name);
    await fc.assert(
      fc.asyncProperty(pair, pair, async (one, other) => {
        fc.pre(one.join() !== other.join());
        const idsOf = async ([node, camera]: [string, string]) => {
          const run = await connected([new FakeCamera(camera)], {}, undefined, node);
          run.end();
          return run.home.uniqueIds;
        };
        const [a, b] = [await idsOf(one), await idsOf(other)];
        // Of one node with two cameras the node itself is the same.
        const own = (ids: string[]) => ids.filter((id) => one[0] !== other[0] || id.split(':').length > 2);
        expect(own(a).filter((id) => b.includes(id))).toEqual([]);
      }),
      {
        numRuns: 30,
        examples: [
          [
            ['a', 'b_c'],
            ['a_b', 'c'],
          ],
          [
            ['a', 'b'],
            ['a_b', 'b'],
          ],
        ],
      },
    );
  });

  it('leaves nothing behind, however cameras, labels and zones come and go, in one run or over several', async () => {
    const labels = fc.subarray(['person', 'cat', 'cell phone', '猫']);
    const state = fc.record({
      door: fc.option(labels),
      shed: fc.option(labels),
      zones: fc.subarray(['yard', 'path']),
      restart: fc.boolean(),
      reborn: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(state, { minLength: 2, maxLength: 8 }), async (states) => {
        let run: Run | undefined;
        for (const { zones, restart, reborn, ...cameras } of states) {
          const wanted = Object.entries(cameras).flatMap(([key, watched]) => {
            if (watched === null || watched.length === 0) return [];
            const counts = watched.flatMap((one) => [
              { label: one, count: 0 },
              ...zones.map((zone) => ({ label: one, zone, count: 0 })),
            ]);
            return [Object.assign(new FakeCamera(key, []), { counts })];
          });
          const present: FakeCamera[] = run ? [...run.context.node.pipelines.values()] : [];
          const same = present.length === wanted.length && present.every(({ name: one }, i) => one === wanted[i]!.name);
          if (run && same && !restart) {
            // In one run only what a camera watches changes.
            present.forEach((fake, i) => {
              fake.counts = wanted[i]!.counts;
              fake.emit('settings', {});
            });
            run.deliver();
          } else {
            run?.end();
            run = await connected(wanted, {}, run);
          }
          if (reborn) run.home.restart(new Map([...run.broker].filter(([topic]) => topic.endsWith('/config'))));
          const expected = await connected(
            wanted.map((fake) => Object.assign(new FakeCamera(fake.name, []), { counts: fake.counts })),
          );
          expect(run.home.uniqueIds.sort()).toEqual(expected.home.uniqueIds.sort());
          expect(run.home.problems).toEqual([]);
          expected.end();
        }
        run?.end();
      }),
      { numRuns: 60 },
    );
  });
});

describe('HomeAssistant, with names that are nearly the same', () => {
  /** All names and ids of a node as a person sees them: of entities, of triggers, of devices. */
  function namesOf(run: Run) {
    const messages = [...run.broker].filter(([topic]) => topic.endsWith('/config')).map(([, text]) => JSON.parse(text));
    const configs = messages.map(({ cmps }) => Object.values(cmps) as Record<string, string>[]);
    return {
      devices: messages.map(({ dev }) => dev.name as string),
      shown: configs.map((some) => some.map(({ name, type, stype }) => name ?? `${stype} ${type}`)),
      entityIds: configs.flat().flatMap(({ def_ent_id }) => def_ent_id ?? []),
      uniqueIds: configs.flat().flatMap(({ uniq_id }) => uniq_id ?? []),
    };
  }
  function expectDistinct(run: Run): void {
    const { devices, shown, entityIds, uniqueIds } = namesOf(run);
    for (const all of [devices, entityIds, uniqueIds, ...shown]) {
      expect(all.filter((one, i) => all.indexOf(one) !== i)).toEqual([]);
    }
    for (const id of entityIds) expect(id).toMatch(/^[a-z_]+\.[a-z0-9]+(_[a-z0-9]+)*$/);
    expect(run.home.problems).toEqual([]);
  }

  it('tells cameras apart, and leaves the one alone that was as its id', async () => {
    const cameras = ['front-door', 'front_door', 'shed'].map((name) => new FakeCamera(name));
    const run = await connected(cameras);
    expectDistinct(run);
    const of = (name: string) => JSON.parse(run.told(`${root}/${name}/config`).at(-1)!);
    expect(of('front-door').dev.name).toBe('Front door (front-door)');
    expect(of('front_door').dev.name).toBe('Front door (front_door)');
    expect(of('front-door').cmps.motion).toMatchObject({
      uniq_id: 'ocellus_porch:front-door:motion',
      def_ent_id: 'binary_sensor.porch_front_2d_door_motion',
      name: 'Motion',
    });
    expect(of('front_door').cmps.motion.def_ent_id).toBe('binary_sensor.porch_front_door_motion');
    expect(of('shed').dev.name).toBe('Shed');
    // Alone it is as it always was.
    const alone = await connected([new FakeCamera('front-door')]);
    const [message] = alone
      .told(`${root}/front-door/config`)
      .slice(-1)
      .map((text) => JSON.parse(text));
    expect(message.dev.name).toBe('Front door');
    expect(message.cmps.motion.def_ent_id).toBe('binary_sensor.porch_front_door_motion');
  });

  it('tells labels, zones, lines and their triggers apart', async () => {
    const door = new FakeCamera('door', [
      'cell phone',
      'cell-phone',
      'Cell_Phone',
      'Café',
      'cafe',
      'motion',
      'cat',
      'cat count',
    ]);
    for (const zone of ['front-yard', 'front_yard']) door.setCount('cat', 0, zone);
    await door.change({ lines: { 'the-gate': line, the_gate: line } });
    const run = await connected([door]);
    expectDistinct(run);
    const name = (key: string) => run.component(doorTopic, key).name;
    expect(name('occupied:cell_phone')).toBe('Cell phone (cell phone)');
    expect(name('occupied:cell-2d-phone')).toBe('Cell phone (cell-phone)');
    expect(name('occupied:cat:front-2d-yard')).toBe('Cat in front yard (cat, front-yard)');
    expect(run.component(doorTopic, 'crossed:the_gate:in')).toMatchObject({ stype: 'The gate (the_gate)' });
    expect(run.component(doorTopic, 'occupied:cell_phone').def_ent_id).toBe('binary_sensor.porch_door_cell_phone');
    expect(run.component(doorTopic, 'occupied:cat:front_yard').def_ent_id).toBe(
      'binary_sensor.porch_door_cat_in_front_yard',
    );
    // What each camera has keeps its name and its id.
    expect(run.component(doorTopic, 'motion')).toMatchObject({
      name: 'Motion',
      def_ent_id: 'binary_sensor.porch_door_motion',
    });
    expect(name('occupied:motion')).toBe('Motion (motion)');
  });

  it('does so whatever they are', async () => {
    const name = fc.stringMatching(/^[ab_-][ab_-]{0,3}$/);
    const label = fc.stringMatching(/^[aAáb _-]{1,4}$/);
    const node = fc.record({
      cameras: fc.uniqueArray(name, { minLength: 1, maxLength: 3 }).map((all) => all.map((one) => `c${one}`)),
      labels: fc.uniqueArray(label, { minLength: 1, maxLength: 5 }),
      zones: fc.uniqueArray(name, { maxLength: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(node, async ({ cameras, labels, zones }) => {
        const all = cameras.map((camera) => {
          const one = new FakeCamera(camera, labels);
          for (const zone of zones) one.setCount(labels[0]!, 0, `z${zone}`);
          return one;
        });
        const run = await connected(all);
        expectDistinct(run);
        run.end();
      }),
      { numRuns: 40 },
    );
  });

  it('looks once at what changes several times in a row', async () => {
    const { learning } = await ShownLearning.start();
    const { context } = await connected([new FakeCamera('door', ['person'])], { learning });
    const update = vi.spyOn(context.retained, 'update');
    for (let i = 0; i < 3; i++) learning.emit('changed');
    expect(update).not.toHaveBeenCalled();
    context.retained.settle();
    expect(update).toHaveBeenCalledTimes(1);
  });

  it('tells taught names apart, of each other and of what the model knows', async () => {
    const shown = await ShownLearning.start();
    const { learning } = shown;
    const run = await connected([new FakeCamera('door', ['person'])], { learning });
    for (const label of ['Person', 'PERSON', 'my-cat', 'my_cat', 'motion']) {
      await shown.teachObject('rings', label, { anyway: true });
    }
    for (const head of ['the-hall', 'the_hall', 'status']) await shown.teachView('door', 'stripes', head, 'tidy');
    run.deliver();
    expectDistinct(run);
    const name = (key: string) => run.component(doorTopic, key).name;
    expect(name('occupied:person')).toBe('Person');
    expect(name('taught:-50-erson')).toBe('Person as taught (Person)');
    expect(name('taught:my-2d-cat')).toBe('My cat (my-cat)');
    expect(name('state:status')).toBe('Status (status)');
    expect(run.component(doorTopic, 'status')).toMatchObject({
      name: 'Status',
      def_ent_id: 'sensor.porch_door_status',
    });
  });
});

describe('a birth of Home Assistant', () => {
  it('has the statistics told again at once, soon, and when all is told', async () => {
    let told = 0;
    const run = new Run([new FakeCamera('door')], { onBirth: () => told++ });
    await run.connect();
    vi.useFakeTimers();
    const birth = { topic: 'homeassistant/status', payload: Buffer.from('online'), retained: false };
    expect(run.extension.receive(birth)).toBe(true);
    expect(told).toBe(1);
    vi.advanceTimersByTime(999);
    expect(told).toBe(2);
    vi.advanceTimersByTime(5000);
    expect(told).toBe(3);
    // None of before the connection, and none of what it says when it goes.
    run.extension.receive({ ...birth, retained: true });
    run.extension.receive({ ...birth, payload: Buffer.from('offline') });
    run.extension.receive(birth);
    run.end();
    vi.advanceTimersByTime(10_000);
    expect(told).toBe(4);
  });
});
