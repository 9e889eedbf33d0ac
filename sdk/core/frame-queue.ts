import type { Frame } from '../frame/frame.ts';
import type { CoreThread } from './core-thread.ts';
import type { DetectRequest, EncodeRequest, Reply, ReplyOf } from './messages.ts';
import { SharedStaging } from './staging.ts';
import { type Stream, Turns } from './turns.ts';

/** At most this many frames wait; no more cameras than this share one core. */
const maxWaiting = 64;
/** How long to wait for a stream with more weight whose turn it is and that has no frame, as a fraction of a turn. */
const patience = 0.25;

/** How a frame waits for its turn. */
export interface TurnOptions {
  /** Whose frame it is: each stream gets its share of the turns. Default: one stream for all frames without one. */
  readonly stream?: Stream;
  /** A frame that waited longer is rejected when another one has its turn: a newer one is worth more. Default: none. */
  readonly maxWaitMs?: number;
}

/** The frame waited for its turn too long; its stream keeps its place for a newer one. */
export class LateError extends Error {}

/** A request for a frame, without its pixels. */
export type Question = Omit<DetectRequest, 'frame'> | Omit<EncodeRequest, 'frame'>;

interface Job {
  readonly stream: Stream;
  /** `performance.now()` */
  readonly deadline: number;
  readonly frame: Frame;
  readonly question: Question;
  readonly expected: Reply['type'];
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

const nobody: Stream = { name: '' };

/** What runs the requests of a queue, one at a time. */
export type QueueThread = Pick<CoreThread, 'request' | 'close'>;

/** Schedules the frames of several streams on one core's thread, each with its share of turns. */
export class FrameQueue {
  readonly #name: string;
  readonly #thread: QueueThread;
  readonly #turns = new Turns<Job>();
  readonly #staging = new SharedStaging();
  #current: Job | undefined;
  /** Called on a request while a stream is waited for. */
  #onAsked: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  /** @param name The model's, for messages. */
  constructor(name: string, thread: QueueThread) {
    this.#name = name;
    this.#thread = thread;
  }

  /** A frame is being processed: another one would wait. */
  get busy(): boolean {
    return this.#current !== undefined;
  }

  /**
   * Queues a request. The frame is acquired while it is needed, so the caller may release it at once. Pixels in shared
   * memory (of a `FramePool`) are read in place; others are copied once.
   *
   * @throws RangeError for an invalid weight; LateError when the frame waited too long; Error when the queue was closed
   * or too many frames wait; what the thread answers.
   */
  async ask<T extends Reply['type']>(
    frame: Frame,
    question: Question,
    expected: T,
    { stream = nobody, maxWaitMs = Number.POSITIVE_INFINITY }: TurnOptions = {},
  ): Promise<ReplyOf<T>> {
    const { weight = 1 } = stream;
    // An infinite turn would never end.
    if (!(weight > 0 && 1 / weight > 0))
      throw new RangeError(`stream.weight: expected a number above 0, got ${weight}`);
    if (this.#closing) throw new Error(`the model ${this.#name} was closed`);
    if (this.#turns.size >= maxWaiting) {
      throw new Error(`${maxWaiting} frames wait for the model ${this.#name}: it cannot keep up`);
    }
    frame.acquire();
    return new Promise((resolve, reject) => {
      const deadline = performance.now() + maxWaitMs;
      const job: Job = { stream, deadline, frame, question, expected, resolve: resolve as Job['resolve'], reject };
      this.#turns.add(job, stream);
      if (!this.#current) void this.#work();
      else this.#onAsked?.();
    });
  }

  /** Ends the thread. The frame in progress is finished; waiting ones are rejected. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #work(): Promise<void> {
    for (let job = this.#next(); job; job = this.#next()) {
      this.#current = job;
      const started = performance.now();
      const { frame, question, expected } = job;
      try {
        const planes = this.#staging.inSharedMemory(frame.planes);
        const { format, width, height, colour } = frame;
        const pixels = { format, width, height, colour, planes };
        job.resolve(await this.#thread.request({ ...question, frame: pixels }, expected));
      } catch (error) {
        job.reject(error as Error);
      } finally {
        frame.release();
      }
      if (this.#turns.isDue(job.stream)) await this.#expect(job.stream, (performance.now() - started) * patience);
    }
    this.#current = undefined;
  }

  /**
   * While this frame is processed, streams whose frames have expired can queue newer ones. The core never waits for
   * them.
   */
  #next(): Job | undefined {
    const next = this.#turns.take();
    const now = performance.now();
    for (const { frame, reject } of this.#turns.takeIf(({ deadline }) => deadline < now)) {
      frame.release();
      reject(new LateError(`the frame waited for the model ${this.#name} too long`));
    }
    return next;
  }

  /** Waits briefly for the next frame of a stream that just had a turn and is due again. */
  #expect(stream: Stream, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#onAsked = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#onAsked = () => {
        if (!this.#turns.isDue(stream)) done();
      };
    });
  }

  async #close(): Promise<void> {
    for (const { frame, reject } of this.#turns.takeAll()) {
      frame.release();
      reject(new Error(`the model ${this.#name} was closed`));
    }
    await this.#thread.close();
  }
}
