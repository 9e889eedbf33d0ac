import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Device } from '../../devices/device/device.ts';
import { BoardMonitor, type BoardSenses, type MeasuredPower, type Throttling } from '../../devices/index.ts';
import { InputError } from '../base/errors.ts';
import { about, type Logger, silent } from '../base/log.ts';
import { type Writer, type Written, written } from '../base/written.ts';
import { noModel, type Settings } from '../config/schema.ts';
import type { ModelCard } from '../core/cards/card.ts';
import { loadModel, type Model } from '../core/model.ts';
import { NodeLearning } from '../learn/node-learning.ts';
import type { PipelineStats } from './events.ts';
import { CpuMeter, EnergyPerInference } from './meter.ts';
import { Pipeline } from './pipeline.ts';

/** What a node says of itself on `ocellus/<node>/stats`. */
export interface NodeStats {
  uptimeSeconds: number;
  /** Of one core, this process and its threads; decoders that run beside it (ffmpeg) are not in it. */
  cpuPercent: number;
  memory: { residentMb: number; heapMb: number };
  /** Degrees Celsius where the board tells it. */
  temperature: number | null;
  /** What the firmware of a Raspberry Pi slows it down for; null where it is not told. */
  throttling: Throttling | null;
  /** Over the last ten seconds; null where nothing measures it, and before the first report. */
  power: NodePower | null;
  /** How late timers came since the last report: the main thread was busy so long. */
  eventLoopDelayMs: { mean: number; p99: number };
  /** To disk, by what wrote it: of this process, whichever node it is of. */
  written: Record<Writer, Written>;
  model: string;
  cameras: Record<string, PipelineStats>;
}

export interface NodePower extends MeasuredPower {
  /**
   * Mean power times the time since the last report, divided by the frames that the detector looked at in that time, of
   * all cameras; null where it was none. It is the energy of all that the source covers: what the board needs when idle,
   * the cameras and other programs are in it, and nothing is subtracted.
   */
  readonly joulesPerInference: number | null;
}

const statsIntervalMs = 10_000;
/** A coarse clock: each measurement wakes the processor. */
const delayResolutionMs = 50;

/**
 * A board: its cameras' pipelines and the one core they share.
 *
 * @example
 * const node = new Node(resolveSettings({ cameras: { door: { source: 'rtsp://…' } } }));
 * node.on('stats', (stats) => console.log(stats.cameras.door.fps));
 * await node.start();
 */
export class Node extends EventEmitter<{ stats: [NodeStats] }> {
  readonly settings: Settings;
  readonly #logger: Logger;
  readonly #speed: 'realtime' | 'max';
  readonly #given: Model | Promise<Model> | undefined;
  readonly #sources: Readonly<Record<string, Device>>;
  /** Can be taught what its cameras see; undefined without a folder to keep it in, or when the settings say so. */
  readonly learning: NodeLearning | undefined;
  readonly #pipelines = new Map<string, Pipeline>();
  #starting: Promise<void> | undefined;
  /** Of this start; another one, or none, after a stop. */
  #loading: Promise<Model | null> | undefined;
  #model: Model | null | undefined;
  #card: ModelCard | undefined;
  #delay: IntervalHistogram | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #cpu = new CpuMeter();
  #cpuPercent = 0;
  readonly #board: BoardMonitor;
  #energy: EnergyPerInference | undefined;
  #joulesPerInference: number | null = null;
  #isReporting = false;

  /**
   * @param options.speed `max`: files as fast as they go, for measuring. Default `realtime`.
   * @param options.model Default: the one the settings name, loaded by `start()` and closed by `stop()`. One that is
   *   given stays open.
   * @param options.data Where learning is kept between runs, in a folder `learn`: `dataFolder(settings)`. Default: nowhere,
   *   and nothing can be taught.
   * @param options.sources Devices that cameras are read from in place of the source that their settings name, by the
   *   camera's name: as `source` of a `Pipeline`.
   * @param options.board What is watched of the board. Default: of this machine.
   */
  constructor(
    settings: Settings,
    options: {
      logger?: Logger;
      speed?: 'realtime' | 'max';
      model?: Model | Promise<Model>;
      data?: string;
      sources?: Readonly<Record<string, Device>>;
      board?: BoardMonitor;
    } = {},
  ) {
    super();
    this.#sources = options.sources ?? {};
    for (const name of Object.keys(this.#sources)) {
      if (name in settings.cameras) continue;
      const names = Object.keys(settings.cameras).join(', ');
      throw new InputError(
        `sources.${name}: expected the name of a camera of the settings (${names || 'there are none'})`,
      );
    }
    this.settings = settings;
    this.#given = options.model;
    this.#speed = options.speed ?? 'realtime';
    this.#logger = options.logger ?? silent;
    this.#board = options.board ?? new BoardMonitor();
    if (options.data === undefined || !settings.learn.enabled) return;
    this.learning = new NodeLearning({
      node: settings.node,
      settings: settings.learn,
      folder: join(options.data, 'learn'),
      threads: settings.core.threads,
      logger: this.#logger,
    });
  }

  get name(): string {
    return this.settings.node;
  }

  /** The detector; null where the settings say `off`. @throws Error before `start()`. */
  get model(): Model | null {
    if (this.#model === undefined) throw new Error('the node has no model yet: await start() first');
    return this.#model;
  }

  /** The model's card, from the moment it is loaded. */
  get card(): ModelCard | undefined {
    return this.#card;
  }

  /** Which figures the board tells of itself, from the moment that is known. */
  get senses(): BoardSenses | undefined {
    return this.#board.senses;
  }

  get pipelines(): ReadonlyMap<string, Pipeline> {
    return this.#pipelines;
  }

  /**
   * Loads the model and starts the cameras. A camera that cannot be opened does not keep the others from running: it
   * is tried again and is `offline` until then.
   *
   * @param options.before Called once the pipelines exist and before they run: the place to add listeners.
   * @throws InputError when the model cannot be used.
   */
  start(options: { before?: () => Promise<void> | void } = {}): Promise<void> {
    if (!this.#starting) {
      const loading = this.#load();
      this.#loading = loading;
      loading.then(
        (model) => {
          if (this.#loading === loading) this.#card = model?.card;
        },
        // #start() says what went wrong.
        () => {},
      );
      this.#starting = this.#start(loading, options.before).catch(async (error) => {
        if (this.#loading === loading) await this.stop();
        throw error;
      });
    }
    return this.#starting;
  }

  stats(): NodeStats {
    const { rss, heapUsed } = process.memoryUsage();
    const { throttling, power } = this.#board.readings;
    return {
      uptimeSeconds: Math.round(process.uptime()),
      cpuPercent: this.#cpuPercent,
      memory: { residentMb: megabytes(rss), heapMb: megabytes(heapUsed) },
      temperature: this.#board.temperature,
      throttling,
      power: power && {
        ...power,
        watts: rounded(power.watts),
        joules: rounded(power.joules),
        joulesPerInference: this.#joulesPerInference,
      },
      eventLoopDelayMs: {
        mean: lateness(this.#delay?.mean),
        p99: lateness(this.#delay?.percentile(99)),
      },
      written: written.stats,
      model: this.#model?.card.name ?? this.settings.core.model,
      cameras: Object.fromEntries([...this.#pipelines].map(([name, pipeline]) => [name, pipeline.stats])),
    };
  }

  /** Ends the running events, closes the cameras, then the model. Safe at any time, and twice. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#delay?.disable();
    this.#board.stop();
    const loading = this.#loading;
    this.#starting = undefined;
    this.#loading = undefined;
    this.#model = undefined;
    await Promise.all([...this.#pipelines.values()].map((pipeline) => pipeline.stop()));
    await this.learning?.stop();
    const model = await loading?.catch(() => undefined);
    if (!this.#given) await model?.close();
  }

  async #load(): Promise<Model | null> {
    const { model, engine, threads } = this.settings.core;
    if (this.#given) return this.#given;
    return model === noModel ? null : loadModel(model, { engine, threads, logger: this.#logger });
  }

  async #start(loading: Promise<Model | null>, before: (() => Promise<void> | void) | undefined): Promise<void> {
    this.#pipelines.clear();
    const eventSalt = randomUUID();
    for (const [name, settings] of Object.entries(this.settings.cameras)) {
      const learning = this.learning?.addCamera(name, settings.learn);
      const options = {
        name,
        model: loading,
        speed: this.#speed,
        patient: true,
        eventSalt,
        ...(learning && { learning }),
        logger: about(this.#logger, { camera: name }),
      };
      const pipeline = new Pipeline({ ...settings, source: this.#sources[name] ?? settings.source, ...options });
      pipeline.on('settings', () => learning?.configure(pipeline.settings.learn));
      pipeline.on('event', ({ after }) => learning?.noteEvent(after));
      this.#pipelines.set(name, pipeline);
    }
    const isStopped = () => this.#loading !== loading;
    void this.#board.start();
    // Cameras open while the model loads: both wait for something else most of the time.
    const starting = (async () => {
      await before?.();
      if (isStopped()) return;
      await Promise.all([...this.#pipelines.values()].map((pipeline) => pipeline.start()));
    })();
    const [model] = await Promise.all([loading, starting, this.learning?.start()]);
    if (isStopped()) return;
    this.#model = model;
    this.#delay = monitorEventLoopDelay({ resolution: delayResolutionMs });
    this.#delay.enable();
    this.#energy = new EnergyPerInference(this.#inferred, performance.now());
    this.#timer = setInterval(() => void this.#report(loading), statsIntervalMs);
  }

  /** Frames that the detector looked at so far, of all cameras. */
  get #inferred(): number {
    return [...this.#pipelines.values()].reduce((sum, { stats }) => sum + stats.frames.inferred, 0);
  }

  async #report(loading: Promise<Model | null>): Promise<void> {
    // A program that hangs must not be asked by ever more reports.
    if (this.#isReporting) return;
    this.#isReporting = true;
    try {
      const { power } = await this.#board.take();
      if (this.#loading !== loading) return;
      const joules = this.#energy!.take(power?.watts, this.#inferred, performance.now());
      this.#joulesPerInference = joules && Number(joules.toPrecision(4));
      this.#cpuPercent = this.#cpu.take();
      this.emit('stats', this.stats());
      this.#delay?.reset();
    } finally {
      this.#isReporting = false;
    }
  }
}

/** To a thousandth: milliwatts, millijoules. */
const rounded = (value: number) => Math.round(value * 1000) / 1000;
const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10;
// The histogram counts a timer's whole interval; what is beyond it is delay.
const lateness = (ns = 0) => Math.max(0, Math.round((ns / 1e6 - delayResolutionMs) * 100) / 100) || 0;
