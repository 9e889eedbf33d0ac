/**
 * Works on items ahead of whoever takes the results, which come in the order of the items. A source that waits for results
 * before it goes on gets them.
 *
 * @param ahead At most this many items are worked on, or done and not taken, while the result of one is with the taker; at
 * least 1.
 * @param discard Called with each result that nobody takes, when the taker ends early.
 *
 * @example
 * for await (const frame of inOrder(files, 1, (file) => readPicture(file), (frame) => frame.release())) { … }
 */
export async function* inOrder<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  ahead: number,
  work: (item: T) => Promise<R>,
  discard: (result: R) => void = () => {},
): AsyncGenerator<R, void, undefined> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const begun: Promise<R>[] = [];
  const changed = new Signal();
  let isEnded = false;
  const begin = async () => {
    while (!isEnded) {
      if (begun.length >= ahead) await changed.next;
      else {
        const step = await iterator.next();
        if (step.done || isEnded) return;
        begun.push(handled(work(step.value)));
        changed.give();
      }
    }
  };
  const all = handled(
    begin().finally(() => {
      isEnded = true;
      changed.give();
    }),
  );
  try {
    while (!isEnded || begun.length > 0) {
      if (begun.length === 0) await changed.next;
      else {
        const result = begun.shift()!;
        changed.give();
        yield await result;
      }
    }
    // The source's error, if any.
    await all;
  } finally {
    isEnded = true;
    changed.give();
    for (const result of begun) result.then(discard, () => {});
    // Not awaited: a source may wait for what never comes.
    handled(Promise.resolve(iterator.return?.()));
  }
}

/** Who awaits it gets its error; until then it is nobody's. */
function handled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** Wakes all who wait for the next change. */
class Signal {
  next!: Promise<void>;
  #resolve!: () => void;

  constructor() {
    this.give();
  }

  give(): void {
    this.#resolve?.();
    this.next = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }
}
