import { describe, expect, it } from 'vitest';
import { packageVersion } from '../../../../sdk/base/assets.ts';
import { History } from '../../../../sdk/history/history.ts';
import { objectState } from '../../../vision/fakes.ts';
import { makeRequests } from './fakes.ts';

describe('info', () => {
  it('says what the node is', async () => {
    const { ask, camera } = makeRequests();
    camera.setStatus('offline');
    expect(await ask('info')).toEqual({
      status: 'ok',
      data: {
        version: packageVersion(),
        node: 'porch',
        model: 'nanodet',
        kernels: expect.stringMatching(/^(native|TypeScript)/),
        uptime_seconds: 1,
        cameras: [
          { camera: 'door', status: 'offline' },
          { camera: 'yard', status: 'online' },
        ],
        verbs: [
          ...['info', 'state', 'snapshot', 'change', 'events', 'why', 'restart', 'update'],
          ...['teach', 'list', 'relabel', 'forget', 'withdraw', 'rollback', 'accept', 'settle'],
        ],
      },
    });
  });
});

describe('why', () => {
  it('tells what became of the objects of a camera, or of all', async () => {
    const { ask } = makeRequests();
    const one = { label: 'cat', fate: 'median_below', told_up_to: 0.45, box: [0.1, 0.2, 0.3, 0.4] };
    const door = { camera: 'door', seconds: 60, objects: [one] };
    expect(await ask('why', 'door')).toMatchObject({ status: 'ok', data: { cameras: [door] } });
    const { data } = await ask('why');
    expect((data as { cameras: { camera: string }[] }).cameras.map(({ camera }) => camera)).toEqual(['door', 'yard']);
    expect(await ask('why', 'attic')).toMatchObject({ status: 'error' });
  });
});

describe('events', () => {
  it('tells past events page by page, of what fits', async () => {
    const { ask, context } = makeRequests();
    const history = new History({ settings: { enabled: true, days: 30, megabytes: 1 } });
    context.node.history = history;
    for (const [id, over] of [
      ['a', {}],
      ['b', { label: 'cat', sub_label: 'my cat', entered_zones: ['sofa'] }],
      ['c', { label: 'cat' }],
    ] as const) {
      history.add({ type: 'new', after: objectState({ id, ...over, entered_zones: [...(over.entered_zones ?? [])] }) });
    }
    const found = async (request: object | string) => {
      const { status, data, error } = await ask('events', request);
      if (status !== 'ok') return error;
      const { events, next } = data as { events: { id: string }[]; next: string | null };
      return [events.map(({ id }) => id), next];
    };
    expect(await found({})).toEqual([['c', 'b', 'a'], null]);
    expect(await found({ limit: 2 })).toEqual([['c', 'b'], 'b']);
    expect(await found({ limit: 2, before: 'b' })).toEqual([['a'], null]);
    expect(await found({ label: 'cat', zone: 'sofa' })).toEqual([['b'], null]);
    expect(await found({ name: 'my cat' })).toEqual([['b'], null]);
    expect(await found('yard')).toEqual([[], null]);
    expect(await found({ day: '2026-02-30' })).toBe('expected a day such as 2026-12-01, got "2026-02-30"');
    expect(await found({ day: 'today' })).toContain('day');
    expect(await found({ limit: 101 })).toContain('limit');
    context.node.history = undefined;
    expect(await found({})).toBe('this node has no history of events');
  });
});

describe('state', () => {
  it('tells counts and settings, without the password of the source', async () => {
    const { ask, camera } = makeRequests();
    camera.settings = { ...camera.settings, source: 'rtsp://me:secret@door/1' };
    camera.setCount('person', 2, 'steps');
    expect(await ask('state', 'door')).toMatchObject({
      data: {
        camera: 'door',
        status: 'online',
        moving: false,
        counts: [{ label: 'person', count: 0 }, { label: 'cat' }, { label: 'person', zone: 'steps', count: 2 }],
        settings: { source: 'rtsp://me:***@door/1', detect: { threshold: 0.6 } },
      },
    });
  });

  it('names the cameras there are', async () => {
    const { ask } = makeRequests();
    for (const name of ['shed', 'constructor', '__proto__']) {
      const { error } = await ask('state', { camera: name });
      expect(error).toBe('there is no such camera; expected one of door, yard');
    }
  });
});

describe('snapshot', () => {
  it('puts the picture on its topic, retained, before the answer', async () => {
    const { ask, camera, link, context } = makeRequests();
    let asked: unknown;
    camera.snapshot = async (options?: unknown) => {
      asked = options;
      return Buffer.from('picture');
    };
    const topic = 'ocellus/porch/door/view';
    expect(await ask('snapshot', 'door')).toMatchObject({ data: { camera: 'door', topic, bytes: 7 } });
    expect(link.published[0]).toMatchObject({ topic, payload: Buffer.from('picture'), qos: 0, retain: true });
    expect(asked).toEqual({ maxHeight: 480, quality: 80 });
    await ask('snapshot', { camera: 'door', height: 64, quality: 10 });
    expect(asked).toEqual({ maxHeight: 64, quality: 10 });
    await ask('snapshot', { camera: 'door', still: true });
    expect(asked).toEqual({ quality: 80, still: true });
    // It is known to be at the broker, so that it can be emptied when the camera is gone.
    context.sources.push({ filters: [], wanted: () => new Map(), isStale: () => true });
    context.retained.update();
    expect(context.told).toEqual([[topic, '']]);
  });

  it.each([
    [{ camera: 'door', height: 31 }, 'height: expected a whole number from 32 to 4320, got 31'],
    [{ camera: 'door', quality: 80.5 }, 'quality: expected a whole number from 1 to 100, got 80.5'],
    [{ camera: 'door', quality: null }, 'quality: expected a whole number from 1 to 100, got null'],
    [{ camera: ['door'] }, 'camera: expected text of 1 to 32 characters, got ["door"]'],
  ])('refuses %j', async (request, error) => {
    const { ask, link } = makeRequests();
    expect((await ask('snapshot', request)).error).toContain(error);
    expect(link.published).toHaveLength(1);
  });

  it('says why there is none', async () => {
    const { ask, camera, link } = makeRequests();
    camera.jpeg = undefined;
    expect((await ask('snapshot', 'door')).error).toBe('camera door has given no picture yet');
    camera.jpeg = Buffer.alloc(5000);
    link.maximumPacketSize = 4096;
    expect((await ask('snapshot', 'door')).error).toMatch(/the broker takes 4096; ask for a smaller one$/);
    expect(link.published.every(({ retain }) => !retain)).toBe(true);
  });
});

describe('change', () => {
  it('changes what is named and answers with all settings', async () => {
    const { ask, camera } = makeRequests();
    const steps = { polygon: [[0, 0], [1, 0], [1, 1]] }; // biome-ignore format: one shape
    const change = { detect: { threshold: 0.7 }, zones: { steps } };
    expect(await ask('change', { camera: 'door', change })).toMatchObject({
      data: {
        camera: 'door',
        settings: { detect: { threshold: 0.7, fps: 10 }, zones: { steps: { inertia_seconds: 0.2 } } },
      },
    });
    // The change as it came: defaults are not filled in, or they would overwrite what is set.
    expect(camera.changes).toEqual([change]);
  });

  it.each([
    [{ detect: { threshold: 2 } }, 'change.detect.threshold: expected a number from 0 to 1, got 2'],
    [{ sauce: 'x' }, 'change.sauce: no such field'],
    [{ zones: { A: { polygon: [] } } }, 'change.zones.A: no such field'],
    [
      { learn: { states: { set: {} } } },
      'change.learn.states.set: no such field; expected a name of lower-case letters',
    ],
    [{ zones: { a: {} } }, 'change.zones.a.polygon: expected a list of at least 3'],
    [[], 'change: expected fields'],
    [null, 'change: expected fields'],
  ])('refuses %j', async (change, error) => {
    const { ask, camera } = makeRequests();
    expect((await ask('change', { camera: 'door', change })).error).toContain(error);
    expect(camera.changes).toEqual([]);
  });

  it('takes a masked source for no change, and no other', async () => {
    const { ask, camera } = makeRequests();
    camera.settings = { ...camera.settings, source: 'rtsp://me:secret@door/1' };
    const settings = { source: 'rtsp://me:***@door/1', loop: false };
    expect(await ask('change', { camera: 'door', change: settings })).toMatchObject({ data: { settings } });
    expect(camera.settings.source).toBe('rtsp://me:secret@door/1');
    const other = await ask('change', { camera: 'door', change: { source: 'rtsp://me:***@door/2' } });
    expect(other.error).toContain('write it in full in place of ***');
  });
});

describe('restart', () => {
  it('restarts one camera', async () => {
    const { ask, camera, context } = makeRequests([], { restartProcess: () => expect.fail('not the process') });
    expect(await ask('restart', 'door')).toEqual({ status: 'ok', data: { process: false, cameras: ['door'] } });
    expect([camera.restarts, context.node.pipelines.get('yard')!.restarts]).toEqual([1, 0]);
  });

  it('ends the process where someone starts it again', async () => {
    let ended = 0;
    const { ask, camera } = makeRequests([], { restartProcess: () => ended++ });
    expect(await ask('restart')).toEqual({ status: 'ok', data: { process: true, cameras: [] } });
    expect([ended, camera.restarts]).toEqual([1, 0]);
  });

  it('else restarts the cameras that are enabled', async () => {
    const { ask, camera } = makeRequests();
    camera.settings = { ...camera.settings, enabled: false };
    expect(await ask('restart')).toMatchObject({ data: { process: false, cameras: ['yard'] } });
    expect(camera.restarts).toBe(0);
  });
});
