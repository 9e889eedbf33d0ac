import './engines/no-telemetry.ts';
import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { asset } from '../base/assets.ts';
import { InputError, ModelError } from '../base/errors.ts';

import type { CoreThreadData, Reply, ReplyOf, Request, RunningEngine } from './messages.ts';

/** How long a thread may take to end. One inference is far shorter. */
const closeTimeoutMs = 10_000;
/** How long the end of the process waits for the current request. */
const exitTimeoutMs = 2000;

/** Threads at work. `process.exit()` ends threads at once, and onnxruntime in the middle of an inference then aborts. */
const atWork = new Set<Int32Array>();
process.on('exit', () => {
  for (const requests of atWork) {
    let open = Atomics.load(requests, 0);
    // At most two: the last one, which is about to be counted down, and this one.
    while (open > 0 && Atomics.wait(requests, 0, open, exitTimeoutMs) !== 'timed-out') open = Atomics.load(requests, 0);
  }
});

const errors = { input: InputError, model: ModelError, own: Error } as const;

/** The worker thread of one model: one request at a time, each with one reply. */
export class CoreThread {
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  /** Unanswered requests; the thread gets the counter as its data, and counts down. */
  readonly #open = new Int32Array(new SharedArrayBuffer(4));
  #pending: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | undefined;
  #dead: Error | undefined;

  /** @param entry The file that the thread runs. Default: `worker.ts`. */
  constructor(engine: RunningEngine = 'onnxruntime', entry: URL = coreEntry()) {
    const workerData: CoreThreadData = { engine, open: this.#open };
    this.#worker = new Worker(entry, { name: 'ocellus-core', workerData });
    this.#worker.on('message', (reply: Reply) => this.#settle()?.resolve(reply));
    this.#worker.on('messageerror', (error) => this.#settle()?.reject(error));
    this.#worker.on('error', (error) => {
      this.#dead = new Error(`the core's thread failed: ${error.message}`, { cause: error });
    });
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#dead ??= new Error(`the core's thread has ended (exit code ${code})`);
        this.#settle()?.reject(this.#dead);
        resolve();
      });
    });
    // Only an unfinished request keeps the process alive: a short program may leave without close().
    this.#worker.unref();
  }

  /**
   * @param transfer Buffers that are not needed here any more.
   * @throws InputError for input from outside, Error for the rest, also when the thread has ended.
   */
  request<T extends Reply['type']>(
    request: Request,
    expected: T,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<ReplyOf<T>> {
    if (this.#dead) return Promise.reject(this.#dead);
    if (this.#pending) return Promise.reject(new Error("the core's thread is busy"));
    return new Promise((resolve, reject) => {
      this.#pending = {
        resolve: (reply) => {
          if (reply.type === expected) resolve(reply as ReplyOf<T>);
          else if (reply.type === 'failed') reject(new errors[reply.fault](reply.message));
          else reject(new Error(`the core's thread: expected ${expected}, got ${reply.type}`));
        },
        reject,
      };
      this.#worker.ref();
      Atomics.add(this.#open, 0, 1);
      atWork.add(this.#open);
      try {
        this.#worker.postMessage(request, transfer);
      } catch (error) {
        // The thread never gets it.
        Atomics.sub(this.#open, 0, 1);
        this.#settle();
        reject(error);
      }
    });
  }

  /** Lets the current request finish, then ends the thread. */
  async close(): Promise<void> {
    if (this.#dead) return this.#exited;
    const request: Request = { type: 'close' };
    this.#worker.ref();
    Atomics.add(this.#open, 0, 1);
    this.#worker.postMessage(request);
    const stuck = setTimeout(() => void this.#worker.terminate(), closeTimeoutMs);
    await this.#exited;
    clearTimeout(stuck);
  }

  #settle() {
    const pending = this.#pending;
    this.#pending = undefined;
    atWork.delete(this.#open);
    this.#worker.unref();
    return pending;
  }
}

/** The compiled entry: Node runs no TypeScript, so from the sources (in tests) it is the one in `dist`. */
function coreEntry(): URL {
  if (!import.meta.url.endsWith('.ts')) return new URL('./worker.js', import.meta.url);
  const compiled = pathToFileURL(asset('dist', 'sdk', 'core', 'worker.js'));
  if (!existsSync(fileURLToPath(compiled))) {
    throw new Error(`${fileURLToPath(compiled)} is missing: run \`npm run build\` first`);
  }
  return compiled;
}
