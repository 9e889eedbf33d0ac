import type { Readable } from 'node:stream';
import { Child, type Command } from './child.ts';
import { Watchdog } from './watchdog.ts';

/** How long a query of a program may take, and how much it may print. */
const answerTimeoutMs = 8000;
const answerBytes = 1 << 20;

/** A program that ran to its end. */
export interface Run {
  /** It ended with exit status 0. */
  readonly ok: boolean;
  /** It took too long, or printed too much, and was killed. */
  readonly killed: boolean;
  /** `exit status 1` */
  readonly how: string;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Runs a program to its end.
 *
 * @param limits.bytes What it may write to each of its outputs.
 * @throws InputError when it is missing or cannot be started.
 */
export async function runProgram(command: Command, limits: { timeoutMs: number; bytes: number }): Promise<Run> {
  const child = await Child.start(command);
  let killed = false;
  const kill = () => {
    killed = true;
    void child.stop(true);
  };
  const stdout = gather(child.stdout, limits.bytes, kill);
  const stderr = gather(child.stderr, limits.bytes, kill);
  const watchdog = new Watchdog(kill);
  watchdog.arm(limits.timeoutMs);
  const how = await child.ended;
  watchdog.stop();
  return { ok: !killed && how === 'exit status 0', killed, how, stdout: stdout(), stderr: stderr().toString() };
}

/** What a program prints on both its outputs, whatever its exit status; undefined when it is missing or hangs. */
export async function askProgram(
  program: string,
  args: readonly string[],
  { timeoutMs = answerTimeoutMs }: { timeoutMs?: number } = {},
): Promise<string | undefined> {
  const limits = { timeoutMs, bytes: answerBytes };
  const run = await runProgram({ program, args, install: '' }, limits).catch(() => undefined);
  return run && !run.killed ? `${run.stdout}${run.stderr}` : undefined;
}

function gather(stream: Readable, most: number, onTooMuch: () => void): () => Buffer {
  const chunks: Buffer[] = [];
  let bytes = 0;
  stream.on('data', (chunk: Buffer | string) => {
    const piece = Buffer.from(chunk as Buffer);
    bytes += piece.length;
    if (bytes <= most) chunks.push(piece);
    else onTooMuch();
  });
  return () => Buffer.concat(chunks);
}
