import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { asset } from '../../../sdk/base/assets.ts';
import { preparePython } from '../python.ts';

/** How SAHI cuts a picture and merges what it finds; see tools/bench/peer/slices.py. */
export interface Slicing {
  readonly slice: number;
  /** A fraction of the slice. */
  readonly overlap: number;
  /** GREEDYNMM is its default; NMS is what it takes by itself where low scores count. */
  readonly merge: 'GREEDYNMM' | 'NMS';
}

/** SAHI in a process of its own, with a network in onnxruntime. */
export class Slicer {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  versions = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  static async start(network: string, leastScore: number): Promise<Slicer> {
    const script = asset('tools', 'bench', 'peer', 'slices.py');
    const stdio = ['pipe', 'pipe', 'inherit'] as const;
    const slicer = new Slicer(
      spawn(preparePython('slices.txt'), [script, network, String(leastScore)], { stdio: [...stdio] }),
    );
    const { sahi, onnxruntime } = await slicer.#answer<{ sahi: string; onnxruntime: string }>();
    slicer.versions = `SAHI ${sahi}, onnxruntime ${onnxruntime}`;
    return slicer;
  }

  /** @returns Rows of `[x1, y1, x2, y2, score, class id]`, and the processor's time. */
  async detect(file: string, slicing: Slicing): Promise<{ boxes: number[][]; cpu_ms: number }> {
    this.#child.stdin!.write(`${JSON.stringify({ file, ...slicing })}\n`);
    return this.#answer();
  }

  stop(): void {
    this.#child.kill();
  }

  async #answer<T>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('tools/bench/peer/slices.py ended; what it said stands above');
    return JSON.parse(value) as T;
  }
}
