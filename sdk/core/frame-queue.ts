import type { Frame } from '../frame/frame.ts';
import type { CoreThread } from './core-thread.ts';
import type { DetectRequest, EncodeRequest, Reply, ReplyOf } from './messages.ts';
import { SharedStaging } from './staging.ts';

/** As many frames may wait; more cameras than this do not share one core. */
const maxWaiting = 64;

/** What is asked of a frame: a request without its pixels. */
export type Question = Omit<DetectRequest, 'frame'> | Omit<EncodeRequest, 'frame'>;

interface Job {
  readonly frame: Frame;
  readonly question: Question;
  readonly expected: Reply['type'];
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** Frames of several cameras take turns at one core's thread, first come, first served. */
export class FrameQueue {
  readonly #name: string;
  readonly #thread: CoreThread;
  readonly #waiting: Job[] = [];
  readonly #staging = new SharedStaging();
  #current: Job | undefined;
  #closing: Promise<void> | undefined;

  /** @param name The model's, for messages. */
  constructor(name: string, thread: CoreThread) {
    this.#name = name;
    this.#thread = thread;
  }

  /** A frame is being looked at: another one would wait. */
  get busy(): boolean {
    return this.#current !== undefined;
  }

  /**
   * The frame is acquired until it was looked at, so the caller may release it at once. Pixels that lie in shared
   * memory (a `FramePool`'s) are read where they are; others are copied once.
   *
   * @throws Error when the queue was closed or too many frames wait; what the thread answers.
   */
  async ask<T extends Reply['type']>(frame: Frame, question: Question, expected: T): Promise<ReplyOf<T>> {
    if (this.#closing) throw new Error(`the model ${this.#name} was closed`);
    if (this.#waiting.length >= maxWaiting) {
      throw new Error(`${maxWaiting} frames wait for the model ${this.#name}: it cannot keep up`);
    }
    frame.acquire();
    return new Promise((resolve, reject) => {
      this.#waiting.push({ frame, question, expected, resolve: resolve as Job['resolve'], reject });
      if (!this.#current) void this.#next();
    });
  }

  /** Ends the thread. The frame that is being looked at is finished; those that wait are rejected. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #next(): Promise<void> {
    for (let job = this.#waiting.shift(); job; job = this.#waiting.shift()) {
      this.#current = job;
      const { frame, question, expected } = job;
      try {
        const planes = this.#staging.share(frame.planes);
        const { format, width, height, colour } = frame;
        const pixels = { format, width, height, colour, planes };
        job.resolve(await this.#thread.request({ ...question, frame: pixels }, expected));
      } catch (error) {
        job.reject(error as Error);
      } finally {
        frame.release();
      }
    }
    this.#current = undefined;
  }

  async #close(): Promise<void> {
    for (const { frame, reject } of this.#waiting.splice(0)) {
      frame.release();
      reject(new Error(`the model ${this.#name} was closed`));
    }
    await this.#thread.close();
  }
}
