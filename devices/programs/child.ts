import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { maskCredentials } from '../../sdk/base/credentials.ts';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { within } from '../../sdk/base/within.ts';
import { findProgram } from './find-program.ts';
import { type FramePipe, framePipe } from './frame-pipe.ts';

/** How long a program may take to exit when asked to. */
const graceMs = 1000;
/** What the kernel may take to end one that is killed. */
const killMs = 2000;
/** After the program's end its pipes are closed once they have been silent for this long. */
const silenceMs = 500;
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
  /** Hears what it writes to standard error. */
  readonly listener?: StderrListener;
}

export interface StderrListener {
  /** @returns What of this line is worth telling when the program ends, if anything. */
  line(text: string): string | undefined;
  end(): void;
}

type Process = ChildProcessByStdio<Writable | null, Readable | null, Readable>;

/** The descriptor of what it writes beside its standard output. */
export const besideFd = 3;

/**
 * A running program whose standard output is read; standard error is always drained, its last lines are kept.
 *
 * It leads a process group of its own, which ends with it: what it began in turn would keep its pipes open, and the
 * camera. Where `setpriv` can do it, the kernel kills it when this process dies in whatever way.
 */
export class Child {
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Of one that is written to. */
  readonly stdin: Socket | null;
  /** Of one that writes to descriptor 3 as well. It has to be read: otherwise the program waits. */
  readonly beside: Readable | undefined;
  /**
   * Resolves with how the program ended, `exit status 1`, once its output was read; never later than the wait in `stop()`,
   * also where the program, or somebody who has its pipes, cannot be ended.
   */
  readonly ended: Promise<string>;
  readonly #process: Process;
  readonly #listener: StderrListener | undefined;
  readonly #exited: Promise<void>;
  readonly #lines: string[] = [];
  #partial = '';
  #how: string | undefined;
  #over = false;
  #giveUp = () => {};

  private constructor(process: Process, stdout: Readable, listener: StderrListener | undefined) {
    this.#process = process;
    this.#listener = listener;
    this.stdout = stdout;
    this.stderr = process.stderr;
    this.stdin = process.stdin as Socket | null;
    this.beside = process.stdio[besideFd] as Readable | undefined;
    process.stderr.setEncoding('utf8');
    process.stderr.on('data', (text: string) => this.#onStderr(text));
    process.stderr.once('close', () => {
      this.#onStderr('\n');
      listener?.end();
    });
    this.#exited = new Promise((resolve) => {
      process.once('exit', (code, signal) => {
        this.#how = signal ? `killed by ${signal}` : `exit status ${code}`;
        this.#signal('SIGKILL');
        this.#closeWhenSilent();
        resolve();
      });
    });
    this.ended = new Promise((resolve) => {
      const end = () => {
        this.#over = true;
        resolve(this.#how ?? 'it cannot be killed');
      };
      process.once('close', () => (stdout.closed ? end() : stdout.once('close', end)));
      this.#giveUp = end;
    });
  }

  /**
   * @param options.writes It is written to. It ends with its input, also when this process dies.
   * @param options.frames It writes frames. They are read by `pump()`: a chunk is valid only until the next one.
   * @param options.beside It writes to descriptor 3 as well.
   * @throws InputError when the program is missing or cannot be started.
   */
  static async start(
    { program, args, install, listener }: Command,
    { writes = false, frames = false, beside = false } = {},
  ): Promise<Child> {
    const path = program.includes('/') ? program : findProgram(program);
    if (!path) {
      throw new InputError(`${program} is needed for this source and was not found on the PATH; ${install}`);
    }
    // One that is written to has an end to write.
    const bound = writes ? [path, ...args] : [...(await boundToThisProcess()), path, ...args];
    const pipe = frames ? await framePipe() : undefined;
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => {
        pipe?.reader.destroy();
        reject(new InputError(`cannot start ${program}: ${maskCredentials(messageOf(error))}`));
      };
      try {
        const process = spawned(bound, { writes, beside }, pipe);
        process.once('spawn', () => resolve(new Child(process, pipe?.reader ?? process.stdout!, listener)));
        // Stays for the program's life: an error without a listener would end this process.
        process.on('error', fail);
      } catch (error) {
        fail(error);
      } finally {
        // Its end is heard of once nobody else could write.
        pipe?.writer.destroy();
      }
    });
  }

  get pid(): number {
    return this.#process.pid!;
  }

  /** The first line it wrote to standard error, and the last ones; passwords masked. */
  get said(): string {
    // A part of a line is nothing that a listener could judge.
    const rest = this.#listener ? '' : this.#clean(this.#partial);
    return [...this.#lines, rest].filter(Boolean).join('; ');
  }

  /** Whether it still runs. After `stop()`, only if it cannot be ended because it hangs in a driver. */
  get running(): boolean {
    return this.#how === undefined;
  }

  /** Whether it has ended with status 0. */
  get isDone(): boolean {
    return this.#process.exitCode === 0;
  }

  /** Ends it: asks first unless `hard`, then kills. Resolves when it has ended, or after a few seconds if it cannot be. */
  async stop(hard = false): Promise<void> {
    if (this.#over) return;
    // Without a reader, a program that is writing gets an error instead of waiting forever.
    this.stdout.destroy();
    this.beside?.destroy();
    if (!hard && this.running) {
      this.#signal('SIGTERM');
      await within(graceMs, this.#exited, undefined);
    }
    if (this.running) {
      // A stopped program (SIGSTOP) takes no other signal; one that hangs in a driver does not take this one either.
      this.#signal('SIGKILL');
      await within(killMs, this.#exited, undefined);
    }
    if (this.running) this.#abandon();
    await this.ended;
  }

  /** To the program and all that it began. */
  #signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // Nobody of them is left.
    }
  }

  /** Somebody who left the group may have the pipes still. What comes is read, at its reader's pace, until none comes. */
  #closeWhenSilent(): void {
    const streams = [this.stdout, this.stderr, ...(this.beside ? [this.beside] : [])] as Socket[];
    const count = () => streams.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
    let before = count();
    const timer = setInterval(() => {
      const now = count();
      const isSilent = now === before && !streams.some((stream) => stream.isPaused());
      before = now;
      if (isSilent) for (const stream of streams) stream.destroy();
    }, silenceMs);
    void this.ended.then(() => clearInterval(timer));
  }

  /** Keeps this process, and callers that wait for the program, from hanging with it. */
  #abandon(): void {
    this.#process.unref();
    for (const stream of [this.stdin, this.stdout, this.stderr, this.beside]) stream?.destroy();
    this.#giveUp();
  }

  #clean(line: string): string {
    return maskCredentials(line.trim().replace(address, '')).slice(0, keptLineLength);
  }

  #onStderr(text: string): void {
    const lines = (this.#partial + text).split(/[\r\n]+/);
    // Long enough for a URL: of one that is cut in the middle the password would not be known as such.
    this.#partial = lines.pop()!.slice(0, longestLine);
    for (const line of lines) {
      const told = this.#listener ? this.#listener.line(line) : line;
      const clean = this.#clean(told ?? '');
      if (clean && !this.#lines.includes(clean)) this.#lines.push(clean);
    }
    // The first one is the cause; ffmpeg 7 says many after it.
    this.#lines.splice(1, Math.max(0, this.#lines.length - keptLines));
  }
}

function spawned(
  [program, ...args]: readonly string[],
  { writes, beside }: { writes: boolean; beside: boolean },
  pipe: FramePipe | undefined,
): Process {
  const stdio = [
    writes ? 'pipe' : 'ignore',
    pipe?.writer ?? 'pipe',
    'pipe',
    ...(beside ? ['pipe' as const] : []),
  ] as const;
  // Ctrl-C at the terminal does not reach a separate process group: this process stops its devices itself.
  return spawn(program!, args, { stdio: [...stdio], detached: true }) as Process;
}

let binding: Promise<string[]> | undefined;

/**
 * What to put in front of a program so that the kernel kills it when this process dies, be it by `kill -9`: a program that
 * waits for its camera would not notice that nobody reads. Nothing where util-linux' `setpriv` is missing or older.
 */
function boundToThisProcess(): Promise<string[]> {
  binding ??= new Promise((resolve) => {
    const setpriv = findProgram('setpriv');
    if (!setpriv) return resolve([]);
    const bound = [setpriv, '--pdeathsig', 'KILL', '--'];
    const trial = spawn(setpriv, [...bound.slice(1), setpriv, '--version'], { stdio: 'ignore' });
    trial.once('error', () => resolve([]));
    trial.once('exit', (code) => resolve(code === 0 ? bound : []));
  });
  return binding;
}
