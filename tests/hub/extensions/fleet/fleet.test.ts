import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { describe, expect, it, vi } from 'vitest';
import { resolveSettings } from '../../../../sdk/config/settings.ts';
import { startBroker } from '../../../../sdk/hub/broker/broker.ts';
import { type Link, RefusedError } from '../../../../sdk/hub/connection/link.ts';
import { Fleet } from '../../../../sdk/hub/extensions/fleet/fleet.ts';
import { digestOfPart } from '../../../../sdk/hub/extensions/fleet/shared-part.ts';
import type { HubNode } from '../../../../sdk/hub/extensions/hub-node.ts';
import { Hub, type HubOptions } from '../../../../sdk/hub/hub.ts';
import { Learner } from '../../../../sdk/learn/learner.ts';
import { bundleHash, readBundle, writeBundle } from '../../../../sdk/learn/ledger/bundle.ts';
import { Identity } from '../../../../sdk/learn/ledger/identity.ts';
import { Ledger } from '../../../../sdk/learn/ledger/ledger.ts';
import type { Part } from '../../../../sdk/learn/ledger/part.ts';
import { NodeLearning } from '../../../../sdk/learn/node-learning.ts';
import { draft, embeddings } from '../../../learn/fakes.ts';
import { closing } from '../../../support/closing.ts';
import { temporaryFolder } from '../../../support/folders.ts';
import { heapAfterCollection } from '../../../support/heap.ts';
import { FakeContext, FakeNode, mqttSettings } from '../../../support/hub.ts';
import { retainedMessages, Subscriber } from '../../subscriber.ts';
import { Board, type BoardOptions, dimension, labels, sample, sharing, space } from './board.ts';

const root = `ocellus/learn/${space}`;
const patience = { timeout: 300_000 };

const stopping = <T extends { stop(): Promise<void> }>(thing: T) => closing(thing, (it) => it.stop());
const startedBroker = async (port = 0) => stopping(await startBroker({ port, strict: true }));

/** A board that runs; its name is that of its node. */
async function board(name: string, url: string, more: Partial<BoardOptions> = {}): Promise<Board> {
  return stopping(new Board(name, url, { folder: temporaryFolder(), ...more })).start();
}

/** Equal ledgers and heads, whatever they are. */
async function agree(...boards: Board[]): Promise<void> {
  await vi.waitFor(() => {
    const [first, ...others] = boards.map(stateOf);
    for (const other of others) expect(other).toEqual(first);
  }, patience);
}

function stateOf({ learner }: Board) {
  const { ledger } = learner;
  const parts = ledger.parts().map((part) => digestOfPart(part, ledger));
  const heads = learner.heads.map((head) => [head, learner.head(head)?.current?.head.serialise().toString('hex')]);
  return { parts, heads };
}

/** What lies at the broker below the fleet's topics. */
async function sharedAt(url: string): Promise<Map<string, Buffer>> {
  return new Map((await retainedMessages(url, `${root}/#`)).map(({ topic, payload }) => [topic, payload]));
}

const read = (payload: Buffer) => readBundle(payload, { space, dimension });

/** Anybody at the broker. */
async function stranger(url: string): Promise<mqtt.MqttClient> {
  return closing(await mqtt.connectAsync(url), (it) => it.endAsync(true));
}

/** A message as a node of this name would send it. */
function forged(node: string, change: (ledger: Ledger) => void, identity?: Identity): { part: Part; payload: Buffer } {
  const ledger = new Ledger({ space, dimension, node });
  change(ledger);
  const part = ledger.parts()[0]!;
  return { part, payload: writeBundle({ space, dimension, node, parts: [part] }, identity) };
}

describe('Fleet', () => {
  it('shares what was taught: examples, relabelled and forgotten ones, cuts and withdrawn ones', async () => {
    const { url } = await startedBroker();
    const [porch, shed] = [await board('porch', url), await board('shed', url)];
    const { id } = await porch.teach('cat');
    await shed.teach('dog');
    await porch.teach('dog', { negative: true });
    await vi.waitFor(() => expect(shed.counts).toEqual({ cat: 1, dog: 2 }), patience);
    await agree(porch, shed);
    expect(porch.headHash()).toBeDefined();

    await porch.learner.relabel(id, { label: 'parcel' });
    await vi.waitFor(() => expect(shed.counts).toEqual({ parcel: 1, dog: 2 }), patience);
    await porch.forget({ head: 'object', label: 'parcel' });
    await vi.waitFor(() => expect(shed.counts).toEqual({ dog: 2 }), patience);

    // What the other one taught is cut out, everywhere, until the cut is withdrawn.
    await shed.forget({ node: 'porch' });
    await vi.waitFor(() => expect(porch.counts).toEqual({ dog: 1 }), patience);
    await porch.teach('cat');
    await agree(porch, shed);
    expect(porch.counts).toEqual({ dog: 1 });
    await shed.learner.withdraw(shed.learner.ledger.cuts()[0]!.id);
    await vi.waitFor(() => expect(porch.counts).toEqual({ dog: 2, cat: 1 }), patience);
    await agree(porch, shed);
    expect([...porch.problems, ...shed.problems]).toEqual([]);
  });

  it('shares what a node’s cameras were taught', async () => {
    const { url } = await startedBroker();
    const start = async (name: string) => {
      const data = temporaryFolder();
      const settings = { ...resolveSettings({}).learn, share: true };
      const learning = stopping(new NodeLearning({ node: name, settings, folder: join(data, 'learn') }));
      const node = Object.assign(new FakeNode(name, []), { learning });
      const hub = stopping(new Hub({ node, settings: mqttSettings(url), data }));
      await hub.start();
      await learning.start();
      return learning;
    };
    const [porch, shed] = [await start('porch'), await start('shed')];
    const embedding = embeddings(1, 1280)(0);
    const picture = Buffer.from('a picture');
    await porch.teachLooks([{ kind: 'box', embedding, picture }], { camera: 'door', head: 'object', label: 'cat' });
    await vi.waitFor(() => expect(shed.summary.heads.object?.info?.labels).toEqual(['cat']), patience);
    await vi.waitFor(() => expect(shed.summary.heads).toEqual(porch.summary.heads), patience);
    expect(shed.summary.examples).toBe(1);
  });

  it('has a topic for each label and for the cuts; a message names the one before and is signed', async () => {
    const { url } = await startedBroker();
    const folder = temporaryFolder();
    const porch = await board('porch', url, { folder });
    await porch.teach('cat/dog #1');
    const topic = `${root}/porch/object/cat%2Fdog%20%231`;
    await vi.waitFor(async () => expect([...(await sharedAt(url)).keys()]).toEqual([topic]), patience);
    const before = (await sharedAt(url)).get(topic)!;
    expect(read(before)).toMatchObject({ node: 'porch', key: Identity.open(join(folder, 'learn.pem')).publicKey });
    await porch.forget({ head: 'object', label: 'cat/dog #1' });
    await porch.forget({ node: 'shed' });
    const cuts = `${root}/porch/cuts`;
    await vi.waitFor(async () => expect([...(await sharedAt(url)).keys()].sort()).toEqual([cuts, topic]), patience);
    // Nothing of it is left but that it was there: so it does not come back from whoever was away.
    const after = read((await sharedAt(url)).get(topic)!);
    expect(after.parts[0]!.items.size).toBe(0);
    expect(after.parts[0]!.seen.size).toBe(1);
    expect(after.parent).toBe(bundleHash(before));
  });

  it('tells many lessons in a row in one message of each topic', async () => {
    const { url } = await startedBroker();
    const heard = closing(await Subscriber.to(url, `${root}/#`), (it) => it.end());
    const porch = await board('porch', url);
    await vi.waitFor(() => expect(porch.hub.stats.connected).toBe(true), patience);
    const lessons = Array.from({ length: 50 }, () => ({ draft: draft('cat', sample(0)) }));
    await porch.learner.teach([lessons[0]!, ...lessons.slice(1)]);
    const newest = () => read(heard.received.at(-1)!.payload).parts[0]!.items.size;
    await vi.waitFor(() => expect(newest()).toBe(50), patience);
    expect(heard.received.length).toBeLessThan(5);
  });

  it('no picture leaves the board', async () => {
    const { url } = await startedBroker();
    const heard = closing(await Subscriber.to(url, '#'), (it) => it.end());
    const porch = await board('porch', url);
    const thumbnail = createHash('sha512').update('a picture').digest();
    const { id } = await porch.teach('cat', { thumbnail });
    await vi.waitFor(() => expect(heard.on(`${root}/porch/object/cat`)).toHaveLength(1), patience);
    expect(thumbnail.equals((await porch.learner.thumbnail(id))!)).toBe(true);
    await porch.learner.relabel(id, { label: 'dog' });
    await vi.waitFor(() => expect(heard.on(`${root}/porch/object/dog`)).toHaveLength(1), patience);
    for (const { payload } of heard.received) {
      expect(payload.includes(thumbnail)).toBe(false);
      expect(payload.includes(thumbnail.toString('base64'))).toBe(false);
      expect(payload.includes(thumbnail.toString('hex'))).toBe(false);
    }
  });

  it('tells and takes nothing unless it is switched on; what was shared stays at the broker', async () => {
    const { url } = await startedBroker();
    const porch = await board('porch', url);
    await porch.teach('cat');
    await vi.waitFor(async () => expect((await sharedAt(url)).size).toBe(1), patience);
    const shared = await sharedAt(url);
    const alone = await board('alone', url, { settings: { share: false } });
    await alone.teach('dog');
    await vi.waitFor(() => expect(alone.hub.stats.connected).toBe(true), patience);
    await porch.teach('cat');
    await vi.waitFor(async () => expect(await sharedAt(url)).not.toEqual(shared), patience);
    expect([...(await sharedAt(url)).keys()]).toEqual([`${root}/porch/object/cat`]);
    expect(alone.counts).toEqual({ dog: 1 });
  });

  it('subscribes to nothing unless it is switched on', async () => {
    const { url } = await startedBroker();
    const subscribed = vi.spyOn(mqtt.MqttClient.prototype, 'subscribe');
    for (const share of [false, true]) {
      subscribed.mockClear();
      let connected = false;
      // It comes after the fleet's.
      const last = { start() {}, stop() {}, connected: () => (connected = true) };
      const one = await board('porch', url, { settings: { share }, hub: { extensions: [last] } });
      await vi.waitFor(() => expect(connected).toBe(true), patience);
      const filters = subscribed.mock.calls.flatMap(([filter]) => filter as string | string[]);
      expect(filters.filter((filter) => filter.startsWith('ocellus/porch/')).length).toBeGreaterThan(0);
      const shared = filters.filter((filter) => filter.startsWith('ocellus/') && !filter.startsWith('ocellus/porch/'));
      expect(shared).toEqual(share ? [`${root}/+/+/+`, `${root}/+/cuts`] : []);
      await one.stop();
    }
    subscribed.mockRestore();
  });

  it('a node that comes late gets everything, one that was flashed what it had, and its new examples beside', async () => {
    const { url } = await startedBroker();
    const folder = temporaryFolder();
    const first = await board('porch', url, { folder });
    for (const label of ['cat', 'cat', 'dog']) await first.teach(label);
    await vi.waitFor(async () => expect((await sharedAt(url)).size).toBe(2), patience);
    await first.stop();
    await first.flash();
    // Nobody else has it: only the broker does. It is taught before it has heard of its former life.
    const again = stopping(new Board('porch', url, { folder }));
    await again.open();
    await again.teach('cat');
    await again.start();
    await vi.waitFor(() => expect(again.counts).toEqual({ cat: 3, dog: 1 }), patience);
    const late = await board('late', url);
    await vi.waitFor(() => expect(late.counts).toEqual({ cat: 3, dog: 1 }), patience);
    await agree(again, late);
    // Its own topics are signed by its new key: the old one is gone with the card.
    const { publicKey } = Identity.open(join(folder, 'learn.pem'));
    await vi.waitFor(async () => {
      for (const payload of (await sharedAt(url)).values()) expect(read(payload).key).toBe(publicKey);
    }, patience);
  });

  it('forgotten examples do not come back from a node that was away', async () => {
    const { url } = await startedBroker();
    const [porch, folder] = [await board('porch', url), temporaryFolder()];
    const away = await board('away', url, { folder });
    for (let i = 0; i < 3; i++) await porch.teach('cat');
    await vi.waitFor(() => expect(away.counts).toEqual({ cat: 3 }), patience);
    await away.stop();
    await porch.forget({ head: 'object', label: 'cat' });
    await porch.teach('dog');
    const back = await board('away', url, { folder });
    await vi.waitFor(() => expect(back.counts).toEqual({ dog: 1 }), patience);
    await agree(porch, back);
  });

  it('what a broker forgot is told again, also of a node that is gone', async () => {
    const first = await startedBroker();
    const gone = await board('gone', first.url);
    const stays = await board('stays', first.url);
    await gone.teach('cat');
    await stays.teach('dog');
    await vi.waitFor(() => expect(stays.counts).toEqual({ cat: 1, dog: 1 }), patience);
    await gone.stop();
    await first.stop();
    // It keeps nothing on disk.
    const second = await startedBroker(first.port);
    await vi.waitFor(async () => expect((await sharedAt(second.url)).size).toBe(2), patience);
    const late = await board('late', second.url);
    await agree(stays, late);
    expect(late.counts).toEqual({ cat: 1, dog: 1 });
  });

  it('a node that was away for longer than messages are kept tells all there is', async () => {
    const first = await startedBroker();
    const settings = {
      ...mqttSettings(first.url),
      outbox: { events: bounds, learning: { megabytes: 1, hours: 1e-6 } },
    };
    const porch = await board('porch', first.url, { hub: { settings } satisfies Partial<HubOptions> });
    await vi.waitFor(() => expect(porch.hub.stats.connected).toBe(true), patience);
    await first.stop();
    for (const label of ['cat', 'dog', 'parcel']) for (let i = 0; i < 5; i++) await porch.teach(label);
    await porch.forget({ head: 'object', label: 'dog' });
    const second = await startedBroker(first.port);
    const late = await board('late', second.url);
    await vi.waitFor(() => expect(late.counts).toEqual({ cat: 5, parcel: 5 }), patience);
    await agree(porch, late);
  });

  it('what the outbox dropped is told again', async () => {
    const { url } = await startedBroker();
    // Whatever waits is too old already.
    const settings = { ...mqttSettings(url), outbox: { events: bounds, learning: { megabytes: 1, hours: 1e-12 } } };
    const porch = await board('porch', url, { hub: { settings } });
    await porch.teach('cat');
    await vi.waitFor(() => expect(porch.hub.stats.outbox.evicted.learning).toBeGreaterThan(1), patience);
  });

  it('takes nothing that is wrong, says it once a topic, and takes what is right beside it', async () => {
    const { url } = await startedBroker();
    const other = await stranger(url);
    const good = forged('shed', (ledger) => ledger.teach(draft('cat', sample(0))));
    const publish = (topic: string, payload: Buffer | string) =>
      other.publishAsync(`${root}/${topic}`, payload, { qos: 1, retain: true });
    const wrong: Record<string, Buffer> = {
      'shed/object/garbage': Buffer.from('garbage'),
      'shed/object/cut-off': good.payload.subarray(0, -1),
      'shed/object/dog': good.payload,
      'barn/object/cat': good.payload,
      'shed/cuts': good.payload,
      'shed/object/space': writeBundle({ space: 'another', dimension, node: 'shed', parts: [good.part] }),
      'shed/object/dimension': writeBundle({
        space,
        dimension: 8,
        node: 'shed',
        parts: [{ node: 'shed', head: 'object', label: 'dimension', seen: new Map(), items: new Map() }],
      }),
      'shed/object/none': writeBundle({ space, dimension, node: 'shed', parts: [] }),
      'shed/object/two': writeBundle({
        space,
        dimension,
        node: 'shed',
        parts: [good.part, forged('shed', (ledger) => ledger.teach(draft('two', sample(0)))).part],
      }),
      'shed/object/large': Buffer.alloc((4 << 20) - 1000),
      'shed/a/b%2f': good.payload,
    };
    for (const [topic, payload] of Object.entries(wrong)) await publish(topic, payload);
    await publish('shed/object/cat', good.payload);
    const porch = await board('porch', url);
    await vi.waitFor(() => expect(porch.counts).toEqual({ cat: 1 }), patience);
    const complaints = () => porch.problems.filter((line) => line.includes(root));
    const count = Object.keys(wrong).length;
    await vi.waitFor(() => expect(complaints()).toHaveLength(count), patience);
    for (const topic of Object.keys(wrong)) expect(complaints().join()).toContain(topic);
    expect(porch.hub.stats.rejectedLearning).toBe(count);
    // The same again, and other garbage there: counted, and not said.
    for (let i = 0; i < 20; i++) await publish('shed/object/garbage', `garbage ${i >> 1}`);
    await vi.waitFor(() => expect(porch.hub.stats.rejectedLearning).toBe(count + 20), patience);
    expect(complaints()).toHaveLength(count);
    await porch.teach('dog');
    expect(porch.counts).toEqual({ cat: 1, dog: 1 });
  });

  it('an own topic that somebody broke or emptied is told again', async () => {
    const { url } = await startedBroker();
    const other = await stranger(url);
    const porch = await board('porch', url);
    await porch.teach('cat');
    await porch.teach('dog');
    await vi.waitFor(async () => expect((await sharedAt(url)).size).toBe(2), patience);
    const whole = await sharedAt(url);
    await other.publishAsync(`${root}/porch/object/cat`, 'garbage', { qos: 1, retain: true });
    await other.publishAsync(`${root}/porch/object/dog`, '', { qos: 1, retain: true });
    const contents = (shared: Map<string, Buffer>) =>
      [...shared]
        .map(([topic, payload]) => [topic, digestOfPart(read(payload).parts[0]!, { space, dimension })])
        .sort();
    await vi.waitFor(async () => expect(contents(await sharedAt(url))).toEqual(contents(whole)), patience);
  });

  it('what others write of this very store is not believed: it cannot be emptied from outside', async () => {
    const { url } = await startedBroker();
    const other = await stranger(url);
    const porch = await board('porch', url);
    const { id } = await porch.teach('cat');
    await vi.waitFor(async () => expect((await sharedAt(url)).size).toBe(1), patience);
    const { replica } = porch.learner.ledger;
    const emptied = { node: 'porch', head: 'object', label: 'cat', seen: new Map([[replica, 999]]), items: new Map() };
    const elsewhere = { ...emptied, node: 'shed' };
    for (const part of [emptied, elsewhere]) {
      const payload = writeBundle({ space, dimension, node: part.node, parts: [part] });
      await other.publishAsync(`${root}/${part.node}/object/cat`, payload, { qos: 1, retain: true });
    }
    await vi.waitFor(() => expect(porch.hub.stats.rejectedLearning).toBe(2), patience);
    expect(porch.problems.join()).toMatch(/restored from an older copy/);
    expect(porch.counts).toEqual({ cat: 1 });
    expect((await porch.teach('dog')).id).toBe(`${replica}-${Number(id.split('-')[1]) + 1}`);
  });

  it('believes only whom it trusts, where that is said; a node always trusts itself', async () => {
    const { url } = await startedBroker();
    const other = await stranger(url);
    const [friend, foe] = ['friend', 'foe'].map((name) => Identity.open(join(temporaryFolder(), name)));
    const folder = temporaryFolder();
    const settings = { trusted: [friend!.publicKey] };
    const porch = await board('porch', url, { folder, settings });
    const tell = (node: string, label: string, identity?: Identity) => {
      const { payload } = forged(node, (ledger) => ledger.teach(draft(label, sample(0))), identity);
      return other.publishAsync(`${root}/${node}/object/${label}`, payload, { qos: 1, retain: true });
    };
    await tell('barn', 'dog', foe);
    await tell('attic', 'dog');
    await tell('shed', 'cat', friend);
    await vi.waitFor(() => expect(porch.counts).toEqual({ cat: 1 }), patience);
    await vi.waitFor(() => expect(porch.hub.stats.rejectedLearning).toBe(2), patience);
    expect(porch.problems.join()).toMatch(/expected a signature by a trusted key/);
    await porch.teach('parcel');
    await vi.waitFor(async () => expect((await sharedAt(url)).has(`${root}/porch/object/parcel`)).toBe(true), patience);
    await porch.stop();
    const again = await board('porch', url, { folder, settings });
    await vi.waitFor(() => expect(again.hub.stats.rejectedLearning).toBe(2), patience);
    expect(again.problems.join()).not.toMatch(/porch\/object/);
  });

  it('says when another board has the same name', async () => {
    const { url } = await startedBroker();
    const other = await stranger(url);
    const porch = await board('porch', url);
    await porch.teach('cat');
    await vi.waitFor(async () => expect((await sharedAt(url)).size).toBe(1), patience);
    const identity = Identity.open(join(temporaryFolder(), 'key'));
    const { payload } = forged('porch', (ledger) => ledger.teach(draft('cat', sample(0))), identity);
    await other.publishAsync(`${root}/porch/object/cat`, payload, { qos: 1, retain: true });
    await vi.waitFor(() => expect(porch.problems.join()).toMatch(/another board also shares .* as porch/), patience);
    // Nothing is lost meanwhile.
    expect(porch.counts).toEqual({ cat: 2 });
  });

  it('shares once the store can be opened, though nobody teaches anything then', async () => {
    const { url } = await startedBroker();
    const folder = temporaryFolder();
    const before = await Learner.open(join(folder, 'learn'), { space, dimension, node: 'porch' });
    await before.teach([{ draft: draft('cat', sample(0)) }]);
    const porch = new Board('porch', url, { folder });
    await stopping(porch).hub.start();
    await vi.waitFor(() => expect(porch.logger.lines.join()).toMatch(/not shared: .*in use by this process/), patience);
    await before.close();
    porch.learning.emit('changed');
    await vi.waitFor(async () => expect((await sharedAt(url)).size).toBe(1), patience);
  });

  it('what does not fit the ledger is refused and left at the broker; the rest is taken', async () => {
    const { url } = await startedBroker();
    const other = await stranger(url);
    const tell = async (node: string, count: number) => {
      const { payload } = forged(node, (ledger) => {
        for (let i = 0; i < count; i++) ledger.teach(draft('cat', sample(0)));
      });
      await other.publishAsync(`${root}/${node}/object/cat`, payload, { qos: 1, retain: true });
      return payload;
    };
    const large = await tell('large', 11);
    await tell('small', 3);
    const porch = await board('porch', url, { learner: { limits: { total: 10 } } });
    await vi.waitFor(() => expect(porch.counts).toEqual({ cat: 3 }), patience);
    await vi.waitFor(() => expect(porch.problems.join()).toMatch(/large.*cannot be taken in.*10 examples/), patience);
    await porch.teach('dog');
    await vi.waitFor(async () => expect((await sharedAt(url)).size).toBe(3), patience);
    expect((await sharedAt(url)).get(`${root}/large/object/cat`)).toEqual(large);
  });

  it('a poisoned node is cut out: all heads are what they were before it', async () => {
    const { url } = await startedBroker();
    const [porch, shed] = [await board('porch', url), await board('shed', url)];
    for (let i = 0; i < 8; i++) for (const label of labels) await (i % 2 ? porch : shed).teach(label);
    await agree(porch, shed);
    const before = porch.headHash();
    const evil = await board('evil', url);
    for (let i = 0; i < 8; i++) {
      const wrong = labels.map((label, place) => ({ draft: draft(label, sample((place + 1) % labels.length, 0.3)) }));
      await evil.learner.teach([wrong[0]!, ...wrong.slice(1)]);
    }
    await vi.waitFor(() => expect(shed.learner.ledger.size).toBe(16 * labels.length), patience);
    // Each example says where it is from.
    expect(shed.learner.ledger.examples().filter(({ node }) => node === 'evil')).toHaveLength(8 * labels.length);
    await porch.forget({ node: 'evil' });
    await vi.waitFor(() => expect([porch.headHash(), shed.headHash()]).toEqual([before, before]), patience);
    await vi.waitFor(() => expect(evil.learner.ledger.cutNodes()).toEqual(['evil']), patience);
    await agree(porch, shed, evil);
  });

  it('a head that came out worse is refused where a better one is in use; the same examples train the same head', async () => {
    const { url } = await startedBroker();
    const porch = await board('porch', url);
    for (let i = 0; i < 12; i++) for (const label of labels) await porch.teach(label);
    const wrong = labels.flatMap((label, place) =>
      Array.from({ length: 16 }, () => ({ draft: draft(label, sample((place + 1) % labels.length, 0.3)) })),
    );
    const clumsy = stopping(new Board('clumsy', url, { folder: temporaryFolder() }));
    await clumsy.open();
    await clumsy.learner.teach([wrong[0]!, ...wrong.slice(1)]);
    await clumsy.start();
    await vi.waitFor(() => {
      for (const { learner } of [porch, clumsy]) expect(learner.ledger.size).toBe(28 * labels.length);
      expect(porch.learner.ledger.hash()).toBe(clumsy.learner.ledger.hash());
      expect(porch.learner.summary('object').refused).toMatch(/held back/);
    }, patience);
    expect(porch.headHash()).not.toBe(clumsy.headHash());
    for (const { learner } of [porch, clumsy]) await learner.train('object', true);
    await agree(porch, clumsy);
  });

  it('goes on alone where the store or the key cannot be used', async () => {
    const { url } = await startedBroker();
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'learn.pem'), 'no key');
    const porch = await board('porch', url, { folder });
    await vi.waitFor(
      () => expect(porch.problems.join()).toMatch(/not shared: .*learn.pem: expected a private key/),
      patience,
    );
    await porch.teach('cat');
    expect(porch.counts).toEqual({ cat: 1 });
    await vi.waitFor(() => expect(porch.hub.stats.connected).toBe(true), patience);
  });
});

describe('Fleet before a connection that a test plays', () => {
  const times = { gatherMs: 1, longestMs: 10, helpMs: 1, mendMs: 1, quietMs: 5, againMs: 5 };

  async function fleet(subscribe: () => Promise<void> = async () => {}) {
    const learner = closing(await Learner.open(temporaryFolder(), { space, dimension, node: 'porch' }), (it) =>
      it.close(),
    );
    const context = new FakeContext();
    Object.assign(context.node, { learning: sharing(async () => learner) });
    const subscribed = vi.fn(subscribe);
    const unsubscribe = async () => {};
    const link = { subscribe: subscribed, unsubscribe, maximumPacketSize: Number.POSITIVE_INFINITY } as unknown as Link;
    const one = new Fleet({ times });
    one.start(context);
    context.link = link;
    one.connected(link);
    closing(one, async (it) => it.stop());
    const teach = () => learner.teach([{ draft: draft('cat', sample(0)) }]);
    return { fleet: one, context, link, learner, subscribed, teach };
  }

  it('keeps no topic whole that anybody made up', async () => {
    const { fleet: one } = await fleet();
    const receive = (topic: string) => one.receive({ topic, payload: Buffer.from('garbage'), retained: true });
    // The topic is there: until then all is a stray.
    await vi.waitFor(() => {
      receive(`${root}/x`);
      expect(one.rejected).toBeGreaterThan(0);
    }, patience);
    const before = await heapAfterCollection();
    for (let i = 0; i < 1000; i++) {
      for (const kind of ['a/b', `b/c/${'d'.repeat(100)}`]) receive(`${root}/${'x'.repeat(60_000)}${i}/${kind}`);
      receive(`ocellus/learn/${'x'.repeat(60_000)}${i}/a/b/c`);
    }
    // They had 180 MB.
    expect((await heapAfterCollection()) - before).toBeLessThan(20e6);
    expect(one.rejected).toBeGreaterThan(1999);
  });

  it('waits while much waits in the outbox', async () => {
    const { context, teach } = await fleet();
    const waiting = vi.spyOn(context, 'waiting').mockReturnValue(3 << 20);
    await teach();
    await vi.waitFor(() => expect(waiting.mock.calls.length).toBeGreaterThan(3), patience);
    expect(context.sent).toEqual([]);
    waiting.mockReturnValue(0);
    await vi.waitFor(() => expect(context.sent).toHaveLength(1), patience);
    expect(context.sent[0]).toMatchObject({ topic: `${root}/porch/object/cat`, retain: true, kind: 'learning' });
    // Without a file for a key it is not signed.
    expect(read(context.sent[0]!.payload).key).toBeUndefined();
  });

  it('tells nothing where it may not look: what lies there would be lost', async () => {
    const { context, teach } = await fleet(() => Promise.reject(new RefusedError('not authorized')));
    await vi.waitFor(() => expect(context.logger.lines.join()).toMatch(/refuses .*nothing is shared/), patience);
    await teach();
    await new Promise((resolve) => setImmediate(resolve));
    expect(context.sent).toEqual([]);
  });

  it('asks again when more came than there was room for', async () => {
    const { context, fleet: one, subscribed } = await fleet();
    await vi.waitFor(() => expect(subscribed).toHaveBeenCalledTimes(1), patience);
    for (let i = 0; i < 20; i++) {
      const message = { topic: `${root}/shed/object/${i}`, payload: Buffer.alloc(1 << 20, i), retained: true };
      expect(one.receive(message)).toBe(true);
    }
    await vi.waitFor(() => expect(subscribed).toHaveBeenCalledTimes(2), patience);
    expect(context.logger.lines.filter((line) => line.includes('than there is room for'))).toHaveLength(1);
    await vi.waitFor(() => expect(one.rejected).toBe(20), patience);
  });

  it('says what cannot be told now, and goes on', async () => {
    const { context, learner, teach } = await fleet();
    vi.spyOn(learner, 'read').mockRejectedValueOnce(new Error('a bad day'));
    await teach();
    await vi.waitFor(() => expect(context.logger.lines.join()).toMatch(/cannot be shared now: a bad day/), patience);
    await teach();
    await vi.waitFor(() => expect(context.sent.length).toBeGreaterThan(0), patience);
  });

  it('shares although it was stopped and started while its store was opened', async () => {
    const learner = closing(await Learner.open(temporaryFolder(), { space, dimension, node: 'porch' }), (it) =>
      it.close(),
    );
    let open = () => {};
    const opened = new Promise<Learner>((resolve) => (open = () => resolve(learner)));
    const context = new FakeContext();
    Object.assign(context.node, { learning: sharing(() => opened) });
    const one = new Fleet({ times });
    one.start(context);
    one.stop();
    const again = new FakeContext();
    Object.assign(again.node, { learning: (context.node as HubNode).learning });
    again.link = { subscribe: async () => {}, maximumPacketSize: Number.POSITIVE_INFINITY } as unknown as Link;
    one.start(again);
    one.connected(again.link);
    open();
    await learner.teach([{ draft: draft('cat', sample(0)) }]);
    await vi.waitFor(() => expect(again.sent).toHaveLength(1), patience);
    expect(context.sent).toEqual([]);
    one.stop();
  });
});

const bounds = { megabytes: 1, hours: 1 };
