import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Each subject runs for about so long in a round, ms. */
export const burstMs = 150;

/** A way to run a network: a process that answers how long runs took. */
export interface Subject {
  readonly name: string;
  readonly network: string;
  readonly command: string;
  readonly args: readonly string[];
}

export interface Timed {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** A subject that is up: its first run is over. */
export class Running {
  readonly readyMs: number | undefined;
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;

  private constructor(
    child: ChildProcessWithoutNullStreams,
    lines: AsyncIterator<string>,
    readyMs: number | undefined,
  ) {
    this.#child = child;
    this.#lines = lines;
    this.readyMs = readyMs;
  }

  /** @throws Error when it ends before it is ready. */
  static async start({ command, args, name }: Subject, env: Record<string, string>): Promise<Running> {
    const child = spawn(command, args, { env: { ...process.env, ...env } });
    let trouble = '';
    child.stderr.on('data', (text) => {
      trouble = (trouble + text).slice(-1000);
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} does not run: ${trouble.trim().split('\n').at(-1)}`);
    return new Running(child, lines, (JSON.parse(value) as { readyMs?: number }).readyMs);
  }

  async run(repeat: number): Promise<Timed> {
    this.#child.stdin.write(`${JSON.stringify({ repeat })}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error('a subject ended while it was measured');
    return JSON.parse(value) as Timed;
  }

  end(): void {
    this.#child.stdin.end();
  }
}
