import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { InputError, messageOf } from '../sdk/errors.ts';
import { maskCredentials } from './credentials.ts';

/** How long a program may take to end by itself when asked to. */
const graceMs = 1000;
const keptLines = 12;
const keptLineLength = 400;
const longestLine = 16_384;
/** Where in memory the part of ffmpeg lies that speaks: other at each run, so the same error would look like a new one. */
const address = /^\[([^\]@]+) @ 0x[0-9a-f]+\] /;

/** A program to run, and what a person installs when it is missing. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** `install ffmpeg: sudo apt install ffmpeg` */
  readonly install: string;
}

type Process = ChildProcessByStdio<Writable | null, Readable, Readable>;

/** A running program whose standard output is read; standard error is always drained, its last lines are kept. */
export class Child {
  readonly stdout: Readable;
  /** Of one that is written to. */
  readonly stdin: Writable | null;
  /** Resolves when the program has ended and its output was read, with how it ended: `exit status 1`. */
  readonly ended: Promise<string>;
  readonly #process: Process;
  readonly #lines: string[] = [];
  #partial = '';
  #over = false;

  private constructor(process: Process) {
    this.#process = process;
    this.stdout = process.stdout;
    this.stdin = process.stdin;
    process.stderr.setEncoding('utf8');
    process.stderr.on('data', (text: string) => this.#onStderr(text));
    this.ended = new Promise((resolve) => {
      process.once('close', (code, signal) => {
        this.#over = true;
        resolve(signal ? `killed by ${signal}` : `exit status ${code}`);
      });
    });
  }

  /**
   * @param options.writes It is written to. Ctrl-C does not reach it then: it ends with its input.
   * @throws InputError when the program is missing or cannot be started.
   */
  static start({ program, args, install }: Command, { writes = false } = {}): Promise<Child> {
    return new Promise((resolve, reject) => {
      let process: Process;
      try {
        process = writes
          ? spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
          : spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
      } catch (error) {
        return reject(new InputError(`cannot start ${program}: ${maskCredentials(messageOf(error))}`));
      }
      process.once('spawn', () => resolve(new Child(process)));
      // Stays for the program's life: an error without a listener would end this process.
      process.on('error', (error: NodeJS.ErrnoException) => {
        reject(
          new InputError(
            error.code === 'ENOENT'
              ? `${program} is needed for this source and was not found on the PATH; ${install}`
              : `cannot start ${program}: ${maskCredentials(error.message)}`,
          ),
        );
      });
    });
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** The last lines it wrote to standard error, passwords masked. */
  get said(): string {
    return [...this.#lines, this.#clean(this.#partial)].filter(Boolean).join('; ');
  }

  /** Ends it: asks first unless `hard`, then kills. Resolves when it has ended. */
  async stop(hard = false): Promise<void> {
    if (this.#over) return;
    // With nobody reading, a program that is busy writing gets an error instead of waiting for ever.
    this.stdout.destroy();
    if (!hard) {
      this.#process.kill('SIGTERM');
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, graceMs);
      });
      await Promise.race([this.ended, late]);
      clearTimeout(timer);
    }
    // A stopped program (SIGSTOP) and one that hangs in a driver take no other signal.
    if (!this.#over) this.#process.kill('SIGKILL');
    await this.ended;
  }

  #clean(line: string): string {
    return maskCredentials(line.trim().replace(address, '')).slice(0, keptLineLength);
  }

  #onStderr(text: string): void {
    const lines = (this.#partial + text).split(/[\r\n]+/);
    // Long enough for a URL: of one that is cut in the middle the password would not be known as such.
    this.#partial = lines.pop()!.slice(0, longestLine);
    for (const line of lines) {
      const clean = this.#clean(line);
      if (clean && clean !== this.#lines.at(-1)) this.#lines.push(clean);
    }
    this.#lines.splice(0, Math.max(0, this.#lines.length - keptLines));
  }
}
