import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import type { Device } from '../../devices/device/device.ts';
import { BoardMonitor, type BoardSenses } from '../../devices/index.ts';
import { assertKind, assertShape } from '../base/arguments.ts';
import { InputError, messageOf } from '../base/errors.ts';
import { about, type Logger, problemsToStderr } from '../base/log.ts';
import { guarded } from '../base/tell.ts';
import { noModel, type Settings } from '../config/schema.ts';
import type { Detector, DetectorInfo } from '../core/detector.ts';
import { loadModel, type Model } from '../core/model.ts';
import type { HeadTrainer } from '../learn/heads/trainer.ts';
import { NodeLearning } from '../learn/node-learning.ts';
import { AskedDetector } from './ask-detector.ts';
import { NodeReport, type NodeStats } from './node-report.ts';
import type { PipelineStages } from './options.ts';
import { Pipeline } from './pipeline.ts';

export type { NodePower, NodeStats } from './node-report.ts';

export interface NodeOptions {
  /** Default: warnings and errors go to standard error. */
  logger?: Logger;
  /** `max`: files as fast as they go, for measuring. Default `realtime`. */
  speed?: 'realtime' | 'max';
  /**
   * What finds objects for all cameras: a model of `loadModel`, or a detector of your own. Default: the model that the settings
   * name, loaded by `start()` and closed by `stop()`. One that is given stays open.
   */
  model?: Model | Detector | Promise<Model | Detector>;
  /** Where learning is kept between runs, in a folder `learn`: `dataFolder(settings)`. Default: nowhere, and nothing can be taught. */
  data?: string;
  /** Devices that cameras are read from in place of the source that their settings name, by the camera's name: as `source` of a `Pipeline`. */
  sources?: Readonly<Record<string, Device>>;
  /** Stages of your own in the way of cameras' frames, by the camera's name: as `before` and `after` of a `Pipeline`. */
  stages?: Readonly<Record<string, PipelineStages>>;
  /**
   * The kinds of heads that learning chooses from, the preferred one first: `[mine, ...defaultTrainers()]` of `ocellus/learn`.
   * Default: svm, prototypes, nearest.
   */
  trainers?: readonly HeadTrainer[];
  /** What is watched of the board. Default: of this machine. */
  board?: BoardMonitor;
}

/** What a node emits of itself; its cameras' pipelines emit what they see. */
export interface NodeEvents {
  /** Every ten seconds. */
  stats: [NodeStats];
  /** The source of a camera cannot be opened, and is tried again: each reason once. It is logged as an error too. */
  unavailable: [camera: string, reason: string];
}

/**
 * A board: its cameras' pipelines and the one core they share.
 *
 * @example
 * const node = new Node(resolveSettings({ cameras: { door: { source: 'rtsp://…' } } }));
 * node.on('stats', (stats) => console.log(stats.cameras.door.fps));
 * await node.start();
 */
export class Node extends EventEmitter<NodeEvents> {
  readonly settings: Settings;
  /** Can be taught what its cameras see; undefined without a folder to keep it in, or when the settings say so. */
  readonly learning: NodeLearning | undefined;
  readonly #options: NodeOptions;
  readonly #logger: Logger;
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #report: NodeReport;
  readonly #tell = guarded<NodeEvents>(this, (message) => this.#logger.error(message));
  #starting: Promise<void> | undefined;
  /** Of this start; another one, or none, after a stop. */
  #loading: Promise<Model | Detector | null> | undefined;
  #model: Model | Detector | null | undefined;
  #card: DetectorInfo | undefined;

  /** @throws InputError when sources or stages are given for a camera that the settings do not have. */
  constructor(settings: Settings, options: NodeOptions = {}) {
    super();
    assertShape(
      'Node: settings',
      settings,
      { node: 'text', cameras: 'object', core: 'object' },
      'what resolveSettings gives',
    );
    assertKind('Node: options', options, 'object');
    const { logger = problemsToStderr, data, board = new BoardMonitor(), trainers } = options;
    if (trainers !== undefined) assertKind('Node: options.trainers', trainers, 'list');
    assertCameras('sources', options.sources, settings);
    assertCameras('stages', options.stages, settings);
    this.settings = settings;
    this.#options = options;
    this.#logger = logger;
    this.#report = new NodeReport(board, () => this.#inferred);
    if (data === undefined || !settings.learn.enabled) return;
    this.learning = new NodeLearning({
      node: settings.node,
      settings: settings.learn,
      folder: join(data, 'learn'),
      threads: settings.core.threads,
      trainers,
      logger,
    });
  }

  get name(): string {
    return this.settings.node;
  }

  /** The detector; null where the settings say `off`. @throws Error before `start()`. */
  get model(): Model | Detector | null {
    if (this.#model === undefined) throw new Error('the node has no model yet: await start() first');
    return this.#model;
  }

  /** The model's card, or what a detector of one's own says of itself, from the moment that is known. */
  get card(): DetectorInfo | undefined {
    return this.#card;
  }

  /** Which figures the board tells of itself, from the moment that is known. */
  get senses(): BoardSenses | undefined {
    return this.#report.senses;
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
          if (this.#loading === loading) this.#card = model ? new AskedDetector(model).info : undefined;
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
    const cameras = Object.fromEntries([...this.#pipelines].map(([name, pipeline]) => [name, pipeline.stats]));
    const { model } = this.settings.core;
    return this.#report.stats(this.#model === undefined ? model : (this.#card?.name ?? noModel), cameras);
  }

  /** Ends the running events, closes the cameras, then the model. Safe at any time, and twice. */
  async stop(): Promise<void> {
    this.#report.stop();
    const loading = this.#loading;
    this.#starting = undefined;
    this.#loading = undefined;
    this.#model = undefined;
    await Promise.all([...this.#pipelines.values()].map((pipeline) => pipeline.stop()));
    await this.learning?.stop();
    const model = await loading?.catch(() => undefined);
    if (!this.#options.model) await (model as Model | null | undefined)?.close();
  }

  /** `stop()`, for `await using node = new Node(settings)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #load(): Promise<Model | Detector | null> {
    const { model, engine, threads } = this.settings.core;
    if (this.#options.model) return this.#options.model;
    return model === noModel ? null : loadModel(model, { engine, threads, logger: this.#logger });
  }

  async #start(
    loading: Promise<Model | Detector | null>,
    before: (() => Promise<void> | void) | undefined,
  ): Promise<void> {
    const { sources = {}, stages = {}, speed = 'realtime' } = this.#options;
    this.#pipelines.clear();
    const eventSalt = randomUUID();
    for (const [name, settings] of Object.entries(this.settings.cameras)) {
      const learning = this.learning?.addCamera(name, settings.learn);
      const options = {
        name,
        model: loading,
        speed,
        patient: true,
        eventSalt,
        ...stages[name],
        ...(learning && { learning }),
        logger: about(this.#logger, { camera: name }),
      };
      const pipeline = new Pipeline({ ...settings, source: sources[name] ?? settings.source, ...options });
      pipeline.on('settings', () => learning?.configure(pipeline.settings.learn));
      pipeline.on('event', ({ after }) => learning?.noteEvent(after));
      pipeline.on('unavailable', (reason) => this.#tell('unavailable', name, reason));
      this.#pipelines.set(name, pipeline);
    }
    const isStopped = () => this.#loading !== loading;
    this.#report.prepare();
    // Cameras open while the model loads: both wait for something else most of the time.
    const starting = (async () => {
      await before?.();
      if (isStopped()) return;
      await Promise.all([...this.#pipelines.values()].map((pipeline) => pipeline.start()));
    })();
    const [model] = await Promise.all([loading, starting, this.learning?.start()]);
    if (isStopped()) return;
    this.#model = model;
    this.#report.start(
      () => this.#tell('stats', this.stats()),
      (error) => this.#logger.error(`no report of the node: ${messageOf(error)}`),
    );
  }

  /** Frames that the detector looked at so far, of all cameras. */
  get #inferred(): number {
    return [...this.#pipelines.values()].reduce((sum, { stats }) => sum + stats.frames.inferred, 0);
  }
}

/** @throws InputError naming what is given for no camera. */
function assertCameras(option: string, given: Readonly<Record<string, unknown>> = {}, { cameras }: Settings): void {
  const names = Object.keys(cameras).join(', ') || 'there are none';
  for (const name of Object.keys(given)) {
    if (!(name in cameras))
      throw new InputError(`${option}.${name}: expected the name of a camera of the settings (${names})`);
  }
}
