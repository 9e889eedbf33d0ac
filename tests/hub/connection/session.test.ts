import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { type EmbeddedBroker, startBroker } from '../../../sdk/hub/broker/broker.ts';
import { brokerAddress } from '../../../sdk/hub/connection/address.ts';
import { RefusedError } from '../../../sdk/hub/connection/link.ts';
import { type Incoming, Session } from '../../../sdk/hub/connection/session.ts';
import { freePort } from '../../support/ports.ts';
import { recorder } from '../../support/recorder.ts';
import { until } from '../../support/until.ts';
import { FakeBroker } from '../fake-broker.ts';
import { Subscriber } from '../subscriber.ts';

const secret = 'geheim-4711';
let broker: FakeBroker;
let session: Session | undefined;
let embedded: EmbeddedBroker | undefined;

beforeEach(async () => {
  broker = await FakeBroker.start();
});

afterEach(async () => {
  vi.useRealTimers();
  await session?.stop(false);
  await embedded?.stop();
  embedded = undefined;
  await broker.stop();
});

function make(url = broker.url) {
  const logger = recorder();
  session = new Session({
    address: brokerAddress(url, { username: 'ann', password: secret }),
    clientId: 'ocellus-porch',
    will: { topic: 'ocellus/porch/status', payload: 'offline' },
    logger,
  });
  return { session, logger };
}

/**
 * Where setTimeout is a fake: waits until the broker has ended the n-th connection and a next try is planned, then jumps
 * to it. @returns How long it would have taken, ms.
 */
async function nextTry(n: number): Promise<number> {
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  while (broker.connects.length < n || broker.connections > 0) await turn();
  // This side notices the end as well.
  for (let i = 0; i < 20 || vi.getTimerCount() !== 1; i++) await turn();
  const before = Date.now();
  await vi.advanceTimersToNextTimerAsync();
  return Date.now() - before;
}

const fakeClock = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
const versions = () => broker.connects.map(({ protocolVersion }) => protocolVersion);

describe('Session', () => {
  it('connects with MQTT 5, a session of an hour, a fixed id and a last will', async () => {
    const { session, logger } = make();
    session.start();
    session.start();
    await until(() => session.link !== undefined);
    expect(broker.connects).toHaveLength(1);
    expect(broker.connects[0]).toMatchObject({
      protocolVersion: 5,
      clean: false,
      properties: { sessionExpiryInterval: 3600 },
      clientId: 'ocellus-porch',
      username: 'ann',
      will: { topic: 'ocellus/porch/status', payload: Buffer.from('offline'), qos: 1, retain: true },
    });
    expect(String(broker.connects[0]!.password)).toBe(secret);
    expect(session.link!.version).toBe(5);
    expect(session.connections).toBe(1);
    expect(logger.lines).toEqual([`info MQTT: connected to ${broker.url} (MQTT 5)`]);
  });

  it('falls back to 3.1.1 where the broker says that it does not speak 5, at once and without a word', async () => {
    broker.onConnect = ({ protocolVersion }, send) =>
      send({ cmd: 'connack', sessionPresent: false, returnCode: protocolVersion === 5 ? 1 : 0, reasonCode: 132 });
    const { session, logger } = make();
    session.start();
    await until(() => session.link !== undefined);
    expect(versions()).toEqual([5, 4]);
    // Such a session would never end.
    expect(broker.connects[1]!.clean).toBe(true);
    expect(session.link!.version).toBe(4);
    expect(logger.lines).toEqual([`info MQTT: connected to ${broker.url} (MQTT 3.1.1)`]);
  });

  it('falls back where the broker just closes', async () => {
    broker.onConnect = ({ protocolVersion }, send, socket) => {
      if (protocolVersion === 5) socket.end();
      else send({ cmd: 'connack', ...broker.connack });
    };
    const { session } = make();
    session.start();
    await until(() => session.link !== undefined);
    expect(versions()).toEqual([5, 5, 4]);
    // It may have been a broker that was just starting.
    broker.onConnect = (_, send) => send({ cmd: 'connack', ...broker.connack });
    broker.drop();
    await until(() => session.connections === 2);
    expect(session.link!.version).toBe(5);
  });

  it('falls back where the broker does not answer, and remembers it, for a short time first', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
    // As amqtt 0.12.1 does with a last will.
    broker.onConnect = ({ protocolVersion }, send) => {
      if (protocolVersion === 4) send({ cmd: 'connack', ...broker.connack });
    };
    const { session, logger } = make();
    const turns = async () => {
      for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    };
    const connect = async () => {
      const { connections } = session;
      while (session.connections === connections) {
        await turns();
        await vi.advanceTimersByTimeAsync(1000);
      }
    };
    const reconnect = async (afterMs: number) => {
      await vi.advanceTimersByTimeAsync(afterMs);
      broker.drop();
      await turns();
      await connect();
    };
    session.start();
    await connect();
    expect(versions()).toEqual([5, 4]);
    await reconnect(60_000);
    expect(versions()).toEqual([5, 4, 4]);
    await reconnect(10 * 60_000);
    expect(versions()).toEqual([5, 4, 4, 5, 4]);
    await reconnect(20 * 3_600_000);
    expect(versions()).toEqual([5, 4, 4, 5, 4, 4]);
    await reconnect(5 * 3_600_000);
    expect(versions()).toEqual([5, 4, 4, 5, 4, 4, 5, 4]);
    expect(logger.lines.filter((line) => line.includes('no connection'))).toHaveLength(4);
  });

  it('goes on with MQTT 5 when a broker that spoke it was silent for a while', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
    const { session } = make();
    const attempts = async (n: number) => {
      while (broker.connects.length < n || session.link === undefined) {
        await new Promise((resolve) => setImmediate(resolve));
        await vi.advanceTimersByTimeAsync(1000);
      }
    };
    session.start();
    await attempts(1);
    // The network is half open: what is sent arrives and nothing comes back, until between an attempt with 5 and one with 3.1.1.
    broker.onConnect = ({ protocolVersion }, send) => {
      if (protocolVersion === 5) return;
      broker.onConnect = (_, answer) => answer({ cmd: 'connack', ...broker.connack });
      send({ cmd: 'connack', ...broker.connack });
    };
    broker.drop();
    await attempts(4);
    expect(versions()).toEqual([5, 5, 4, 5]);
    expect(session.link!.version).toBe(5);
    // One that speaks 3.1.1 alone has taken its place: that is asked once more, and believed.
    broker.onConnect = ({ protocolVersion }, send) => {
      if (protocolVersion === 4) send({ cmd: 'connack', ...broker.connack });
    };
    broker.drop();
    await attempts(8);
    expect(versions().slice(4)).toEqual([5, 4, 5, 4]);
    expect(session.link!.version).toBe(4);
  });

  it('says that nothing answers, once, where no version is answered', async () => {
    fakeClock();
    broker.onConnect = () => {};
    const { session, logger } = make();
    session.start();
    while (broker.connects.length < 6) {
      await new Promise((resolve) => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(new Set(versions())).toEqual(new Set([4, 5]));
    expect(logger.lines).toEqual([expect.stringMatching(/takes the connection and does not answer; is this the port/)]);
  });

  it('hears each end of a connection that it can tell no reason of once, not a pair of lines each time', async () => {
    const { session, logger } = make();
    session.start();
    for (let n = 1; n <= 6; n++) {
      await until(() => session.link !== undefined && session.connections === n);
      session.link!.close('the same again');
      await until(() => session.link === undefined);
    }
    expect(logger.lines).toEqual([
      expect.stringMatching(/^info MQTT: connected/),
      expect.stringMatching(/^warn MQTT: no connection .*: the same again\./),
    ]);
  });

  it('says that it is connected again when the connection has lasted', async () => {
    const { session, logger } = make();
    session.start();
    await until(() => session.connections === 1);
    session.link!.close('why');
    await until(() => session.link === undefined);
    fakeClock();
    while (session.connections < 2) {
      await new Promise((resolve) => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(logger.lines).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(11_000);
    expect(logger.lines[2]).toMatch(/^info MQTT: connected/);
  });

  it.each([4, 5] as const)(
    'goes without the last will where MQTT %i brokers close at it, and says so',
    async (version) => {
      broker.onConnect = ({ will, protocolVersion }, send, socket) => {
        if (will || protocolVersion !== version) socket.destroy();
        else send({ cmd: 'connack', ...broker.connack });
      };
      fakeClock();
      const { session, logger } = make();
      session.start();
      while (!session.link) {
        await new Promise((resolve) => setImmediate(resolve));
        await vi.advanceTimersByTimeAsync(100);
      }
      expect(logger.lines.at(-1)).toMatch(/takes the last will on ocellus\/porch\/status not at all/);
      expect(session.connections).toBe(1);
      // With the whole will it was tried again before it was believed.
      expect(broker.connects.at(-2)!.will).toBeDefined();
    },
  );

  it('goes without the last will where the broker calls that not authorized, and not where it is the password', async () => {
    fakeClock();
    let isPasswordWrong = true;
    broker.onConnect = ({ will }, send) => {
      const reasonCode = isPasswordWrong || will ? 135 : 0;
      send({ cmd: 'connack', sessionPresent: false, reasonCode });
    };
    const { session, logger } = make();
    session.start();
    const step = async () => {
      await new Promise((resolve) => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(1000);
    };
    while (broker.connects.length < 6) await step();
    expect(logger.lines).toHaveLength(1);
    isPasswordWrong = false;
    while (!session.link) await step();
    expect(logger.lines.at(-1)).toMatch(/takes the last will .* not at all/);
  });

  it('keeps the last will where the broker only came back meanwhile', async () => {
    let isDown = true;
    broker.onConnect = ({ will }, send, socket) => {
      if (isDown && !will) isDown = false;
      if (isDown) socket.destroy();
      else send({ cmd: 'connack', ...broker.connack });
    };
    fakeClock();
    const { session, logger } = make();
    session.start();
    while (!session.link) {
      await new Promise((resolve) => setImmediate(resolve));
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(broker.connects.at(-1)!.will).toMatchObject({ qos: 1, retain: true });
    expect(logger.lines.join()).not.toMatch(/last will/);
  });

  it('reads acknowledgements with reason codes that the standard does not list there', async () => {
    const { session } = make();
    broker.refuse = (topic) => Number(topic);
    broker.grant = (filter) => Number(filter);
    broker.flow();
    session.start();
    await until(() => session.link !== undefined);
    const link = session.link!;
    for (const code of [0x80, 0x8f, 0x95, 0x9b, 0xa2, 0xff]) {
      await expect(link.publish(String(code), 'x', { qos: 1, retain: false })).rejects.toThrow(RefusedError);
      await expect(link.subscribe([String(code)], { qos: 1, retained: false })).rejects.toThrow(RefusedError);
    }
    expect(session.connections).toBe(1);
    expect(session.link).toBe(link);
  });

  it('makes another connection when what comes is malformed', async () => {
    const { session, logger } = make();
    session.start();
    await until(() => session.link !== undefined);
    // PUBREC with flags that it must not have.
    broker.sendBytes(Buffer.from([0x5f, 2, 0, 1]));
    await until(() => session.connections === 2);
    expect(logger.lines[1]).toMatch(/what it sends is not MQTT/);
  });

  it('speaks 5 with the embedded broker', async () => {
    embedded = await startBroker({ port: 0 });
    const { session } = make(embedded.url);
    session.start();
    await until(() => session.link !== undefined);
    expect(session.link!.version).toBe(5);
    await session.link!.publish('a', 'x', { qos: 1, retain: false });
  });

  it('leaves out a message that is too large under 3.1.1, and takes what is behind it over the same connection', async () => {
    broker.onConnect = ({ protocolVersion }, send) =>
      send({ cmd: 'connack', sessionPresent: false, returnCode: protocolVersion === 5 ? 1 : 0, reasonCode: 132 });
    const { session, logger } = make();
    const got: Incoming[] = [];
    session.on('message', (message) => got.push(message));
    session.start();
    await until(() => session.link !== undefined);
    const publish = (topic: string, bytes: number) =>
      broker.send({ cmd: 'publish', topic, payload: Buffer.alloc(bytes), qos: 0, dup: false, retain: true });
    publish('large', 80 << 20);
    for (let i = 0; i < 30; i++) publish(`large/${i}`, 5 << 20);
    publish('a', 4 << 10);
    await until(() => got.length > 0);
    expect(got.map(({ topic }) => topic)).toEqual(['a']);
    const said = logger.lines.filter((line) => line.includes('is left out'));
    expect(said[0]).toBe('error MQTT: "large": a message of 83886087 bytes is left out, at most 4194304 are taken');
    expect(said.length).toBeLessThan(25);
    expect(session.connections).toBe(1);
  });

  it('speaks through a WebSocket, with the path and the login of the URL', async () => {
    const { Aedes } = await import('aedes');
    const aedes = await Aedes.createBroker({
      authenticate: (_, username, password, done) => done(null, `${username}:${password}` === `ann:${secret}`),
    });
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/mqtt' });
    await once(server, 'listening');
    server.on('connection', (socket) => aedes.handle(createWebSocketStream(socket)));
    const { session } = make(`ws://127.0.0.1:${(server.address() as { port: number }).port}/mqtt`);
    session.start();
    await until(() => session.link !== undefined);
    await session.link!.publish('a', 'x', { qos: 1, retain: false });
    await session.stop(true);
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
    await new Promise((resolve) => server.close(resolve));
  });

  it.each([
    [134, /wrong user name or password \(mqtt.username, mqtt.password\)/],
    [135, /not authorized/],
    [133, /refuses the client id/],
  ])('says a refusal (%i) once, and tries again slowly', async (reasonCode, text) => {
    fakeClock();
    // After four tries the password is corrected at the broker.
    broker.onConnect = (_, send) =>
      send({ cmd: 'connack', sessionPresent: false, reasonCode: broker.connects.length > 4 ? 0 : reasonCode });
    const { session, logger } = make();
    session.start();
    for (let n = 1; n <= 4; n++) {
      const wait = await nextTry(n);
      expect(wait).toBeGreaterThanOrEqual(30_000);
      expect(wait).toBeLessThanOrEqual(60_000);
      expect(logger.lines).toHaveLength(1);
    }
    expect(logger.lines[0]).toMatch(text);
    expect(logger.lines[0]).toMatch(/^warn MQTT: no connection to mqtt:\/\/127.0.0.1:\d+: /);
    vi.useRealTimers();
    await until(() => session.link !== undefined);
    expect(logger.lines).toHaveLength(2);
  });

  it('never gives up, waits longer each time, and says the reason once', async () => {
    broker.onConnect = (_, __, socket) => socket.destroy();
    fakeClock();
    const { session, logger } = make();
    session.start();
    const waits: number[] = [];
    for (let n = 1; n <= 30; n++) waits.push(await nextTry(n));
    for (const [n, wait] of waits.entries()) {
      const longest = Math.min(30_000, 500 * 2 ** n);
      expect(wait).toBeGreaterThanOrEqual(Math.floor(longest / 2));
      expect(wait).toBeLessThanOrEqual(longest);
    }
    expect(logger.lines).toEqual([
      expect.stringMatching(/the broker closed the connection\. It is retried until it succeeds/),
    ]);
  });

  it('comes back after the broker cut it off, and says both', async () => {
    const { session, logger } = make();
    const seen: string[] = [];
    session.on('connected', () => seen.push('connected'));
    session.on('disconnected', () => seen.push('disconnected'));
    session.start();
    await until(() => session.connections === 1);
    broker.send({ cmd: 'disconnect', reasonCode: 139 });
    broker.drop();
    await until(() => session.connections === 2);
    expect(seen).toEqual(['connected', 'disconnected', 'connected']);
    expect(logger.lines[1]).toMatch(/warn MQTT: no connection .*: the broker is busy or shutting down/);
  });

  it('asks for the node names when the broker ends each connection soon and does not say why', async () => {
    const { session, logger } = make();
    session.start();
    const said: string[] = [];
    for (let n = 1; n <= 3; n++) {
      await until(() => session.link !== undefined && session.connections === n);
      broker.drop();
      await until(() => session.link === undefined);
      said.push(logger.lines.at(-1)!);
    }
    expect(said[1]).toMatch(/the broker closed the connection\. It is retried/);
    expect(said[2]).toMatch(/closes each connection soon; do two boards have one node name\? It is retried/);
  });

  it('closes a connection when its link asks for it, and gives the reason', async () => {
    const { session, logger } = make();
    session.start();
    await until(() => session.connections === 1);
    session.link!.close('it acknowledged nothing');
    await until(() => session.connections === 2);
    expect(logger.lines[1]).toMatch(/: it acknowledged nothing\./);
  });

  it('hands on messages and whether they lay there before', async () => {
    const { session } = make();
    const heard: Incoming[] = [];
    session.on('message', (message) => heard.push(message));
    session.start();
    await until(() => session.link !== undefined);
    const message = { cmd: 'publish', topic: 'a', payload: Buffer.from([0, 255]), qos: 0, dup: false } as const;
    broker.send({ ...message, retain: true });
    broker.send({ ...message, retain: false });
    await until(() => heard.length === 2);
    expect(heard.map(({ topic, payload, retained }) => [topic, [...payload], retained])).toEqual([
      ['a', [0, 255], true],
      ['a', [0, 255], false],
    ]);
  });

  it('survives bytes that are not MQTT', async () => {
    const server = createServer((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { session, logger } = make(`mqtt://127.0.0.1:${(server.address() as { port: number }).port}`);
    session.start();
    await until(() => logger.lines.length > 0);
    expect(logger.lines[0]).toMatch(/^warn MQTT: no connection/);
    await session.stop(false);
    await new Promise((resolve) => server.close(resolve));
  });

  it.each(['mqtt://no-such-host.invalid', 'mqtts://127.0.0.1:PORT', 'ws://127.0.0.1:PORT', 'wss://127.0.0.1:PORT'])(
    'says why there is no connection to %s, and stops',
    async (url) => {
      const { session, logger } = make(url.replace('PORT', String(await freePort())));
      session.start();
      await until(() => logger.lines.length > 0);
      expect(logger.lines[0]).toMatch(/no host of this name|cannot be looked up|nothing listens there/);
      await session.stop(true);
      await session.stop(true);
    },
  );

  it('stops before it connects, while it does, and twice', async () => {
    const early = make().session;
    early.start();
    await early.stop(true);
    // Takes the connection and never says a word.
    broker.onConnect = () => {};
    const { session } = make();
    session.start();
    await until(() => broker.connects.length >= 1);
    expect(broker.connections, 'the one that came later is the only one').toBe(1);
    await Promise.all([session.stop(true), session.stop(false)]);
    await until(() => broker.connections === 0);
    expect(session.link).toBeUndefined();
  });

  it('says goodbye when it is told to, and else leaves its will', async () => {
    embedded = await startBroker({ port: 0 });
    const subscriber = await Subscriber.to(embedded.url);
    for (const farewell of [true, false]) {
      const { session } = make(embedded.url);
      session.start();
      await until(() => session.link !== undefined);
      await session.stop(farewell);
      if (farewell) {
        await subscriber.client.publishAsync('fence', '1', { qos: 1 });
        await until(() => subscriber.last('fence') === '1');
        expect(subscriber.on('ocellus/porch/status')).toEqual([]);
      } else await until(() => subscriber.last('ocellus/porch/status') === 'offline');
    }
    await subscriber.end();
  });

  it('never writes the password to the log', async () => {
    const lines: string[] = [];
    for (const reasonCode of [0, 134, 135, 136, 128, 1]) {
      broker.connack = { ...broker.connack, reasonCode, returnCode: reasonCode };
      const { session, logger } = make();
      session.start();
      await until(() => logger.lines.length > 0);
      await session.stop(true);
      lines.push(...logger.lines);
    }
    expect(lines.length).toBeGreaterThanOrEqual(6);
    expect(lines.join('\n')).not.toContain(secret);
  });

  it('lives on where a connection ends while MQTT.js still has acknowledgements to read', async () => {
    const { session } = make();
    session.start();
    await until(() => session.link !== undefined);
    const link = session.link!;
    for (let i = 0; i < 16; i++) void link.publish(`topic/${i}`, 'x', { qos: 1, retain: false });
    await until(() => broker.unacknowledged === 16);
    session.once('message', () => link.close('a test'));
    const acknowledgements = broker.published.flatMap(({ messageId }) => [0x40, 2, messageId! >> 8, messageId! & 255]);
    // All in one piece.
    broker.sendBytes(Buffer.from([0x30, 5, 0, 1, 97, 0, 120, ...acknowledgements]));
    await until(() => session.connections === 2);
  });
});
