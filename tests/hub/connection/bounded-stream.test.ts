import { Duplex } from 'node:stream';
import fc from 'fast-check';
import mqtt from 'mqtt-packet';
import { describe, expect, it } from 'vitest';
import { BoundedStream, type LeftOut } from '../../../sdk/hub/connection/bounded-stream.ts';
import { until } from '../../support/until.ts';

const most = 1000;

/** A connection: what the broker sends, and what was written to it. */
class Connection extends Duplex {
  readonly written: Buffer[] = [];
  override _read(): void {}
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.written.push(chunk);
    done();
  }
  send(bytes: Buffer): void {
    this.push(bytes);
  }
}

function make() {
  const connection = new Connection();
  const left: LeftOut[] = [];
  const stream = new BoundedStream(connection, { most, onLeftOut: (message) => left.push(message) });
  const errors: Error[] = [];
  stream.on('error', (error) => errors.push(error));
  return { connection, left, stream, errors };
}

function collect(stream: Duplex): () => Buffer {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  return () => Buffer.concat(chunks);
}

const publish = (topic: string, payload: Buffer, messageId?: number) =>
  mqtt.generate({
    cmd: 'publish',
    topic,
    payload,
    dup: false,
    retain: true,
    ...(messageId === undefined ? { qos: 0 } : { qos: 1, messageId }),
  });

describe('BoundedStream', () => {
  it('leaves out a message that is too large, acknowledges it, and hands on what is around it', async () => {
    const { connection, left, stream, errors } = make();
    const handedOn = collect(stream);
    const before = publish('a', Buffer.alloc(500, 1));
    const after = publish('ü', Buffer.alloc(500, 2), 7);
    const big = [publish('big/one', Buffer.alloc(5000)), publish('big/zwö', Buffer.alloc(1_000_000), 513)];
    connection.send(Buffer.concat([before, ...big, after, publish('x'.repeat(60_000), Buffer.alloc(3))]));
    await until(() => left.length === 3);
    expect(handedOn().equals(Buffer.concat([before, after]))).toBe(true);
    expect(left).toEqual([
      { topic: 'big/one', bytes: 5009 },
      { topic: 'big/zwö', bytes: 1_000_012 },
      { topic: 'x'.repeat(60_000), bytes: 60_005 },
    ]);
    await until(() => connection.written.length > 0);
    expect(Buffer.concat(connection.written)).toEqual(mqtt.generate({ cmd: 'puback', messageId: 513 }));
    expect(errors).toEqual([]);
  });

  it('keeps nothing of a message whose end never comes', async () => {
    const { connection, left, stream } = make();
    const handedOn = collect(stream);
    const big = publish('big', Buffer.alloc(64 << 20));
    for (let at = 0; at < big.length - 1; at += 65_536)
      connection.send(big.subarray(at, Math.min(at + 65_536, big.length - 1)));
    await until(() => connection.readableLength === 0);
    expect(handedOn()).toHaveLength(0);
    expect(stream.readableLength).toBe(0);
    connection.send(big.subarray(-1));
    await until(() => left.length === 1);
  });

  it('sees the packets however they are cut into pieces', async () => {
    const packets = Array.from({ length: 30 }, (_, i) =>
      publish(`t/${i}`, Buffer.alloc((i * 397) % 1900, 0xff), i + 1),
    );
    const wanted = packets.filter(({ length }) => length - 3 <= most);
    const bytes = Buffer.concat([...packets, Buffer.from([0xd0, 0])]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 50 }), async (sizes) => {
        const { connection, left, stream } = make();
        const handedOn = collect(stream);
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const size = sizes[i % sizes.length]!;
          connection.send(bytes.subarray(at, at + size));
          at += size;
        }
        connection.push(null);
        await until(() => stream.readableEnded);
        expect(handedOn().equals(Buffer.concat([...wanted, Buffer.from([0xd0, 0])]))).toBe(true);
        expect(left).toHaveLength(packets.length - wanted.length);
      }),
      { numRuns: 50 },
    );
  });

  it('ends on another packet that is too large', async () => {
    const { connection, stream, errors } = make();
    stream.resume();
    connection.send(mqtt.generate({ cmd: 'suback', messageId: 1, granted: new Array(2000).fill(0) }));
    await until(() => stream.destroyed);
    expect(errors[0]?.message).toMatch(/a packet of 2002 bytes came, at most 1000 are taken/);
    expect(connection.destroyed).toBe(true);
  });

  it('hands on a length that MQTT does not have, for its reader to complain', async () => {
    const { connection, stream } = make();
    const handedOn = collect(stream);
    connection.send(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff]));
    await until(() => handedOn().length === 5);
  });

  it('stops the connection while nobody reads, and ends and fails with it', async () => {
    const { connection, stream } = make();
    const packet = publish('a', Buffer.alloc(900));
    for (let i = 0; i < 100; i++) connection.send(packet);
    await until(() => connection.isPaused());
    const handedOn = collect(stream);
    await until(() => handedOn().length === 100 * packet.length);
    stream.write('x');
    connection.push(null);
    await until(() => stream.closed);
    expect(Buffer.concat(connection.written).toString()).toBe('x');

    const other = make();
    other.connection.destroy(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    await until(() => other.errors.length === 1);
    expect(other.errors[0]).toMatchObject({ code: 'ECONNRESET' });
    const third = make();
    third.stream.destroy();
    await until(() => third.connection.destroyed);
  });
});
