import { describe, expect, it } from 'vitest';
import * as devices from '../../sdk/devices.ts';
import * as hub from '../../sdk/hub.ts';
import * as ocellus from '../../sdk/index.ts';
import * as learn from '../../sdk/learn.ts';
import * as vision from '../../sdk/vision.ts';
import { FakeModel } from '../pipeline/fakes.ts';
import { temporaryFolder } from '../support/folders.ts';

/** Exported classes whose objects are to be closed or stopped. */
const closed = [devices, hub, ocellus, learn, vision].flatMap((entry) =>
  Object.entries(entry).flatMap(([name, value]) => {
    const prototype: object | undefined = typeof value === 'function' ? value.prototype : undefined;
    return prototype && ('close' in prototype || 'stop' in prototype) ? [{ name, prototype }] : [];
  }),
);

describe('what is closed or stopped', () => {
  it('is found', () => {
    const names = closed.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['Pipeline', 'Node', 'Hub', 'Learner', 'Recorder', 'Model']));
  });

  it.each(closed)('$name ends with its block: using, or await using', ({ prototype }) => {
    expect(Symbol.asyncDispose in prototype || Symbol.dispose in prototype).toBe(true);
  });
});

describe('at the end of its block', () => {
  it('a pipeline stops', async () => {
    let status: string;
    const pipeline = new ocellus.Pipeline({ source: 'scene:', model: new FakeModel() });
    {
      await using running = pipeline;
      await running.start();
      status = running.status;
    }
    expect(status).toBe('online');
    expect(pipeline.device).toBeUndefined();
  });

  it('a node and its hub stop, and so does the broker', async () => {
    const node = new ocellus.Node(ocellus.resolveSettings({ cameras: { hall: { source: 'scene:' } } }), {
      model: new FakeModel(),
    });
    await using broker = await ocellus.startBroker({ port: 0 });
    const hubOf = () => new ocellus.Hub({ node, settings: { ...node.settings.mqtt, broker: broker.url } });
    const hub = hubOf();
    {
      await using running = node;
      await using telling = hub;
      await running.start({ before: () => telling.start() });
      expect(running.pipelines.get('hall')!.status).toBe('online');
    }
    expect(hub.stats.connected).toBe(false);
    expect(() => node.model).toThrow('await start() first');
    const { port } = broker;
    await broker[Symbol.asyncDispose]();
    // The port is free.
    await using next = await ocellus.startBroker({ port });
    expect(next.port).toBe(port);
  });

  it('a learner closes, and its folder is free', async () => {
    const folder = temporaryFolder();
    const options = { space: 'test', dimension: 2, node: 'a' };
    for (const _ of [1, 2]) {
      await using learner = await ocellus.Learner.open(folder, options);
      await expect(ocellus.Learner.open(folder, options)).rejects.toThrow();
      expect(learner.heads).toBeDefined();
    }
  });
});
