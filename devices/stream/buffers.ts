import type { FramePool } from '../../sdk/frame/pool.ts';

/** Waits for a reader to give buffers back: what a source does that may drop nothing. */
export class BufferWait {
  #wake: (() => void) | undefined;
  #closed = false;

  /** For the pool's `onFree`. */
  readonly onFree = (): void => {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  };

  /** Resolves when `pool.take()` has a buffer to give, or on `close()`. One call at a time. */
  async until(pool: FramePool): Promise<void> {
    while (pool.inUse === pool.capacity && !this.#closed) {
      pool.noteWait();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  close(): void {
    this.#closed = true;
    this.onFree();
  }
}
