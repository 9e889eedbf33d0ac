import { crc32 } from 'node:zlib';
import type { Message } from './message.ts';
import type { Stored } from './stored-index.ts';

// A key holds all that the index needs, so that opening a full outbox reads no payloads:
// queue (1 byte), sequence (6), the outbox's seconds (4), bytes (4), retained (1); numbers are big-endian, so keys are in order.
const keyBytes = 16;
// A value: CRC-32 of the key and of what follows (4), length of the topic (2), topic, payload.
const headerBytes = 6;

export function keyOf(queue: string, { sequence, seconds, bytes, retain }: Stored): Buffer {
  const key = Buffer.alloc(keyBytes);
  key.write(queue, 'latin1');
  key.writeUIntBE(sequence, 1, 6);
  key.writeUInt32BE(seconds, 7);
  key.writeUInt32BE(bytes, 11);
  key[15] = retain ? 1 : 0;
  return key;
}

/** The keys of a queue from a sequence on: `gte` this and `lt` the first of the next queue. */
export function rangeOf(queue: string, sequence = 0): { gte: Buffer; lt: Buffer } {
  const gte = keyOf(queue, { sequence, seconds: 0, bytes: 0, retain: false });
  return { gte, lt: Buffer.from([gte[0]! + 1]) };
}

/** Undefined when `keyOf` did not make this key. */
export function storedOf(key: Buffer): Stored | undefined {
  const bytes = key.length === keyBytes ? key.readUInt32BE(11) : 0;
  if (bytes === 0 || key[15]! > 1) return undefined;
  return { sequence: key.readUIntBE(1, 6), seconds: key.readUInt32BE(7), bytes, retain: key[15] === 1 };
}

export function encode(key: Buffer, { topic, payload }: Message): Buffer {
  const name = Buffer.from(topic);
  const value = Buffer.allocUnsafe(headerBytes + name.length + payload.length);
  value.writeUInt16BE(name.length, 4);
  name.copy(value, headerBytes);
  payload.copy(value, headerBytes + name.length);
  value.writeUInt32BE(checksum(key, value), 0);
  return value;
}

/** Undefined when it is not as it was written. */
export function decode(key: Buffer, value: Buffer, kind: Message['kind']): Message | undefined {
  const stored = storedOf(key);
  if (!stored || value.length < headerBytes || value.readUInt32BE(0) !== checksum(key, value)) return undefined;
  const end = headerBytes + value.readUInt16BE(4);
  return { topic: value.toString('utf8', headerBytes, end), payload: value.subarray(end), retain: stored.retain, kind };
}

function checksum(key: Buffer, value: Buffer): number {
  return crc32(value.subarray(4), crc32(key));
}
