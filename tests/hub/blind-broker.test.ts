import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Hub } from '../../sdk/hub/hub.ts';
import { readBundle } from '../../sdk/learn/ledger/bundle.ts';
import { closing } from '../support/closing.ts';
import { FakeCamera, FakeNode, mqttSettings, nodeStats } from '../support/hub.ts';
import { recorder } from '../support/recorder.ts';
import { until } from '../support/until.ts';
import { Board, dimension, space } from './extensions/fleet/board.ts';
import { FakeBroker } from './fake-broker.ts';

let broker: FakeBroker;
let url: string;
let data: string;

const root = 'homeassistant/device/ocellus_porch';
const list = () => join(data, 'retained.json');

beforeEach(async () => {
  broker = closing(await FakeBroker.start(), (it) => it.stop());
  broker.flow();
  url = broker.url;
  data = closing(mkdtempSync(join(tmpdir(), 'ocellus-retained-')), async (it) => rmSync(it, { recursive: true }));
});

async function run(cameras: FakeCamera[], folder: string | undefined = data) {
  const node = new FakeNode('porch', cameras);
  const logger = recorder();
  const settings = { ...mqttSettings(url), home_assistant: { enabled: true, prefix: 'homeassistant' } };
  const hub = closing(new Hub({ node, settings, data: folder, logger }), (it) => it.stop());
  const ticks = setInterval(() => node.emit('stats', nodeStats), 20);
  closing(ticks, async () => clearInterval(ticks));
  await hub.start();
  const stop = () => {
    clearInterval(ticks);
    return hub.stop();
  };
  return { hub, logger, stop };
}

const retainedOf = (camera: string) => [...broker.retained.keys()].filter((topic) => topic.includes(`/${camera}/`));
const componentsOf = (camera: string) =>
  JSON.parse(broker.retained.get(`${root}/${camera}/config`)?.toString() || '{"cmps":{}}').cmps as Record<
    string,
    object
  >;
const blind = (lines: string[]) => lines.filter((line) => /gives nothing of what it retains/.test(line));

/** A broker that gives nothing to wildcards, as RabbitMQ, and one that gives nothing at all. */
describe.each([
  ['to wildcards', (filter: string) => !/[+#]/.test(filter)],
  ['at all', () => false],
] as const)('a hub at a broker that tells nothing of what it retains %s', (_, tells) => {
  beforeEach(() => {
    broker.tells = tells;
  });

  it('takes back cameras and labels that are gone in another run, and says what it cannot see', async () => {
    const first = await run([new FakeCamera('door', ['person', 'cat']), new FakeCamera('shed')]);
    await until(() => 'count:cat' in componentsOf('door') && retainedOf('shed').length > 10);
    await first.stop();
    expect(blind(first.logger.lines)).toHaveLength(1);
    expect(blind(first.logger.lines)[0]).toContain(list());
    expect(blind(first.logger.lines)[0]).toContain('when a node that knows it connects again');

    const second = await run([new FakeCamera('door', ['person'])]);
    await until(() => retainedOf('shed').length === 0);
    // Of the label: its topics, and in the message of the camera its entities.
    await until(() => !broker.retained.has('ocellus/porch/door/cat/count'));
    await until(() => JSON.stringify(componentsOf('door')['count:cat']) === '{"p":"sensor"}');
    expect(broker.retained.get('ocellus/porch/door/person/count')?.toString()).toBe('0');
    await second.stop();
    expect(readFileSync(list(), 'utf8')).not.toContain('shed');
  });

  it('tells again what it knew before a broker that forgot', async () => {
    const { hub } = await run([new FakeCamera('door')]);
    await until(() => retainedOf('door').length > 10);
    broker.retained.clear();
    broker.drop();
    await until(() => hub.stats.connections === 2 && retainedOf('door').length > 10);
  });

  it('tells again what was taught when it comes back, for nodes that have come meanwhile', async () => {
    const porch = closing(new Board('porch', url, { folder: data }), (it) => it.stop());
    const told = () => broker.published.filter(({ topic }) => topic === `ocellus/learn/${space}/porch/object/cat`);
    await porch.start();
    await porch.teach('cat');
    await until(() => told().length === 1);
    broker.drop();
    await until(() => told().length === 2);
    const [first, second] = told().map(({ payload }) => readBundle(payload as Buffer, { space, dimension }));
    expect(second!.parts).toEqual(first!.parts);
  });
});

describe('the list of what is retained', () => {
  it('is not asked for where a subscription to what is below a topic is not told the topic itself, as at mochi', async () => {
    broker.tells = (filter) => !filter.endsWith('/#');
    broker.retained.set('ocellus/porch/old/status', Buffer.from('online'));
    const { logger } = await run([new FakeCamera('door')]);
    await until(() => !broker.retained.has('ocellus/porch/old/status'));
    expect(blind(logger.lines)).toEqual([]);
  });

  it('is not asked for where the broker tells', async () => {
    broker.tells = () => true;
    broker.retained.set('ocellus/porch/old/status', Buffer.from('online'));
    const { logger } = await run([new FakeCamera('door')]);
    await until(() => !broker.retained.has('ocellus/porch/old/status'));
    expect(blind(logger.lines)).toEqual([]);
  });

  it('is what there is where the broker refuses to be looked at, and the reason is that', async () => {
    broker.tells = () => true;
    broker.grant = (filter) => (filter.startsWith(root) ? 0x87 : 0);
    const { logger } = await run([new FakeCamera('door')]);
    const refused = () => logger.lines.filter((line) => /refuses the subscriptions by which/.test(line));
    await until(() => refused().length > 0);
    expect(refused()).toHaveLength(1);
    expect(refused()[0]).toContain(list());
    expect(blind(logger.lines)).toEqual([]);
  });

  it('is not said to be all there is where the broker retains nothing', async () => {
    broker.connack = { ...broker.connack, properties: { retainAvailable: false } };
    const { hub, logger } = await run([new FakeCamera('door')]);
    await until(() => broker.unsubscribed.some((filter) => filter.includes('+')));
    await until(() => hub.stats.outbox.depth === 0);
    expect(logger.lines.filter((line) => /RabbitMQ|retains nothing/.test(line))).toEqual([
      expect.stringMatching(/the broker retains nothing/),
    ]);
  });

  it('is written when something comes or goes, not when it changes', async () => {
    const door = new FakeCamera('door');
    const { stop } = await run([door]);
    await until(() => {
      try {
        return readFileSync(list(), 'utf8').includes('door/person/count');
      } catch {
        return false;
      }
    });
    await until(() => 'count:cat' in componentsOf('door') && broker.retained.has('ocellus/porch/model'));
    await stop();
    const { ino } = statSync(list());
    const again = await run([door]);
    for (let count = 1; count < 20; count++) {
      door.setCount('person', count);
      await until(() => broker.retained.get('ocellus/porch/door/person/count')?.toString() === String(count));
    }
    await until(() => 'count:cat' in componentsOf('door'));
    await again.stop();
    // Each write makes a new file.
    expect(statSync(list()).ino).toBe(ino);
  });

  it('forgets nothing before the broker has acknowledged it', async () => {
    const first = await run([new FakeCamera('door'), new FakeCamera('shed')]);
    await until(() => retainedOf('shed').length > 10);
    await first.stop();
    // A run that has no broker.
    await broker.stop();
    const second = await run([new FakeCamera('door')]);
    await second.stop();
    expect(readFileSync(list(), 'utf8')).toContain('shed');
  });

  it('empties nothing of another node, whatever the file says', async () => {
    const foreign = ['ocellus/other/door/status', 'other/thing', 'homeassistant/device/ocellus_other/config'];
    for (const topic of foreign) broker.retained.set(topic, Buffer.from('online'));
    const topics = Object.fromEntries([...foreign, 'ocellus/porch/gone/status'].map((topic) => [topic, null]));
    writeFileSync(list(), JSON.stringify({ topics }));
    broker.retained.set('ocellus/porch/gone/status', Buffer.from('online'));
    const { stop } = await run([new FakeCamera('door')]);
    await until(() => !broker.retained.has('ocellus/porch/gone/status') && retainedOf('door').length > 10);
    await stop();
    expect(foreign.filter((topic) => broker.retained.has(topic))).toEqual(foreign);
    expect(readFileSync(list(), 'utf8')).not.toContain('other');
  });

  it.each(['', '{', '[]', 'null', '{"topics":3}', '{"topics":{"a":{}}}', '\0'.repeat(100)])(
    'goes on without it where it is damaged: %j',
    async (text) => {
      writeFileSync(list(), text);
      const { stop } = await run([new FakeCamera('door')]);
      await until(() => retainedOf('door').length > 10);
      await stop();
      expect(readFileSync(list(), 'utf8')).toContain('door/person/count');
    },
  );

  it('says once that it cannot be written, and goes on', async () => {
    writeFileSync(join(data, 'file'), '');
    data = join(data, 'file');
    const { logger, stop } = await run([new FakeCamera('door')]);
    await until(() => retainedOf('door').length > 10);
    await stop();
    expect(logger.lines.filter((line) => /the list of what the broker retains, cannot be/.test(line))).toHaveLength(1);
    data = join(data, '..');
  });

  it('leaves nothing beside it that could not be written', async () => {
    mkdirSync(list());
    const { stop } = await run([new FakeCamera('door')]);
    await until(() => retainedOf('door').length > 10);
    await stop();
    expect(readdirSync(data).filter((name) => /retained|\.tmp$/.test(name))).toEqual(['retained.json']);
  });
});
