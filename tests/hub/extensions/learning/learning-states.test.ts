import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { NodeTopics } from '../../../../sdk/hub/contract/topics.ts';
import { CameraStates } from '../../../../sdk/hub/extensions/cameras/camera-states.ts';
import { LearningStates, taughtCounts } from '../../../../sdk/hub/extensions/learning/learning-states.ts';
import type { NodeLearning } from '../../../../sdk/learn/node-learning.ts';
import { temporaryFolder } from '../../../support/folders.ts';
import { eventMessage, FakeCamera, FakeContext } from '../../../support/hub.ts';
import { track } from '../../../vision/fakes.ts';
import { ShownLearning } from '../../learning.ts';

const root = 'ocellus/porch';
const gate = `${root}/door/classification/gate`;
const cat = `${root}/door/taught/my_cat/count`;
const stateTopic = `${root}/learn/state`;

/** One run of a hub at a broker that retains. */
class Run {
  readonly context = new FakeContext([new FakeCamera('door'), new FakeCamera('yard')]);
  readonly extension = new LearningStates();
  readonly broker: Map<string, string>;
  #seen = 0;

  constructor(learning: NodeLearning | undefined, broker = new Map<string, string>()) {
    this.broker = broker;
    this.context.node.learning = learning;
    const cameras = new CameraStates();
    for (const extension of [cameras, this.extension]) {
      extension.start(this.context);
      this.context.sources.push(extension.states!);
    }
  }

  get door(): FakeCamera {
    return this.context.node.pipelines.get('door')!;
  }

  /** What a hub does after it connected. */
  connect(): this {
    const { retained } = this.context;
    retained.doubt();
    retained.update();
    this.deliver();
    retained.found(new Map([...this.broker].map(([topic, value]) => [topic, Buffer.from(value)])));
    retained.update();
    this.deliver();
    return this;
  }

  /** All that was said since, and what waits to be said, reaches the broker. */
  deliver(): void {
    this.context.retained.settle();
    for (const [topic, value] of this.context.told.slice(this.#seen)) {
      if (value === '') this.broker.delete(topic);
      else this.broker.set(topic, value);
    }
    this.#seen = this.context.told.length;
  }

  /** What the broker retains of learning. */
  get learned(): Record<string, string> {
    this.deliver();
    const { topics } = this.context;
    return Object.fromEntries([...this.broker].filter(([topic]) => topics.isLearned(topic)));
  }

  get(topic: string): string | undefined {
    this.deliver();
    return this.broker.get(topic);
  }

  state() {
    return JSON.parse(this.get(stateTopic)!);
  }

  /** What was told on a topic, one after the other. */
  told(topic: string): string[] {
    return this.context.told.filter(([one]) => one === topic).map(([, value]) => value);
  }
}

async function teachGate(shown: ShownLearning): Promise<void> {
  await shown.teachView('door', 'stripes', 'gate', 'open');
  await shown.teachView('door', 'checks', 'gate', 'shut');
}

describe('LearningStates', () => {
  it('tells that nothing was taught, and then what was', async () => {
    const { learning } = await ShownLearning.start();
    const run = new Run(learning).connect();
    expect(Object.keys(run.learned)).toEqual([stateTopic]);
    expect(run.state()).toEqual({
      ...{
        space: null,
        model: 'efficientnet-lite0-int8',
        examples: 0,
        waiting: 0,
        last_taught: null,
        cut_nodes: [],
        error: null,
      },
      heads: {},
    });
  });

  it('keeps the count of what objects are called, for each camera and label', async () => {
    const shown = await ShownLearning.start();
    const run = new Run(shown.learning).connect();
    await shown.teachObject('rings', 'my cat');
    expect(run.state().heads.object).toMatchObject({ version: 1, labels: [{ label: 'my cat', examples: 1 }] });
    expect(run.learned).toMatchObject({
      ...{ [cat]: '0', [`${root}/door/taught/my_cat/occupied`]: 'OFF', [`${root}/yard/taught/my_cat/count`]: '0' },
    });
    const mine = { subLabel: { label: 'my cat', score: 0.9 } };
    run.door.tracks = [track({ id: 1, ...mine }), track({ id: 2, confirmed: false, ...mine }), track({ id: 3 })];
    run.door.emit('event', eventMessage(1));
    expect(run.learned).toMatchObject({ [cat]: '1', [`${root}/door/taught/my_cat/occupied`]: 'ON' });
    run.door.tracks = [];
    run.door.emit('event', eventMessage(1, 'end'));
    expect(run.told(cat)).toEqual(['0', '1', '0']);

    await shown.learning.forget({ head: 'object', label: 'my cat' });
    expect(Object.keys(run.learned)).toEqual([stateTopic]);
    expect(run.state().heads.object).toMatchObject({
      version: null,
      refused: 'object: there are no examples of a label',
    });
  });

  it('looks once at what changes several times in a row', async () => {
    const { learning } = await ShownLearning.start();
    const { context } = new Run(learning).connect();
    const update = vi.spyOn(context.retained, 'update');
    for (let i = 0; i < 3; i++) learning.emit('changed');
    expect(update).not.toHaveBeenCalled();
    context.retained.settle();
    expect(update).toHaveBeenCalledTimes(1);
  });

  it('keeps the state of a view, and empties it when it is forgotten', async () => {
    const shown = await ShownLearning.start();
    const run = new Run(shown.learning).connect();
    await teachGate(shown);
    expect(run.get(gate)).toBe('unsure');
    expect(run.learned).not.toHaveProperty(`${root}/yard/classification/gate`);
    await shown.show('door', 'stripes', { seconds: 8 });
    expect(run.get(gate)).toBe('open');
    await shown.show('door', 'checks', { seconds: 8 });
    expect(run.told(gate)).toEqual(['unsure', 'open', 'shut']);
    // The broker has forgotten everything.
    run.broker.clear();
    run.connect();
    expect(run.learned).toMatchObject({ [gate]: 'shut', [stateTopic]: expect.stringContaining('"gate"') });
    await run.door.change({ learn: { enabled: false } });
    expect(run.get(gate)).toBe('unsure');
    await run.door.change({ learn: { enabled: true } });
    expect(run.get(gate)).toBe('shut');
    // A label that is gone is none of its states.
    await shown.learning.forget({ head: 'gate', label: 'shut' });
    expect(run.get(gate)).toBe('unsure');
    await shown.learning.forget({ head: 'gate', label: 'open' });
    expect(run.learned).not.toHaveProperty(gate);
  });

  it('leaves what an earlier run saw until it has looked for as long as a state needs', async () => {
    const folder = join(temporaryFolder(), 'learn');
    const first = await ShownLearning.start(folder);
    const before = new Run(first.learning).connect();
    await teachGate(first);
    await first.teachObject('rings', 'my cat');
    await first.show('door', 'stripes', { seconds: 8 });
    expect(before.get(gate)).toBe('open');
    before.extension.stop();
    await first.learning.stop();

    const second = ShownLearning.make(folder);
    const run = new Run(second.learning, before.broker).connect();
    // Before it is read what was taught, all of it stays.
    expect(run.learned).toMatchObject({ [gate]: 'open', [cat]: '0' });
    expect(run.context.told.filter(([topic]) => run.context.topics.isLearned(topic))).toEqual([]);
    await second.learning.start();
    await second.show('door', 'stripes', { seconds: 3 });
    run.connect();
    expect([run.get(gate), run.told(gate)]).toEqual(['open', []]);
    await second.show('door', 'checks', { seconds: 8 });
    expect(run.told(gate)).toEqual(['shut']);
    expect(run.state().heads.gate.version).toBe(2);
    expect(run.get(cat)).toBe('0');
  });

  it('takes nothing for a state that is none', async () => {
    const folder = join(temporaryFolder(), 'learn');
    const shown = await ShownLearning.start(folder);
    await teachGate(shown);
    const run = new Run(shown.learning, new Map([[gate, 'ajar']])).connect();
    expect(run.get(gate)).toBe('unsure');
  });

  it('empties what an earlier run left where nothing is taught any more, but leaves cameras alone', async () => {
    const left = new Map([
      [gate, 'open'],
      [cat, '1'],
      [`${root}/shed/classification/gate`, 'open'],
      [`${root}/door/person/count`, '0'],
    ]);
    for (const learning of [undefined, (await ShownLearning.start()).learning]) {
      const run = new Run(learning, new Map(left).set(stateTopic, '{}')).connect();
      expect(Object.keys(run.learned)).toEqual(learning ? [stateTopic] : []);
      expect(run.get(`${root}/door/person/count`)).toBe('0');
    }
    // Not while it is not known, and not after the end.
    const folder = join(temporaryFolder(), 'learn');
    const { learning } = ShownLearning.make(folder);
    const run = new Run(learning, new Map(left)).connect();
    expect(run.learned).toMatchObject({ [gate]: 'open', [cat]: '1' });
    await learning.start();
    expect(run.learned).not.toHaveProperty(gate);
    run.broker.set(gate, 'open');
    await learning.stop();
    run.connect();
    expect(run.get(gate)).toBe('open');
  });

  it('says why what was taught cannot be used', async () => {
    const folder = join(temporaryFolder(), 'learn');
    const shown = await ShownLearning.start(folder);
    await teachGate(shown);
    // Two nodes on one folder.
    const second = await ShownLearning.start(folder);
    const run = new Run(second.learning).connect();
    expect(run.state()).toMatchObject({
      examples: 0,
      error: expect.stringMatching(/is in use by this process already/),
    });
    await shown.learning.stop();
    await second.teachObject('rings', 'my cat');
    expect(run.state()).toMatchObject({ examples: 3, error: null });
  });
});

it('says what was wrong with the store, and what of it is lost', async () => {
  const folder = join(temporaryFolder(), 'learn');
  const shown = await ShownLearning.start(folder);
  await shown.teachObject('rings', 'my cat');
  await shown.learning.stop();
  rmSync(join(folder, 'CURRENT'));
  const again = await ShownLearning.start(folder);
  const run = new Run(again.learning).connect();
  expect(run.state()).toMatchObject({ examples: 1, error: null, damage: expect.stringMatching(/CURRENT is missing/) });
});

describe('taughtCounts', () => {
  it('add up labels that share a topic', () => {
    const topics = new NodeTopics('ocellus', 'porch').camera('door');
    const tracks = ['my cat', 'my_cat'].map((label, id) => track({ id, subLabel: { label, score: 1 } }));
    expect([...taughtCounts({ tracks }, ['my cat', 'my_cat'], topics)]).toEqual([
      [cat, '2'],
      [`${root}/door/taught/my_cat/occupied`, 'ON'],
    ]);
  });
});
