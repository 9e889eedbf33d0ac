import { Type } from '@sinclair/typebox';
import { describe, expect, it, vi } from 'vitest';
import { InputError } from '../../../../sdk/base/errors.ts';
import { Requests } from '../../../../sdk/hub/extensions/requests/requests.ts';
import { defineVerb } from '../../../../sdk/hub/extensions/requests/verbs/verb.ts';
import { FakeCamera, FakeContext } from '../../../support/hub.ts';
import { until } from '../../../support/until.ts';
import { makeRequests } from './fakes.ts';

const echo = defineVerb({
  name: 'echo',
  description: 'Gives back what it got.',
  request: Type.Object({ text: Type.Optional(Type.String({ default: 'nothing' })) }, { additionalProperties: false }),
  response: Type.Object({ text: Type.String() }),
  bare: 'text',
  run: ({ text }) => ({ text: text! }),
});

/** A verb that is done when the test says so. */
function slow() {
  const done: (() => void)[] = [];
  const verb = defineVerb({
    name: 'slow',
    description: 'Takes its time.',
    request: Type.Object({ camera: Type.Optional(Type.String()) }),
    response: Type.Object({}),
    run: () => new Promise<object>((resolve) => done.push(() => resolve({}))),
  });
  return { verb, done };
}

const nested = (depth: number) => `{"text": ${'['.repeat(depth)}${']'.repeat(depth)}}`;

describe('Requests', () => {
  it('answers with what was asked and the transaction, at QoS 0 and not retained', async () => {
    const { ask, link } = makeRequests([echo]);
    expect(await ask('echo', { text: 'a', transaction: 'x1' })).toEqual({
      status: 'ok',
      data: { text: 'a' },
      transaction: 'x1',
    });
    expect(link.published[0]).toMatchObject({ topic: 'ocellus/porch/response/echo', qos: 0, retain: false });
    expect(await ask('echo', { text: 'a', transaction: 0 })).toHaveProperty('transaction', 0);
    expect(await ask('echo', { text: 'a' })).not.toHaveProperty('transaction');
  });

  it('answers when the states are as the answer says', async () => {
    const states = new Map([['ocellus/porch/learn/state', 'before']]);
    const alter = defineVerb({
      name: 'alter',
      description: 'Changes a state.',
      request: Type.Object({}),
      response: Type.Object({ told: Type.Array(Type.String()) }),
      run: async () => {
        states.set('ocellus/porch/learn/state', 'after');
        context.retained.updateSoon();
        return { told: context.told.map(([, value]) => value) };
      },
    });
    const { ask, context, answers } = makeRequests([alter]);
    context.sources.push({ filters: [], wanted: () => states, isStale: () => false });
    context.retained.update();
    expect(await ask('alter')).toEqual({ status: 'ok', data: { told: ['before'] } });
    expect([answers().length, context.told.at(-1)?.[1]]).toEqual([1, 'after']);
  });

  it.each([
    ['', 'nothing'],
    [' \n', 'nothing'],
    ['{}', 'nothing'],
    ['\uFEFF{}', 'nothing'],
    ['bare text', 'bare text'],
    ['"quoted"', 'quoted'],
    ['{"text": "__proto__"}', '__proto__'],
  ])('takes the payload %j', async (payload, text) => {
    const { ask } = makeRequests([echo]);
    expect(await ask('echo', payload)).toEqual({ status: 'ok', data: { text } });
  });

  it.each([
    ['bytes', Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), 'not UTF-8'],
    ['too many bytes', Buffer.alloc(64 * 1024 + 1, ' '), 'at most 65536 bytes, got 65537'],
    ['a cut object', '{"text": "a"', 'not JSON'],
    ['a list', '[1]', 'expected fields in braces, got [1]'],
    ['a wrong type', '{"text": 7}', 'text: expected text, got 7'],
    ['an unknown field', '{"txet": "a"}', 'txet: no such field; expected one of text'],
    ['a way to the prototype', '{"__proto__": {"text": "a"}}', '__proto__: no such field'],
    ['one further in', '{"text": {"a": [{"__proto__": 1}]}}', '__proto__: no such field'],
    ['many levels', nested(17), 'at most 16 levels'],
    ['a great many levels', nested(30_000), 'at most 16 levels'],
  ])('says what is wrong with %s, and nothing more happens', (_, payload, error) => {
    const { send, answers, link, requests, logger } = makeRequests([{ ...echo, bare: undefined } as typeof echo]);
    expect(send('echo', payload)).toBe(true);
    expect(answers()).toHaveLength(1);
    expect(answers()[0]).toMatchObject({ status: 'error', data: {}, error: expect.stringContaining(error) });
    expect(answers()[0]!.error!.length).toBeLessThanOrEqual(1000);
    expect(link.published).toHaveLength(1);
    expect(requests.rejected).toBe(1);
    expect(logger.lines).toHaveLength(1);
    expect(({} as { text?: unknown }).text).toBeUndefined();
  });

  it.each([{}, [], null, true, 'x'.repeat(129)])('refuses the transaction %j', (transaction) => {
    const { send, answers } = makeRequests([echo]);
    send('echo', { text: 'a', transaction });
    expect(answers()).toEqual([
      { status: 'error', data: {}, error: expect.stringContaining('transaction: expected a number, or text of') },
    ]);
  });

  it('knows the transaction of a request that is wrong', () => {
    const { send, answers } = makeRequests();
    send('snapshot', { transaction: 5 });
    send('dance', { transaction: 6 });
    expect(answers()).toMatchObject([
      { error: expect.stringContaining('camera: expected text'), transaction: 5 },
      {
        error: expect.stringMatching(/^there is no such verb; expected one of info, state, .*, accept, settle$/),
        transaction: 6,
      },
    ]);
  });

  it('takes its own topics only, and makes no topic of a name that is none', () => {
    const { requests, link, send } = makeRequests();
    for (const topic of ['ocellus/porch/request', 'ocellus/porch/request/a/b', 'ocellus/porch/door/detect/set', '']) {
      expect(requests.receive({ topic, payload: Buffer.alloc(0), retained: false })).toBe(false);
    }
    for (const verb of ['Info', '', '$x', 'a b', 'x'.repeat(1000)]) expect(send(verb)).toBe(true);
    expect(link.published).toEqual([]);
    expect(requests.rejected).toBe(5);
  });

  it('does not obey a retained request', async () => {
    const { send, link, camera, requests } = makeRequests();
    expect(send('restart', { camera: 'door' }, { retained: true })).toBe(true);
    await new Promise(setImmediate);
    expect([camera.restarts, link.published.length, requests.rejected]).toEqual([0, 0, 0]);
  });

  it('answers on the response topic of MQTT 5, with the correlation data', async () => {
    const { ask, link } = makeRequests([echo]);
    const correlationData = Buffer.from([1, 2, 3]);
    await ask('echo', {}, { responseTopic: 'ocellus/porch/response/app/7', correlationData });
    expect(link.published[0]).toMatchObject({ topic: 'ocellus/porch/response/app/7', correlationData });
    await ask('echo', {}, { correlationData });
    expect(link.published[1]).toMatchObject({ topic: 'ocellus/porch/response/echo', correlationData });
  });

  it.each([
    'ocellus/porch/door/detect/set',
    'ocellus/porch/request/restart',
    'ocellus/attic/response/x',
    'ocellus/porch/response',
    'ocellus/porch/response/+',
    'ocellus/porch/response/#',
    'zigbee2mqtt/lamp/set',
    '$SYS/x',
    '',
    `ocellus/porch/response/${'x'.repeat(256)}`,
  ])('is not lured to answer on %j', async (responseTopic) => {
    const { send, answers, link, camera } = makeRequests();
    send('restart', { camera: 'door' }, { responseTopic });
    await new Promise(setImmediate);
    expect(link.published.map(({ topic }) => topic)).toEqual(['ocellus/porch/response/restart']);
    expect(answers()[0]!.error).toBe('response topic: expected one below ocellus/porch/response/ of at most 256 bytes');
    expect(camera.restarts).toBe(0);
  });

  it('refuses correlation data without end', () => {
    const { send, link } = makeRequests();
    send('info', {}, { correlationData: Buffer.alloc(1025) });
    expect(link.published[0]!.correlationData).toBeUndefined();
    expect(String(link.published[0]!.payload)).toContain('correlation data: expected at most 1024 bytes');
  });

  it('runs one request of a verb and camera at a time, lets some wait and is busy beyond', async () => {
    const { verb, done } = slow();
    const { send, answers } = makeRequests([verb]);
    for (let i = 0; i < 6; i++) send('slow', { camera: 'door', transaction: i });
    send('slow', { camera: 'yard', transaction: 'yard' });
    expect(done).toHaveLength(2);
    expect(answers()).toMatchObject([{ error: expect.stringContaining('busy'), transaction: 5 }]);
    done[1]!();
    done[0]!();
    await until(() => done.length === 3);
    for (let next = 2; next < 6; next++) {
      await until(() => done.length > next);
      done[next]!();
    }
    await until(() => answers().length === 7);
    const transactions = answers().map(({ transaction }) => transaction);
    expect(transactions.slice(1).filter((one) => one !== 'yard')).toEqual([0, 1, 2, 3, 4]);
    // There is room again.
    send('slow', { camera: 'door' });
    expect(done).toHaveLength(7);
  });

  it('has a bound over all verbs and cameras', () => {
    const { verb, done } = slow();
    const { send, answers } = makeRequests([verb]);
    for (let i = 0; i < 40; i++) send('slow', { camera: `camera-${i}` });
    expect(done).toHaveLength(32);
    expect(answers()).toHaveLength(8);
  });

  it('gives up on a request that takes too long, and on those behind it', async () => {
    vi.useFakeTimers();
    try {
      const { verb, done } = slow();
      const { send, answers } = makeRequests([verb]);
      send('slow', { transaction: 1 });
      send('slow', { transaction: 2 });
      await vi.advanceTimersByTimeAsync(30_000);
      expect(answers()).toMatchObject([
        { error: 'it took longer than 30 s', transaction: 1 },
        { error: 'it took longer than 30 s', transaction: 2 },
      ]);
      done[0]!();
      await vi.advanceTimersByTimeAsync(0);
      expect([done.length, answers().length]).toEqual([1, 2]);
      send('slow', { transaction: 3 });
      done[1]!();
      await vi.advanceTimersByTimeAsync(0);
      expect(answers().at(-1)).toEqual({ status: 'ok', data: {}, transaction: 3 });
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('does not answer a flood with a flood', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const { send, answers, requests, logger, link } = makeRequests([echo]);
      for (let i = 0; i < 10_000; i++) send('echo', '{');
      expect(answers()).toHaveLength(20);
      for (let i = 0; i < 1000; i++) {
        send('echo');
        await new Promise(setImmediate);
      }
      expect(link.published).toHaveLength(120);
      expect(requests.rejected).toBe(10_900);
      expect(logger.lines.length).toBeLessThan(30);
      // And it is itself again a little later.
      vi.advanceTimersByTime(1000);
      send('echo', '{');
      send('echo', 'a');
      await new Promise(setImmediate);
      expect(answers().slice(120)).toMatchObject([{ status: 'error' }, { status: 'ok', data: { text: 'a' } }]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('reads 60 kB that look like passwords as quickly as any other text', () => {
    const { send, requests, answers } = makeRequests([echo]);
    // The square of it took 13 s; of a thousand of them nobody would see the end.
    for (let i = 0; i < 1000; i++) send('echo', { text: ['?pass'.repeat(12_000)], ['?pwd'.repeat(1000)]: i });
    expect(requests.rejected).toBe(1000);
    for (const { error } of answers()) expect(error!.length).toBeLessThanOrEqual(1000);
  });

  it('tells a fault of a verb, without passwords', async () => {
    const broken = { ...echo, run: () => Promise.reject(new TypeError('no rtsp://me:secret@door')) };
    const { ask, logger } = makeRequests([broken]);
    expect(await ask('echo')).toEqual({ status: 'error', data: {}, error: 'no rtsp://me:***@door' });
    expect(logger.lines.join()).not.toContain('secret');
  });

  it('drops answers that nobody takes, and says when one is too large', async () => {
    const { send, ask, link, context } = makeRequests([echo]);
    link.unsent = 2 ** 21;
    send('echo');
    link.unsent = 0;
    context.link = undefined;
    send('echo');
    await new Promise(setImmediate);
    expect(link.published).toEqual([]);
    context.link = link as never;
    link.maximumPacketSize = 200;
    expect(await ask('echo', { text: 'x'.repeat(300) })).toMatchObject({
      error: expect.stringMatching(/the answer has/),
    });
    link.maximumPacketSize = 20;
    send('echo');
    await new Promise(setImmediate);
    expect(link.published).toHaveLength(1);
  });

  it('answers nobody after its end', async () => {
    const { verb, done } = slow();
    const { send, requests, link } = makeRequests([verb]);
    send('slow');
    requests.stop();
    done[0]!();
    await new Promise(setImmediate);
    expect([link.published.length, send('info'), requests.subscriptions.length]).toEqual([0, false, 0]);
  });

  it('says which verb has no name of its own', () => {
    expect(() => new Requests([echo, { ...echo }])).toThrow('verb echo: expected a name of its own');
    expect(() => new Requests([{ ...echo, name: 'A' }])).toThrow('verb A: expected');
    expect(() => new Requests([{ ...echo, name: 'view' }])).toThrow('none of status, motion, view');
    const requests = new Requests([echo]);
    requests.start(new FakeContext([new FakeCamera('door')]));
    expect(requests.subscriptions).toEqual([{ filter: 'ocellus/porch/request/+', retained: false }]);
  });

  it('takes an InputError as the asker’s mistake', async () => {
    const strict = { ...echo, run: () => Promise.reject(new InputError('text: expected another one')) };
    const { ask } = makeRequests([strict]);
    expect(await ask('echo', { transaction: 1 })).toEqual({
      status: 'error',
      data: {},
      error: 'text: expected another one',
      transaction: 1,
    });
  });
});
