import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import type { Device } from '../../devices/device/device.ts';
import { BoardMonitor, type BoardSenses } from '../../devices/index.ts';
import { assertShape } from '../base/arguments.ts';
import { InputError, messageOf } from '../base/errors.ts';
import { about, type Logger, problemsToStderr } from '../base/log.ts';
import { guarded } from '../base/tell.ts';
import { CameraClips } from '../clips/camera-clips.ts';
import { noModel, type Settings } from '../config/schema.ts';
import type { Detector, DetectorInfo } from '../core/detector.ts';
import { loadModel, type Model } from '../core/model.ts';
import { History } from '../history/history.ts';
import type { HeadTrainer } from '../learn/heads/trainer.ts';
import { NodeLearning } from '../learn/node-learning.ts';
import { AskedDetector } from './ask-detector.ts';
import { NodeReport, type NodeStats } from './node-report.ts';
import type { PipelineStages } from './options.ts';
import { Pipeline } from './pipeline.ts';

export type { NodePower, NodeStats } from './node-report.ts';

/** What a node is given besides its settings. */
export interface NodeOptions {
  /** Default: warnings and errors go to standard error. */
  logger?: Logger;
  /** `max`: files at full speed, for measurements. Default `realtime`. */
  speed?: 'realtime' | 'max';
  /**
   * Detector for all cameras: a model from `loadModel`, or your own. Default: the model that the settings name, loaded
   * by `start()` and closed by `stop()`. A detector that you pass stays open.
   */
  model?: Model | Detector | Promise<Model | Detector>;
  /**
   * Folder for what is kept between runs, such as `dataFolder(settings)`; learning is in its subfolder `learn`, events in
   * `history`. Default: none; nothing can be taught then, and past events are in memory.
   */
  data?: string;
  /** Devices, by camera name, to read instead of the source in the settings: as `source` of a `Pipeline`. */
  sources?: Readonly<Record<string, Device>>;
  /** Your own stages, by camera name: as `before` and `after` of a `Pipeline`. */
  stages?: Readonly<Record<string, PipelineStages>>;
  /**
   * The kinds of heads that learning chooses from, in order of preference: `[mine, ...defaultTrainers()]` of `ocellus/learn`.
   * Default: svm, prototypes, nearest.
   */
  trainers?: readonly HeadTrainer[];
  /**
   * Its past events, of an earlier node that has stopped. Default: those in `data`, as the settings say; without it a new one,
   * in memory.
   */
  history?: History;
  /** Sensors of the board. Default: those of this machine. */
  board?: BoardMonitor;
}

/** What a node emits about itself; its cameras' pipelines emit what they see. */
export interface NodeEvents {
  /** Every ten seconds. */
  stats: [NodeStats];
  /** The source of a camera cannot be opened, and is retried: each reason once. It is logged as an error too. */
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
  /** Local learning of this node; undefined without a data folder, or when the settings turn it off. */
  readonly learning: NodeLearning | undefined;
  /** Its past events; without a data folder in memory. It is closed by `stop()`. */
  readonly history: History;
  readonly #options: NodeOptions;
  readonly #logger: Logger;
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #report: NodeReport;
  readonly #tell = guarded<NodeEvents>(this, (message) => this.#logger.error(message));
  #starting: Promise<void> | undefined;
  /** Of this start; a different one, or none, after a stop. */
  #loading: Promise<Model | Detector | null> | undefined;
  #model: Model | Detector | null | undefined;
  #card: DetectorInfo | undefined;

  /** @throws InputError when there are sources or stages for a camera that the settings do not have. */
  constructor(settings: Settings, options: NodeOptions = {}) {
    super();
    assertShape(
      'Node: settings',
      settings,
      { node: 'text', cameras: 'object', core: 'object', history: 'object', storage: 'object', learn: 'object' },
      'the result of resolveSettings()',
    );
    assertShape('Node: options', options, { data: 'text?', trainers: 'list?', sources: 'object?', stages: 'object?' });
    const { logger = problemsToStderr, data, board = new BoardMonitor(), trainers } = options;
    assertCameras('sources', options.sources, settings);
    assertCameras('stages', options.stages, settings);
    this.settings = settings;
    this.#options = options;
    this.#logger = logger;
    this.#report = new NodeReport(board, () => this.#inferred, settings.storage.card_endurance_tb);
    this.history =
      options.history ??
      new History({
        settings: settings.history,
        folder: data === undefined || settings.storage.keep === 'ram' ? undefined : join(data, 'history'),
        logger,
      });
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

  /** The model's card, or the `info` of your own detector, once known. */
  get card(): DetectorInfo | undefined {
    return this.#card;
  }

  /** Which figures the board reports, once known. */
  get senses(): BoardSenses | undefined {
    return this.#report.senses;
  }

  get pipelines(): ReadonlyMap<string, Pipeline> {
    return this.#pipelines;
  }

  /**
   * Loads the model and starts the cameras. A camera that cannot be opened does not keep the others from running: it is
   * retried and is `offline` until then.
   *
   * @param options.before Called once the pipelines exist and before they run: the place to add listeners.
   * @param options.opensMeanwhile Cameras open while `before` runs, which must not change them then. They tell nothing, and no
   *   frame is read, before it is done. Default false.
   * @throws InputError when the model cannot be used.
   */
  start(options: { before?: () => Promise<void> | void; opensMeanwhile?: boolean } = {}): Promise<void> {
    if (!this.#starting) {
      const loading = this.#load();
      this.#loading = loading;
      loading.then(
        (model) => {
          if (this.#loading === loading) this.#card = model ? new AskedDetector(model).info : undefined;
        },
        // #start() reports what went wrong.
        () => {},
      );
      this.#starting = this.#start(loading, options).catch(async (error) => {
        if (this.#loading === loading) await this.stop();
        throw error;
      });
    }
    return this.#starting;
  }

  /** Times, counts and load at present: of each camera, and of the process. */
  stats(): NodeStats {
    const cameras = Object.fromEntries([...this.#pipelines].map(([name, pipeline]) => [name, pipeline.stats]));
    const { model } = this.settings.core;
    return this.#report.stats(this.#model === undefined ? model : (this.#card?.name ?? noModel), cameras);
  }

  /** Ends the running events, closes the cameras, then the model. May be called at any time, and repeatedly. */
  async stop(): Promise<void> {
    this.#report.stop();
    const loading = this.#loading;
    this.#starting = undefined;
    this.#loading = undefined;
    this.#model = undefined;
    await Promise.all([...this.#pipelines.values()].map((pipeline) => pipeline.stop()));
    await this.learning?.stop();
    await this.history.close();
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
    { before, opensMeanwhile = false }: Parameters<Node['start']>[0] & {},
  ): Promise<void> {
    const { sources = {}, stages = {}, speed = 'realtime', data } = this.#options;
    this.#pipelines.clear();
    const eventSalt = randomUUID();
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const heard = begun.then(() => before?.());
    for (const [name, settings] of Object.entries(this.settings.cameras)) {
      const learning = this.learning?.addCamera(name, settings.learn);
      const clips = this.#clipsOf(name);
      const options = {
        name,
        model: loading,
        speed,
        patient: true,
        eventSalt,
        ...(opensMeanwhile && { heard }),
        ...stages[name],
        ...(data !== undefined && { viewFile: join(data, 'views', `${name}.json`) }),
        ...(learning && { learning }),
        ...(clips && { clips }),
        logger: about(this.#logger, { camera: name }),
      };
      const pipeline = new Pipeline({ ...settings, source: sources[name] ?? settings.source, ...options });
      pipeline.on('settings', () => learning?.configure(pipeline.settings.learn));
      pipeline.on('snapshot', ({ id, jpeg }) => this.history.addPicture(id, jpeg));
      pipeline.on('event', (message) => {
        learning?.noteEvent(message.after);
        this.history.add(message);
        clips?.note(message);
      });
      if (clips) pipeline.on('frame', ({ frame }) => clips.see(frame));
      pipeline.on('unavailable', (reason) => this.#tell('unavailable', name, reason));
      this.#pipelines.set(name, pipeline);
    }
    const isStopped = () => this.#loading !== loading;
    this.#report.prepare();
    // Cameras open while the model loads: both mostly wait for something else.
    const starting = (async () => {
      begin();
      if (!opensMeanwhile) await heard;
      if (isStopped()) return;
      await Promise.all([heard, ...[...this.#pipelines.values()].map((pipeline) => pipeline.start())]);
    })();
    const [model] = await Promise.all([loading, starting, this.learning?.start(), this.history.open()]);
    if (isStopped()) return;
    this.#model = model;
    this.#report.start(
      () => this.#tell('stats', this.stats()),
      (error) => this.#logger.error(`no report of the node: ${messageOf(error)}`),
    );
  }

  /** @returns Undefined where no clips are kept. */
  #clipsOf(camera: string): CameraClips | undefined {
    const { clips: settings, enabled } = this.settings.history;
    const { data, speed, logger = problemsToStderr } = this.#options;
    if (!settings.enabled || speed === 'max') return undefined;
    const log = about(logger, { camera });
    if (data === undefined || !enabled || this.settings.storage.keep === 'ram') {
      log.warn('history.clips: clips are kept on disk alone, and past events are in memory');
      return undefined;
    }
    return new CameraClips({
      settings,
      isWanted: () => this.#pipelines.get(camera)?.settings.snapshots.enabled ?? true,
      keep: (begins, mp4) => this.history.addClip(begins, mp4),
      logger: log,
    });
  }

  /** Inferences so far, of all cameras. */
  get #inferred(): number {
    return [...this.#pipelines.values()].reduce((sum, { stats }) => sum + stats.frames.inferred, 0);
  }
}

/** @throws InputError naming entries without a camera. */
function assertCameras(option: string, given: Readonly<Record<string, unknown>> = {}, { cameras }: Settings): void {
  const names = Object.keys(cameras).join(', ') || 'there are none';
  for (const name of Object.keys(given)) {
    if (!(name in cameras))
      throw new InputError(`${option}.${name}: expected the name of a camera of the settings (${names})`);
  }
}
