import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Readable, Writable } from 'node:stream';
import { asset } from '../../sdk/base/assets.ts';

/** What `env` gets to start a script as `ocellus` is started, with the settings of memory in its first line. */
export function launcher(): string[] {
  const line = readFileSync(asset('bin', 'ocellus.js'), 'utf8').split('\n')[0]!;
  return line
    .slice(line.indexOf('-S') + 2)
    .trim()
    .split(' ');
}

/** A program that prints JSON in its last line. */
export class SubjectProcess<T> {
  /** What its last line says. Rejected when it ends with another code than 0, with what it wrote to stderr. */
  readonly result: Promise<T>;
  /** Resolves at its first line, of a program that says when it is ready; rejected as `result`. */
  readonly ready: Promise<void>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;

  constructor(program: string, args: readonly string[]) {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    let out = '';
    let trouble = '';
    const spoken = new Promise<void>((resolve) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
        if (text.includes('\n')) resolve();
      });
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      trouble = (trouble + text).slice(-4000);
    });
    // Of one that has ended.
    child.stdin.on('error', () => {});
    this.result = new Promise<number | null>((resolve, reject) =>
      child.once('error', reject).once('close', resolve),
    ).then((code) => {
      if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${trouble}`);
      return JSON.parse(out.trim().split('\n').at(-1)!) as T;
    });
    this.ready = Promise.race([spoken, this.result.then(() => {})]);
    // Who waits for one of them only gets the error from that one.
    this.ready.catch(() => {});
    this.result.catch(() => {});
  }

  /** Lets one that waits begin. */
  go(): void {
    this.#child.stdin.write('go\n');
  }

  /** Ends it before its time; `result` is rejected. */
  kill(): void {
    this.#child.kill();
  }
}

/** Runs a program to its end and reads the JSON of its last line. */
export function runJson<T>(program: string, args: readonly string[]): Promise<T> {
  return new SubjectProcess<T>(program, args).result;
}

export interface Spread {
  median: number;
  low: number;
  high: number;
}

/** Median, smallest and largest. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)]!, low: sorted[0]!, high: sorted.at(-1)! };
}

export function inWords({ median, low, high }: Spread, digits = 2): string {
  return `${median.toFixed(digits)} (${low.toFixed(digits)}-${high.toFixed(digits)})`;
}
