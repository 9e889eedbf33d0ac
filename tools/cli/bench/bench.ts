import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type Board,
  BoardMonitor,
  describeBoard,
  EnergyMeter,
  type Limit,
  type PowerCoverage,
  readThrottling,
} from '../../../devices/index.ts';
import { packageVersion } from '../../../sdk/base/assets.ts';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import { type FoundModel, findModel, hasForm, readForm } from '../../../sdk/core/cards/model-file.ts';
import { chooseEngine } from '../../../sdk/core/choose-engine.ts';
import { installedOnnxruntime, isOnnxruntimeInstalled } from '../../../sdk/core/engines/onnxruntime-package.ts';
import { readOnnxGraph } from '../../../sdk/core/onnx/graph.ts';
import { quantisationOf, weightsOf } from '../../../sdk/core/onnx/summary.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { hasOpenCv, howToInstallOpenCv, loadOpenCv } from '../../../sdk/opencv-bindings/load.ts';
import { type Spread, spread } from '../../shared/run.ts';
import { labelledSet } from '../evaluate-learning.ts';
import { boxedPictures } from '../labelled-boxes.ts';
import { withFolders } from '../picture-files.ts';
import { filesFor, type PythonEngines, pythonEngines } from './adapters.ts';
import { openMeter, whatMeasures } from './meters.ts';
import { taskOf } from './runner.ts';
import {
  type Accuracy,
  type AccuracyTask,
  type BenchEngine,
  foreignEngines,
  type Measurement,
  mostPictures,
  runSubject,
  type Subject,
  startSubject,
  type TimedTask,
} from './task.ts';
import { type Failed, firstLine, lastLine, type Measured, measureInTurns } from './turns.ts';

export interface BenchOptions {
  /** Names of `ocellus models`, ONNX files or cards. */
  readonly models: readonly string[];
  readonly engines: readonly BenchEngine[];
  /** Threads of one inference; each is measured. */
  readonly threads: readonly number[];
  /** A folder of pictures; without one no accuracy is measured, and the pictures are views of the built-in scene. */
  readonly on?: string | undefined;
  /** Each candidate is measured so often, in turns with the others. */
  readonly rounds: number;
  /** Of each measurement of times. */
  readonly seconds: number;
  /** Of each measurement of energy, and of the idle board before. */
  readonly energySeconds: number;
  /** An interpreter that may have ncnn and LiteRT. */
  readonly python: string;
  /** Address of a meter (`openMqttMeter`). Default: what measures power on this board, if anything. */
  readonly meter?: string | undefined;
  /** Told of each measurement that is over. */
  readonly onStep?: (phase: string, done: number, of: number) => void;
}

/** One way to run a model. */
export interface Contender {
  readonly model: string;
  readonly engine: BenchEngine;
  readonly threads: number;
  /** The file that the engine runs, and its digest. */
  readonly file: string;
  readonly sha256: string;
  /** `int8`, `fp16` or `fp32`; of a foreign engine known once it has run. */
  readonly precision: string;
  /** What the card says the model is for. */
  readonly task: string;
  readonly subject: Subject;
}

/** Something that was not measured, and why. */
export interface NotMeasured {
  readonly model: string;
  readonly engine: BenchEngine | null;
  readonly threads: number | null;
  readonly why: string;
}

export interface BenchResult {
  readonly model: string;
  readonly task: string;
  readonly engine: BenchEngine;
  readonly engineVersion: string;
  readonly precision: string;
  readonly threads: number;
  readonly file: string;
  readonly sha256: string;
  /** From a picture to its result; p50 and p99 of each round. */
  readonly latencyMs: { readonly p50: Spread; readonly p99: Spread };
  /** The network's own part of it, median. */
  readonly networkMs: Spread;
  /** Pictures per second of as many processes as there are cores, each with one thread. */
  readonly perSecond: Spread | null;
  readonly cpuSeconds: Spread;
  readonly residentMb: Spread;
  readonly startMs: Spread;
  readonly accuracy: Accuracy | null;
  /** Joules a picture, one after the other; `net`: without what the idle board takes in that time. */
  readonly energy: { readonly joules: Spread; readonly netJoules: Spread } | null;
  /** The highest meanwhile, degrees Celsius; null where the board does not report it. */
  readonly temperature: number | null;
  readonly throttling: readonly Limit[];
  /** Share of all processors that other programs used meanwhile, 0..1. */
  readonly foreignLoad: Spread;
}

export interface BenchReport {
  readonly version: string;
  readonly machine: Board & { readonly kernels: string; readonly system: string; readonly node: string };
  readonly pictures: { readonly folder: string | null; readonly count: number };
  readonly rounds: number;
  readonly seconds: number;
  readonly energySeconds: number;
  readonly power: { readonly source: string; readonly covers: PowerCoverage; readonly idleWatts: Spread } | null;
  readonly results: readonly BenchResult[];
  readonly failed: readonly NotMeasured[];
  /** Reasons to doubt the figures. */
  readonly warnings: readonly string[];
}

/** From this share of all processors on, other programs affect the figures. */
const busyShare = 0.1;

/**
 * Measures models in all engines that are here, side by side: accuracy, times, throughput, and energy, each in runs of their
 * own, each run in a process of its own, the candidates in turns.
 *
 * @throws InputError when the folder has no pictures, or the meter is not there. What cannot be run is in `failed`.
 */
export async function bench(options: BenchOptions): Promise<BenchReport> {
  const { rounds, seconds, energySeconds, on, meter } = options;
  const pictures = on === undefined ? [] : await picturesOf(on);
  const measuring = await whatMeasures(meter);
  // One that is named and not there is said before anything is measured.
  const idle = measuring.power === undefined ? undefined : await openMeter(measuring.power);
  await idle?.[Symbol.asyncDispose]();
  const { contenders, failed } = await contendersOf(options);
  const watch = new BoardWatch();
  const phases = new Phases(options, contenders, failed, watch);
  const accuracies = on === undefined ? new Map<Contender, Accuracy>() : await phases.accuracy(on);
  const looked = { kind: 'timed', pictures: pictures.slice(0, mostPictures), rate: 0 } as const;
  const timed = await phases.inTurns('times', { ...looked, seconds }, rounds);
  const rates = await phases.throughput({ ...looked, seconds, waits: true });
  const energy = measuring.power
    ? await phases.energy({ ...looked, seconds: energySeconds, power: measuring.power })
    : undefined;
  const board = describeBoard();
  const results = timed.map(({ candidate, rounds: runs }) => {
    const joules = energy?.joules.get(candidate);
    return resultOf(candidate, runs, {
      perSecond: rates.get(candidate),
      accuracy: accuracies.get(candidate),
      energy: joules,
      board: watch.of(candidate),
    });
  });
  const warnings = [...warningsOf(results), ...phases.notes];
  if (measuring.why !== undefined) warnings.push(`energy is unknown: ${measuring.why}`);
  return {
    version: packageVersion(),
    machine: {
      ...board,
      kernels: kernels.name,
      system: `${process.platform} ${process.arch}`,
      node: process.versions.node,
    },
    pictures: { folder: on ?? null, count: pictures.length },
    ...{ rounds, seconds, energySeconds },
    power: energy?.power ?? null,
    results,
    failed,
    warnings,
  };
}

/** Pictures in a folder, with labels beside them or not, or in its folders of labels. @throws InputError when there are none. */
async function picturesOf(folder: string): Promise<string[]> {
  const ways = [
    async () => (await boxedPictures(folder)).map(({ picture }) => picture),
    async () => (await labelledSet(folder)).map(({ file }) => file),
  ];
  for (const way of ways) {
    const found = await way().catch(noneOf);
    if (found) return found;
  }
  return withFolders([folder]);
}

/** Pictures without labels, or labels of another kind, are no fault yet. */
function noneOf(error: unknown): undefined {
  if (!(error instanceof InputError)) throw error;
}

/** What of the models can be measured here, and what cannot. */
export async function contendersOf(
  options: Pick<BenchOptions, 'models' | 'engines' | 'threads' | 'python'>,
): Promise<{ contenders: Contender[]; failed: NotMeasured[] }> {
  const { models, engines, threads, python } = options;
  const contenders: Contender[] = [];
  const failed: NotMeasured[] = [];
  const isForeign = engines.some((engine) => (foreignEngines as readonly string[]).includes(engine));
  const here = isForeign ? await pythonEngines(python) : undefined;
  for (const model of new Set(models)) {
    let found: FoundModel;
    let task: string;
    try {
      found = await findModel(model);
      task = await taskOf(found);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      failed.push({ model, engine: null, threads: null, why: firstLine(error.message) });
      continue;
    }
    for (const engine of engines) {
      try {
        for (const way of await waysOf(found, engine, here)) {
          for (const count of threads) {
            const subject = { model, engine: way.engine, threads: count, ...(way.adapter && { adapter: way.adapter }) };
            const { file, precision } = way;
            contenders.push({ model, engine, threads: count, file, precision, sha256: way.sha256, task, subject });
          }
        }
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        failed.push({ model, engine, threads: null, why: firstLine(error.message) });
      }
    }
  }
  return { contenders, failed };
}

type Way = Pick<Contender, 'file' | 'sha256' | 'precision'> & Pick<Subject, 'engine' | 'adapter'>;

/** @throws InputError when the engine, or what it would run of the model, is not here. */
async function waysOf(found: FoundModel, engine: BenchEngine, here: PythonEngines | undefined): Promise<Way[]> {
  if (engine === 'ncnn' || engine === 'litert') {
    const about = here![engine];
    if (about.why !== undefined) throw new InputError(about.why);
    const files = await filesFor(found, engine);
    return Promise.all(
      files.map(async (file) => ({
        engine: 'auto' as const,
        adapter: { engine, python: here!.python, file },
        file,
        sha256: await digestOf(file),
        precision: '',
      })),
    );
  }
  await chooseEngine(engine, found);
  if (engine === 'opencv' && !hasOpenCv())
    throw new InputError(`OpenCV's bindings are not here: ${howToInstallOpenCv}`);
  const form = engine === 'native' ? 'program' : 'network';
  if (!(await hasForm(found, form))) throw new InputError(`expected its ${form} ${found[form]!.path}, it is not there`);
  const { bytes } = await readForm(found, form);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return [{ engine, file: found[form]!.path, sha256, precision: form === 'program' ? 'int8' : precisionOf(bytes) }];
}

async function digestOf(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

function precisionOf(bytes: Uint8Array): string {
  const graph = readOnnxGraph(bytes);
  if (!graph) return 'fp32';
  if (quantisationOf(graph)) return 'int8';
  const { types } = weightsOf(graph);
  return (types.get('float16') ?? 0) > (types.get('float32') ?? 0) ? 'fp16' : 'fp32';
}

/** The runs, one kind after the other. What fails in one of them is left out of the next. */
class Phases {
  readonly #notes: { readonly contender: Contender; readonly text: string }[] = [];
  readonly #options: BenchOptions;
  readonly #failed: NotMeasured[];
  readonly #watch: BoardWatch;
  #contenders: readonly Contender[];

  constructor(options: BenchOptions, contenders: readonly Contender[], failed: NotMeasured[], watch: BoardWatch) {
    this.#options = options;
    this.#contenders = contenders;
    this.#failed = failed;
    this.#watch = watch;
  }

  /** Of each model by labels where there are any, else by agreement with onnxruntime. Threads change nothing of it. */
  async accuracy(folder: string): Promise<Map<Contender, Accuracy>> {
    const scratch = await mkdtemp(join(tmpdir(), 'ocellus-bench-'));
    const found = new Map<Contender, Accuracy>();
    const known = new Map<string, Accuracy>();
    try {
      for (const [i, contender] of this.#contenders.entries()) {
        const key = `${contender.engine} ${contender.file}`;
        try {
          const accuracy = known.get(key) ?? (await this.#accuracyOf(contender, folder, scratch));
          known.set(key, accuracy);
          found.set(contender, accuracy);
        } catch (error) {
          this.#note(contender, 'no accuracy', lastLine(error));
        }
        this.#options.onStep?.('accuracy', i + 1, this.#contenders.length);
      }
      return found;
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  readonly #methods: Record<string, Promise<AccuracyTask['method']>> = {};
  /** What onnxruntime makes of the pictures, by model. */
  readonly #references = new Map<string, Promise<string>>();

  async #accuracyOf({ model, task, subject }: Contender, folder: string, scratch: string): Promise<Accuracy> {
    const method = await (this.#methods[task] ??= methodFor(task, folder));
    if (method !== 'agreement') return runSubject<Accuracy>(subject, { kind: 'accuracy', folder, method });
    let reference = this.#references.get(model);
    if (!reference) {
      const file = join(scratch, `${this.#references.size}.json`);
      const asked: AccuracyTask = { kind: 'accuracy', folder, method: 'reference', reference: file };
      reference = runSubject<unknown>({ model, engine: 'onnxruntime', threads: 1 }, asked).then(() => file);
      reference.catch(() => {});
      this.#references.set(model, reference);
    }
    const made = await reference.catch((error: unknown) => {
      throw new InputError(
        `pictures without labels are compared with what onnxruntime makes of them: ${lastLine(error)}`,
      );
    });
    return runSubject<Accuracy>(subject, { kind: 'accuracy', folder, method, reference: made });
  }

  async inTurns(phase: string, task: TimedTask, rounds: number): Promise<Measured<Contender, Measurement>[]> {
    let done = 0;
    const { measured, failed } = await measureInTurns(this.#contenders, {
      rounds,
      run: (contender) => this.#watch.during(contender, () => runSubject(contender.subject, task)),
      step: () => this.#options.onStep?.(phase, ++done, this.#contenders.length * rounds),
    });
    if (phase === 'times') this.#leaveOut(failed);
    else for (const { candidate, why } of failed) this.#note(candidate, `no ${phase}`, why);
    return measured;
  }

  /** As many processes as there are cores, each with a thread: pictures per second of all, by round. */
  async throughput(task: TimedTask): Promise<Map<Contender, Spread>> {
    const { cores } = describeBoard();
    // Threads of one inference say nothing here: each network is measured once.
    const once = this.#contenders.filter(
      (one, i) => this.#contenders.findIndex((other) => other.file === one.file && other.engine === one.engine) === i,
    );
    let done = 0;
    const { rounds, onStep } = this.#options;
    const { measured, failed } = await measureInTurns(once, {
      rounds,
      run: (contender) =>
        this.#watch.during(contender, () => manyAtOnce({ ...contender.subject, threads: 1 }, task, cores)),
      step: () => onStep?.('throughput', ++done, once.length * rounds),
    });
    for (const { candidate, why } of failed) this.#note(candidate, 'no throughput', why);
    const found = new Map<Contender, Spread>();
    for (const { candidate, rounds: rates } of measured) {
      for (const one of this.#contenders) {
        if (one.file === candidate.file && one.engine === candidate.engine) found.set(one, spread(rates));
      }
    }
    return found;
  }

  async energy(task: TimedTask & { readonly power: string }) {
    const { rounds, energySeconds } = this.#options;
    const idle: number[] = [];
    let about: { source: string; covers: PowerCoverage } | undefined;
    const restFirst = async () => {
      const { watts, ...source } = await idleWatts(task.power, energySeconds);
      about = source;
      idle.push(watts);
    };
    await restFirst();
    const measured = await this.inTurns('energy', task, rounds);
    await restFirst();
    const idleSpread = spread(idle);
    const mean = idle.reduce((sum, one) => sum + one, 0) / idle.length;
    const joules = new Map<Contender, { joules: Spread; netJoules: Spread }>();
    for (const { candidate, rounds: runs } of measured) {
      const whole = runs.flatMap(({ joules: one, watts }) => (one === null || watts === null ? [] : [{ one, watts }]));
      if (whole.length < rounds) continue;
      joules.set(candidate, {
        joules: spread(whole.map(({ one }) => one)),
        netJoules: spread(whole.map(({ one, watts }) => one * (1 - mean / watts))),
      });
    }
    return { joules, power: { ...about!, idleWatts: idleSpread } };
  }

  /** What is missing of those that were measured. */
  get notes(): readonly string[] {
    const left = new Set(this.#contenders);
    return [...new Set(this.#notes.filter(({ contender }) => left.has(contender)).map(({ text }) => text))];
  }

  #note(contender: Contender, what: string, why: string): void {
    const { model, engine } = contender;
    this.#notes.push({ contender, text: `of ${model} by ${engine}, ${what}: ${why}` });
  }

  #leaveOut(failed: readonly Failed<Contender>[]): void {
    const out = new Set(failed.map(({ candidate }) => candidate));
    this.#contenders = this.#contenders.filter((one) => !out.has(one));
    for (const { candidate, why } of failed) {
      const { model, engine, threads } = candidate;
      this.#failed.push({ model, engine, threads, why });
    }
  }
}

async function methodFor(task: string, folder: string): Promise<AccuracyTask['method']> {
  const labelled = await (task === 'classify' ? labelledSet(folder) : boxedPictures(folder)).catch(noneOf);
  if (!labelled) return 'agreement';
  return task === 'classify' ? 'few_shot' : 'ap';
}

async function manyAtOnce(subject: Subject, task: TimedTask, count: number): Promise<number> {
  const all = Array.from({ length: count }, () => startSubject(subject, task));
  try {
    await Promise.all(all.map(({ ready }) => ready));
    for (const one of all) one.go();
    const measured = await Promise.all(all.map(({ result }) => result));
    return measured.reduce((sum, { latencyMs }) => sum + 1000 / latencyMs.mean, 0);
  } catch (error) {
    for (const one of all) one.kill();
    throw error;
  }
}

/** What the board takes while nothing is measured. @throws InputError when the meter tells nothing. */
async function idleWatts(power: string, seconds: number) {
  const meter = await openMeter(power);
  if (!meter) throw new InputError('what measures power is gone');
  try {
    await meter.settled();
    const energy = new EnergyMeter(meter.source);
    await energy.start();
    await wait(seconds * 1000);
    const { joules, seconds: measured } = await energy.take();
    energy.stop();
    if (measured === 0) throw new InputError(`${meter.source.name} told no power within ${seconds} s`);
    return { source: meter.source.name, covers: meter.source.covers, watts: joules / measured };
  } finally {
    await meter[Symbol.asyncDispose]();
  }
}

/** Temperature and throttling while a candidate ran. */
class BoardWatch {
  readonly #monitor = new BoardMonitor();
  readonly #seen = new Map<Contender, { temperature: number | null; throttling: Set<Limit> }>();

  async during<T>(contender: Contender, work: () => Promise<T>): Promise<T> {
    const seen = this.#seen.get(contender) ?? { temperature: null, throttling: new Set<Limit>() };
    this.#seen.set(contender, seen);
    const before = await readThrottling();
    const look = () => {
      const { temperature } = this.#monitor;
      if (temperature !== null) seen.temperature = Math.max(seen.temperature ?? temperature, temperature);
    };
    look();
    const timer = setInterval(look, 1000);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      look();
      const after = await readThrottling();
      for (const limit of [...(before?.now ?? []), ...(after?.now ?? [])]) seen.throttling.add(limit);
      // What came and went meanwhile.
      for (const limit of after?.sinceBoot ?? []) if (!before?.sinceBoot?.includes(limit)) seen.throttling.add(limit);
    }
  }

  of(contender: Contender) {
    const { temperature = null, throttling = [] } = this.#seen.get(contender) ?? {};
    return { temperature, throttling: [...throttling] };
  }
}

function resultOf(
  contender: Contender,
  runs: readonly Measurement[],
  found: {
    perSecond: Spread | undefined;
    accuracy: Accuracy | undefined;
    energy: BenchResult['energy'] | undefined;
    board: Pick<BenchResult, 'temperature' | 'throttling'>;
  },
): BenchResult {
  const { model, task, engine, threads, file, sha256, precision } = contender;
  const { foreign } = runs[0]!;
  const over = (of: (one: Measurement) => number) => spread(runs.map(of));
  return {
    ...{ model, task, engine, threads, file, sha256 },
    engineVersion: foreign?.version ?? versionOf(engine),
    precision: foreign?.precision ?? precision,
    latencyMs: { p50: over(({ latencyMs }) => latencyMs.median), p99: over(({ latencyMs }) => latencyMs.p99) },
    networkMs: over(({ networkMs }) => networkMs),
    perSecond: found.perSecond ?? null,
    cpuSeconds: over(({ cpuMs }) => cpuMs / 1000),
    residentMb: over(({ residentMb }) => residentMb),
    startMs: over(({ startMs }) => startMs),
    accuracy: found.accuracy ?? null,
    energy: found.energy ?? null,
    ...found.board,
    foreignLoad: over(({ foreignLoad }) => foreignLoad),
  };
}

/** Of an engine of ours. */
function versionOf(engine: BenchEngine): string {
  if (engine === 'onnxruntime') return isOnnxruntimeInstalled() ? installedOnnxruntime() : 'not installed';
  if (engine !== 'opencv') return packageVersion();
  try {
    const { major, minor } = loadOpenCv<{ version: { major: number; minor: number } }>().version;
    return `${major}.${minor}`;
  } catch (error) {
    return messageOf(error);
  }
}

function warningsOf(results: readonly BenchResult[]): string[] {
  const warnings: string[] = [];
  const busy = results.map(({ foreignLoad }) => foreignLoad.high);
  const most = Math.max(0, ...busy);
  if (most > busyShare) {
    warnings.push(
      `other programs used up to ${Math.round(most * 100)} % of the processors meanwhile: these are the figures of a busy machine`,
    );
  }
  const limits = new Set(results.flatMap(({ throttling }) => throttling));
  if (limits.size > 0) {
    warnings.push(
      `the board was throttled (${[...limits].join(', ')}): cool it or use a better power supply, and measure again`,
    );
  }
  return warnings;
}
