import type { Frame } from '../../sdk/frame/frame.ts';

/**
 * A slot for a single frame between a device and its reader.
 *
 * `offer` never waits: a frame that was not taken is replaced by the newer one and counted. `put` waits until the slot
 * is empty, so that nothing is dropped and the source goes as fast as its reader.
 */
export class FrameOutlet {
  #slot: Frame | undefined;
  #dropped = 0;
  #state: 'open' | 'ended' | 'closed' = 'open';
  #reader: object | undefined;
  readonly #nexts: ((result: IteratorResult<Frame>) => void)[] = [];
  #emptied: (() => void) | undefined;

  /** Frames that were replaced by newer ones. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Puts in a frame; one still there is released and counted as dropped. Takes over the reference. */
  offer(frame: Frame): void {
    if (this.#state !== 'open') {
      frame.release();
      return;
    }
    const next = this.#nexts.shift();
    if (next) {
      next({ done: false, value: frame });
      return;
    }
    if (this.#slot) {
      this.#slot.release();
      this.#dropped++;
    }
    this.#slot = frame;
  }

  /** Puts in a frame once the slot is empty. One call at a time. Takes over the reference. */
  async put(frame: Frame): Promise<void> {
    while (this.#slot && this.#state === 'open') {
      await new Promise<void>((resolve) => {
        this.#emptied = resolve;
      });
    }
    this.offer(frame);
  }

  /** No more frames follow; the one in the slot can still be taken. */
  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.#finish();
  }

  /** Ends at once; the frame in the slot is released. */
  close(): void {
    this.#state = 'closed';
    this.#slot?.release();
    this.#slot = undefined;
    this.#finish();
  }

  /** `close()`, for `using outlet = new FrameOutlet()`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** @throws Error while another reader is reading. */
  frames(): AsyncIterableIterator<Frame> {
    if (this.#reader) throw new Error('this device has a reader already: frames() allows one at a time');
    const reader: AsyncIterableIterator<Frame> = {
      next: () => (this.#reader === reader ? this.#next() : Promise.resolve(over)),
      return: () => {
        if (this.#reader === reader) {
          this.#reader = undefined;
          for (const next of this.#nexts.splice(0)) next(over);
        }
        return Promise.resolve(over);
      },
      [Symbol.asyncIterator]: () => reader,
    };
    this.#reader = reader;
    return reader;
  }

  #next(): Promise<IteratorResult<Frame>> {
    const frame = this.#slot;
    if (frame) {
      this.#slot = undefined;
      this.#wakePut();
      return Promise.resolve({ done: false, value: frame });
    }
    if (this.#state !== 'open') return Promise.resolve(over);
    return new Promise((resolve) => this.#nexts.push(resolve));
  }

  #finish(): void {
    for (const next of this.#nexts.splice(0)) next(over);
    this.#wakePut();
  }

  #wakePut(): void {
    const emptied = this.#emptied;
    this.#emptied = undefined;
    emptied?.();
  }
}

const over: IteratorReturnResult<undefined> = { done: true, value: undefined };
