type Task = () => Promise<void>;

/** Runs tasks side by side, but those of one key one after the other. What waits is bounded. */
export class TaskQueues {
  readonly #maxWaiting: number;
  readonly #maxTasks: number;
  /** The tasks behind the one that runs, by key. */
  readonly #queues = new Map<string, Task[]>();
  #tasks = 0;

  /**
   * @param maxWaiting Tasks that wait for one key.
   * @param maxTasks Tasks that wait or run, in all.
   */
  constructor(maxWaiting: number, maxTasks: number) {
    this.#maxWaiting = maxWaiting;
    this.#maxTasks = maxTasks;
  }

  /** @param task Must not be rejected. @returns False: there is no room for it. */
  add(key: string, task: Task): boolean {
    const waiting = this.#queues.get(key);
    if (this.#tasks >= this.#maxTasks || (waiting && waiting.length >= this.#maxWaiting)) return false;
    this.#tasks++;
    if (waiting) waiting.push(task);
    else this.#work(key, task);
    return true;
  }

  async #work(key: string, first: Task): Promise<void> {
    const waiting: Task[] = [];
    this.#queues.set(key, waiting);
    for (let task: Task | undefined = first; task; task = waiting.shift()) {
      await task();
      this.#tasks--;
    }
    this.#queues.delete(key);
  }
}
