import { EventEmitter } from 'node:events';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { readTemperature } from '../../devices/index.ts';
import type { Settings } from '../config/schema.ts';
import { loadModel, type Model } from '../core/model.ts';
import { type Logger, named, silent } from '../log.ts';
import type { PipelineStats } from './events.ts';
import { Pipeline } from './pipeline.ts';

/** What a node says of itself on `ocellus/<node>/stats`. */
export interface NodeStats {
  uptimeSeconds: number;
  /** Of one core, this process and its threads; decoders that run beside it (ffmpeg) are not in it. */
  cpuPercent: number;
  memory: { residentMb: number; heapMb: number };
  /** Degrees Celsius where the board tells it. */
  temperature: number | null;
  /** How late timers came since the last report: the main thread was busy so long. */
  eventLoopDelayMs: { mean: number; p99: number };
  model: string;
  cameras: Record<string, PipelineStats>;
}

const statsIntervalMs = 10_000;

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
  readonly #pipelines = new Map<string, Pipeline>();
  #model: Model | undefined;
  #delay: IntervalHistogram | undefined;
  #timer: NodeJS.Timeout | undefined;
  #cpu = { usage: process.cpuUsage(), at: performance.now() };
  #cpuPercent = 0;

  /** @param options.speed `max`: files as fast as they go, for measuring. Default `realtime`. */
  constructor(settings: Settings, options: { logger?: Logger; speed?: 'realtime' | 'max' } = {}) {
    super();
    this.settings = settings;
    this.#speed = options.speed ?? 'realtime';
    this.#logger = options.logger ?? silent;
  }

  get name(): string {
    return this.settings.node;
  }

  /** Is the model loaded? */
  get isReady(): boolean {
    return this.#model !== undefined;
  }

  /** @throws Error before `start()`. */
  get model(): Model {
    if (!this.#model) throw new Error('the node has no model yet: await start() first');
    return this.#model;
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
  async start(options: { before?: () => Promise<void> | void } = {}): Promise<void> {
    const { core, cameras } = this.settings;
    const model = loadModel(core.model, { threads: core.threads, logger: this.#logger });
    for (const [name, settings] of Object.entries(cameras)) {
      this.#pipelines.set(
        name,
        new Pipeline({
          ...settings,
          name,
          model,
          speed: this.#speed,
          patient: true,
          logger: named(this.#logger, name),
        }),
      );
    }
    // Cameras open while the model loads: both wait for something else most of the time.
    const prepared = Promise.resolve(options.before?.());
    const started = [...this.#pipelines.values()].map(async (pipeline) => {
      await prepared;
      await pipeline.start();
    });
    const results = await Promise.allSettled([model, prepared, ...started]);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) {
      await this.stop();
      await model.then((loaded) => loaded.close()).catch(() => {});
      throw failed.reason;
    }
    this.#model = await model;
    // A coarse clock: each measurement wakes the processor.
    this.#delay = monitorEventLoopDelay({ resolution: 50 });
    this.#delay.enable();
    this.#timer = setInterval(() => this.#report(), statsIntervalMs);
  }

  stats(): NodeStats {
    const { rss, heapUsed } = process.memoryUsage();
    return {
      uptimeSeconds: Math.round(process.uptime()),
      cpuPercent: this.#cpuPercent,
      memory: { residentMb: megabytes(rss), heapMb: megabytes(heapUsed) },
      temperature: readTemperature() ?? null,
      eventLoopDelayMs: {
        mean: milliseconds(this.#delay?.mean ?? 0),
        p99: milliseconds(this.#delay?.percentile(99) ?? 0),
      },
      model: this.#model?.card.name ?? this.settings.core.model,
      cameras: Object.fromEntries([...this.#pipelines].map(([name, pipeline]) => [name, pipeline.stats])),
    };
  }

  /** Ends the running events, closes the cameras, then the model. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#delay?.disable();
    await Promise.all([...this.#pipelines.values()].map((pipeline) => pipeline.stop()));
    await this.#model?.close();
    this.#model = undefined;
  }

  #report(): void {
    const now = performance.now();
    const { user, system } = process.cpuUsage(this.#cpu.usage);
    this.#cpuPercent = Math.round((user + system) / 10 / (now - this.#cpu.at));
    this.#cpu = { usage: process.cpuUsage(), at: now };
    this.emit('stats', this.stats());
    this.#delay?.reset();
  }
}

const megabytes = (bytes: number) => Math.round(bytes / 1e5) / 10;
// The histogram counts a timer's whole interval; what is beyond it is delay.
const milliseconds = (ns: number) => Math.max(0, Math.round((ns / 1e6 - 50) * 100) / 100) || 0;
