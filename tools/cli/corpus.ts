import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { replaceFile } from '../../sdk/base/replace-file.ts';
import { defaultModel } from '../../sdk/config/schema.ts';
import { printNote, progress } from '../shared/output.ts';
import { type PartProgress, type PartRequest, unfinished } from '../worker/parts.ts';
import { modelDigest } from './model-digest.ts';
import type { ModelOptions } from './model-options.ts';
import { takeFolder } from './single-run.ts';

export interface CorpusOptions extends ModelOptions {
  readonly threshold?: number;
  readonly processes?: number;
  /** Pictures of one file: what is done again after an interruption. */
  readonly partSize: number;
}

/** Beside the parts; Spark and others do not read names that begin so. */
const planName = '_ocellus.json';

/** What a folder of parts is of. Another plan makes other parts. */
interface Plan {
  readonly model: string;
  readonly threshold: number | null;
  /** Each rounds in its own way. */
  readonly engine: string | null;
  readonly pictures: number;
  /** SHA-256 of their paths, in order. */
  readonly paths: string;
  readonly part_size: number;
}

/**
 * Finds objects in pictures by several processes, and writes what was found as a folder of Parquet files. Parts that are there
 * already, of the same pictures by the same model, are left as they are, unless a picture has changed since.
 *
 * @throws InputError when the folder is of something else, cannot be written, or another process writes to it; Error when a process ends badly: the parts that
 * are whole stay.
 */
export async function detectToParquet(files: readonly string[], out: string, options: CorpusOptions): Promise<void> {
  const parts = partsOf(files, out, options.partSize);
  const plan = await planOf(files, options);
  const release = await takeFolder(out);
  try {
    await writeMissing(parts, out, plan, options);
  } finally {
    await release();
  }
}

async function writeMissing(parts: readonly PartRequest[], out: string, plan: Plan, options: CorpusOptions) {
  const found = await openFolder(out, plan);
  const done = new Set<string>();
  for (const { file, pictures } of parts) if (found.has(file) && !(await isOld(file, pictures))) done.add(file);
  const outdated = found.size - done.size;
  if (outdated > 0) printNote(`${out}: pictures of ${outdated} parts have changed since; these are made anew`);
  const left = parts.filter(({ file }) => !done.has(file));
  if (done.size > 0) printNote(`${out}: ${parts.length - left.length} of ${parts.length} parts are there already`);
  const bar = progress(
    'detect',
    left.reduce((sum, { pictures }) => sum + pictures.length, 0),
  );
  let errors = 0;
  const told = (one: PartProgress) => {
    errors += one.errors;
    for (let i = 0; i < one.pictures; i++) bar.step();
  };
  try {
    const count = Math.min(options.processes ?? usualProcesses(), left.length);
    await runAll(
      left,
      Array.from({ length: count }, () => new PartProcess(options)),
      told,
    );
  } finally {
    bar.done();
  }
  if (errors > 0) printNote(`${errors} of the pictures could not be read: their rows say why, in the column error`);
}

/** Is a picture newer than the part that says what it shows? By the time of its inode too: a copy may keep the other one. */
async function isOld(part: string, pictures: readonly string[]): Promise<boolean> {
  const { mtimeMs: written } = await stat(part);
  for (const picture of pictures) {
    const is = await stat(picture).catch(() => undefined);
    if (is && Math.max(is.mtimeMs, is.ctimeMs) > written) return true;
  }
  return false;
}

/** One a core, each with half a gigabyte at least. */
const usualProcesses = () => Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / 2 ** 29)));

function partsOf(files: readonly string[], out: string, partSize: number): PartRequest[] {
  return Array.from({ length: Math.ceil(files.length / partSize) }, (_, i) => ({
    file: join(out, `part-${String(i).padStart(5, '0')}.parquet`),
    pictures: files.slice(i * partSize, (i + 1) * partSize),
  }));
}

async function planOf(
  files: readonly string[],
  { model = defaultModel, threshold, engine, partSize }: CorpusOptions,
): Promise<Plan> {
  return {
    model: await modelDigest(model),
    threshold: threshold ?? null,
    engine: engine ?? null,
    pictures: files.length,
    paths: createHash('sha256').update(JSON.stringify(files)).digest('hex'),
    part_size: partSize,
  };
}

/** Finds what is done in the folder. @returns The paths of the parts that are there. */
async function openFolder(out: string, plan: Plan): Promise<Set<string>> {
  try {
    const names = await readdir(out);
    if (names.includes(planName)) assertSame(await readPlan(join(out, planName)), plan);
    else if (names.length > 0) throw new InputError('expected an empty folder, or that of an earlier run');
    else await replaceFile(join(out, planName), JSON.stringify(plan), 0o644);
    for (const name of names) if (name.endsWith(unfinished)) await rm(join(out, name));
    return new Set(names.filter((name) => name.endsWith('.parquet')).map((name) => join(out, name)));
  } catch (error) {
    throw new InputError(`--parquet ${out}: ${messageOf(error)}`);
  }
}

async function readPlan(file: string): Promise<Partial<Plan>> {
  const text = await readFile(file, 'utf8');
  try {
    const plan = JSON.parse(text) as Partial<Plan> | null;
    if (typeof plan?.paths === 'string') return plan;
  } catch {
    // Said below.
  }
  throw new InputError(
    `${planName} in it is damaged, so nobody knows of which pictures the parts are; name another folder`,
  );
}

function assertSame(found: Partial<Plan>, plan: Plan): void {
  const differs = (Object.keys(plan) as (keyof Plan)[]).find((key) => found[key] !== plan[key]);
  if (differs === undefined) return;
  const what = differs === 'paths' ? 'other pictures' : `${differs} ${found[differs]}, which is now ${plan[differs]}`;
  throw new InputError(`expected the folder of an earlier run of the same, got one of ${what}; name another folder`);
}

/** Gives each process the next part when it is done with one. */
async function runAll(
  parts: readonly PartRequest[],
  processes: readonly PartProcess[],
  told: (progress: PartProgress) => void,
): Promise<void> {
  let next = 0;
  try {
    await Promise.all(
      processes.map(async (one) => {
        while (next < parts.length) await one.write(parts[next++]!, told);
        await one.end();
      }),
    );
  } finally {
    for (const one of processes) one.kill();
  }
}

/** A process that writes parts. */
class PartProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #lines: AsyncIterator<string>;
  readonly #closed: Promise<number | null>;
  #said = '';

  constructor({ model, threshold, engine, threads = 1 }: CorpusOptions) {
    const given = { model, threshold, engine, threads };
    const options = Object.entries(given).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, String(value)],
    );
    const command = [...process.execArgv, process.argv[1]!, 'worker', '--parts', ...options];
    this.#child = spawn(process.execPath, command, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-2000);
    });
    // Of one that has ended; its exit code says why.
    this.#child.stdin.on('error', () => {});
    this.#closed = new Promise((resolve, reject) => this.#child.once('error', reject).once('close', resolve));
    this.#closed.catch(() => {});
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** @throws Error when the process ends before the part is whole. */
  async write(part: PartRequest, told: (progress: PartProgress) => void): Promise<void> {
    this.#child.stdin.write(`${JSON.stringify(part)}\n`);
    for (;;) {
      const { value, done } = await this.#lines.next();
      if (done) throw await this.#fault();
      const progress = JSON.parse(value) as PartProgress;
      told(progress);
      if (progress.file !== undefined) return;
    }
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    if ((await this.#closed) !== 0) throw await this.#fault();
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** What the process said is wrong with its input is so with all of them. */
  async #fault(): Promise<Error> {
    const code = await this.#closed;
    const said = this.#said.trim().split('\n').at(-1) ?? '';
    if (code === 2) return new InputError(said.replace(/^error /, ''));
    const how = code ?? this.#child.signalCode;
    return new Error(
      `a process ended with ${how}${said && `: ${said}`}; what is whole stays, the same command goes on`,
    );
  }
}
