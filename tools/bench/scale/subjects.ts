import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { asset } from '../../../sdk/base/assets.ts';

/** What a job took. */
export interface Cost {
  /** By the clock. */
  readonly seconds: number;
  /** Of the processor, by all processes that took part. */
  readonly cpuSeconds: number;
  /** Of one that a start was taken from: with it. */
  readonly whole?: Cost;
}

/** Of the processor, by the children of this process that have ended, and by theirs. */
function endedSeconds(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1)!.split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

/** Runs a command to its end. @param input File that is its stdin. @throws Error when it ends badly. */
export async function commandCost([program, ...args]: readonly string[], input = '/dev/null'): Promise<Cost> {
  const [before, begun] = [endedSeconds(), performance.now()];
  const child = spawn(program!, args, { stdio: [openSync(input, 'r'), 'ignore', 'pipe'] });
  let err = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (err = (err + text).slice(-4000)));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${err}`);
  return { seconds: (performance.now() - begun) / 1000, cpuSeconds: endedSeconds() - before };
}

interface Told {
  readonly ready?: true;
  readonly seconds: number;
  readonly cpu_seconds: number;
  readonly rows: number;
}

/** Whose job: ours, or Spark's own way; `-files`: it gets paths, and reads the files itself. */
export type JobKind = 'ours' | 'ours-files' | 'udf' | 'udf-files';

/** A session of Spark that has done a small job of each kind already. */
export class SparkSession {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string>;
  #said = '';

  private constructor(master: string, album: string, out: string, kinds: string) {
    const { OCELLUS_BENCH_SPARK: python, OCELLUS_BENCH_SPARK_HOME: home } = process.env;
    const script = asset('tools', 'bench', 'peer', 'scale.py');
    const network = asset('sdk', 'models', 'yolox-nano-416-fp32.onnx');
    this.#child = spawn(python!, [script, asset('tools', 'spark'), master, album, network, out, kinds], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        ...process.env,
        ...{ PYSPARK_PYTHON: python, SPARK_HOME: home, SPARK_LOCAL_IP: '127.0.0.1' },
        OCELLUS_COMMAND: `${process.execPath} ${asset('bin', 'ocellus.js')}`,
      },
    });
    this.#child.stdin.on('error', () => {});
    this.#child.stderr
      .setEncoding('utf8')
      .on('data', (text: string) => (this.#said = (this.#said + text).slice(-4000)));
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** @param kinds Of the jobs that it will do. */
  static async start(master: string, album: string, out: string, kinds: readonly JobKind[]): Promise<SparkSession> {
    const session = new SparkSession(master, album, out, kinds.join(','));
    await session.#told();
    return session;
  }

  /** @throws Error when other than so many rows came of it. */
  async job(kind: JobKind | 'start', rows: number): Promise<Cost> {
    this.#child.stdin.write(`${kind}\n`);
    const told = await this.#told();
    if (told.rows !== rows) throw new Error(`expected ${rows} rows, got ${told.rows}`);
    return { seconds: told.seconds, cpuSeconds: told.cpu_seconds };
  }

  kill(): void {
    this.#child.stdin.end();
  }

  async #told(): Promise<Told> {
    for (;;) {
      const { done, value } = await this.#lines.next();
      if (done) throw new Error(`Spark ended: ${this.#said}`);
      if (value.startsWith('{')) return JSON.parse(value) as Told;
    }
  }
}
