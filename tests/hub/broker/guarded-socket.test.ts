import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import mqtt from 'mqtt-packet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuardedSocket } from '../../../sdk/hub/broker/guarded-socket.ts';
import { until } from '../../support/until.ts';

const most = 1000;
let server: Server;
let guarded: GuardedSocket;
let plain: Socket;
let client: Socket;

beforeEach(async () => {
  server = createServer((socket) => {
    plain = socket;
    guarded = new GuardedSocket(socket, most);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = connect((server.address() as { port: number }).port, '127.0.0.1');
  client.on('error', () => {}).resume();
  await Promise.all([once(client, 'connect'), once(server, 'connection')]);
});

afterEach(async () => {
  client.destroy();
  guarded.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const publish = (payload: Buffer) =>
  mqtt.generate({ cmd: 'publish', topic: 't', payload, qos: 0, dup: false, retain: false });

describe('GuardedSocket', () => {
  it('hands on every byte, also of what comes right before the end', async () => {
    const sent = Buffer.concat(Array.from({ length: 3000 }, (_, i) => publish(Buffer.alloc(i % 900, i))));
    client.end(sent);
    // The other side is gone before anyone reads.
    await until(() => plain.readableEnded || plain.isPaused());
    const chunks: Buffer[] = [];
    for await (const chunk of guarded) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
    expect(guarded.errored).toBeNull();
  });

  it('keeps what came for a reader who comes after the socket was closed', async () => {
    const sent = publish(Buffer.alloc(500, 1));
    client.end(sent);
    await until(() => plain.closed);
    const chunks: Buffer[] = [];
    for await (const chunk of guarded) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(sent)).toBe(true);
  });

  it('ends when a packet announces too much, before it has come', async () => {
    const errors: Error[] = [];
    guarded.on('error', (error) => errors.push(error));
    guarded.resume();
    client.write(publish(Buffer.alloc(most * 2)).subarray(0, 4));
    await until(() => guarded.destroyed && errors.length === 1);
    expect(errors[0]!.message).toMatch(/a packet of 2003 bytes came, at most 1000 are taken/);
    await until(() => client.closed);
  });

  it('reads nothing more from one that does not read, and goes on when it does', async () => {
    client.pause();
    let read = 0;
    const answer = Buffer.alloc(64 * 1024);
    guarded.on('data', (chunk: Buffer) => {
      read += chunk.length;
      guarded.write(answer);
    });
    const pings = Buffer.from([0xc0, 0]);
    // Each read is answered with 64 KiB: some dozens fill what the kernel holds and what may wait.
    while (!plain.isPaused()) {
      client.write(pings);
      await new Promise((resolve) => setTimeout(resolve, 1));
      expect(guarded.writableLength).toBeLessThan(4 * 1024 * 1024);
    }
    const before = read;
    client.write(pings);
    client.resume();
    await until(() => read > before && guarded.writableLength === 0);
  });

  it('takes a packet of just the most bytes', async () => {
    const packet = publish(Buffer.alloc(most - 3));
    client.write(packet);
    client.write(Buffer.from([0xc0, 0]));
    let bytes = 0;
    guarded.on('data', (chunk: Buffer) => (bytes += chunk.length));
    await until(() => bytes === packet.length + 2);
  });

  it('ends on a length that MQTT does not have', async () => {
    const errors: Error[] = [];
    guarded.on('error', (error) => errors.push(error));
    guarded.resume();
    client.write(Buffer.from([0x30, 0x80, 0x80, 0x80, 0x80]));
    await until(() => errors.length === 1);
    expect(errors[0]!.message).toMatch(/not MQTT/);
  });

  it('sees the packets however they are cut into pieces', async () => {
    // The same stream of small packets and one large one, in random pieces: only the large one ends it.
    const small = Array.from({ length: 20 }, (_, i) => publish(Buffer.alloc(i * 40, 0xff)));
    const stream = Buffer.concat([...small, publish(Buffer.alloc(most + 1))]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 50 }), async (sizes) => {
        const socket = fakeSocket();
        const guard = new GuardedSocket(socket as never, most);
        const errors: Error[] = [];
        let bytes = 0;
        guard.on('error', (error) => errors.push(error));
        guard.on('data', (chunk: Buffer) => (bytes += chunk.length));
        for (let at = 0, i = 0; at < stream.length && !guard.destroyed; i++) {
          const piece = stream.subarray(at, at + sizes[i % sizes.length]!);
          socket.emit('data', piece);
          at += piece.length;
        }
        await until(() => errors.length === 1);
        expect(errors[0]!.message).toMatch(/at most 1000/);
        expect(bytes).toBeLessThanOrEqual(stream.length - most);
      }),
      { numRuns: 50 },
    );
  });

  it('ends with the socket that is reset', async () => {
    const errors: Error[] = [];
    guarded.on('error', (error) => errors.push(error)).resume();
    client.resetAndDestroy();
    await until(() => guarded.destroyed);
    expect(errors[0]).toMatchObject({ code: 'ECONNRESET' });
    expect(plain.destroyed).toBe(true);
  });
});

function fakeSocket() {
  const socket = new PassThrough();
  // What is emitted as data is what came; nothing else flows.
  return Object.assign(socket, { destroy: () => socket });
}
