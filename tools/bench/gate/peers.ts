import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { asset } from '../../../sdk/base/assets.ts';
import { preparePython } from '../python.ts';
import type { Clip } from './scenes.ts';

/** Background subtraction and what is done with its mask; see tools/bench/peer/gate.py. */
export interface PeerRule {
  readonly method: 'MOG2' | 'KNN';
  /** OpenCV's `varThreshold` or `dist2Threshold`. */
  readonly threshold: number;
  readonly shadows: boolean;
  /** Time after which what stays becomes background; 0: OpenCV's default rate. */
  readonly seconds: number;
  /** Side of the Gaussian before, in pixels; 0: none. */
  readonly blur: number;
  /** Side of the opening after. */
  readonly open: number;
  /** A sudden change of a larger fraction of the view is the light. */
  readonly light: number;
}

interface Answer {
  /** By rule: pixels of the largest part of the foreground, frame by frame. */
  readonly areas: Record<string, number[]>;
  readonly ms: Record<string, number>;
}

/** OpenCV in a process of its own. */
export class Peers {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  version = '';

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  static async start(rules: readonly PeerRule[]): Promise<Peers> {
    const script = asset('tools', 'bench', 'peer', 'gate.py');
    const child = spawn(preparePython('gate.txt'), [script, JSON.stringify(rules)]);
    child.stderr.pipe(process.stderr);
    const peers = new Peers(child);
    peers.version = (await peers.#answer<{ opencv: string }>()).opencv;
    return peers;
  }

  async areas(clip: Clip, only: readonly number[]): Promise<Answer> {
    const { width, height, fps, truths, bytes } = clip;
    const frames = truths.length;
    this.#child.stdin.write(`${JSON.stringify({ width, height, fps, frames, only })}\n`);
    // In pieces: a pipe takes what there is memory for.
    for (let at = 0; at < bytes.length; at += 1 << 22) {
      if (!this.#child.stdin.write(bytes.subarray(at, at + (1 << 22)))) await once(this.#child.stdin, 'drain');
    }
    return this.#answer<Answer>();
  }

  stop(): void {
    this.#child.kill();
  }

  async #answer<T>(): Promise<T> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('tools/bench/peer/gate.py ended; what it said stands above');
    return JSON.parse(value) as T;
  }
}
