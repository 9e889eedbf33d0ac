import type { Entry, Kind, Message } from './message.ts';
import type { Stored } from './stored-index.ts';

/** What a message takes beside its payload and topic: objects and index entries, headers on disk. */
const overheadBytes = 200;

/** What a message takes in total. */
export const bytesOf = ({ topic, payload }: Message) => topic.length + payload.length + overheadBytes;

/** One message of a queue, in memory. */
export class Item implements Entry {
  readonly topic: string;
  readonly retain: boolean;
  readonly kind: Kind;
  readonly expiresMs: number | undefined;
  /** When it was put, in the outbox's seconds, as stored on disk; known once it is written. */
  seconds = 0;
  /** Order of putting, so that a message that is put back returns between its neighbours. */
  readonly order: number;
  payload: Buffer;
  timeMs: number;
  /** Its place on disk, once it is first written. */
  sequence: number | undefined;
  /** Acknowledged, evicted or replaced. */
  gone = false;

  constructor(message: Message, order: number, timeMs: number, ageMs: number) {
    this.topic = message.topic;
    this.payload = message.payload;
    this.retain = message.retain;
    this.kind = message.kind;
    this.order = order;
    this.timeMs = timeMs;
    this.expiresMs = message.retain || ageMs === Number.POSITIVE_INFINITY ? undefined : timeMs + ageMs;
  }

  get bytes(): number {
    return bytesOf(this);
  }

  get stored(): Stored & { sequence: number } {
    const { bytes, retain, seconds } = this;
    return { sequence: this.sequence!, bytes, retain, seconds };
  }
}
