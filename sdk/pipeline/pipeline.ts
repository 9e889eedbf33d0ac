import { EventEmitter } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { closedHealth, type Device, type DeviceHealth } from '../../devices/device/device.ts';
import { createDevice } from '../../devices/index.ts';
import { keepsRate } from '../../devices/registry.ts';
import { InputError, ModelError, messageOf } from '../base/errors.ts';
import { type Logger, silent } from '../base/log.ts';
import { withInertiaSeconds } from '../config/inertia.ts';
import { type CameraChange, CameraSettings, ownedMaps } from '../config/schema.ts';
import { hasReference } from '../config/secrets.ts';
import { validate } from '../config/validate.ts';
import { LateError } from '../core/frame-queue.ts';
import { loadModel, type Model } from '../core/model.ts';
import type { Frame } from '../frame/frame.ts';
import { encodeJpeg } from '../picture/picture.ts';
import type { ChangeFinder } from '../vision/change-finder.ts';
import type { CountChange } from '../vision/counts.ts';
import type { Detections } from '../vision/detections.ts';
import type { EventMessage } from '../vision/event.ts';
import type { SubLabel, Track } from '../vision/track.ts';
import type { CameraStatus, FrameReport, PipelineEvents, PipelineStats } from './events.ts';
import { assertKnownLabels, namesLabels } from './known-labels.ts';
import { MainStream } from './main-stream.ts';
import { MovingMean, RateMeter } from './meter.ts';
import { boxOverlay, scaledTo } from './overlay.ts';
import { Progress } from './progress.ts';
import { Source } from './source.ts';
import { passFrame, passReport, type Stage, startStages, stopStages } from './stage.ts';
import { Watch } from './watch.ts';

export interface PipelineOptions extends Omit<CameraChange, 'source'> {
  /**
   * The URI of a source, or a device that is made already: one of `createDevice`, or of your own. `start()` opens it unless
   * it is open, `stop()` closes it. Size, controls and the like are those it was made with. Default `auto:`.
   */
  source?: string | Device;
  /** Name of the camera, part of its topics and in its events. Default `camera`. */
  name?: string;
  /**
   * Default: the default model, loaded by `start()` and closed by `stop()`. One that is given stays open. Null: there is
   * no detector; motion, pictures and what learning makes of the whole view are all there is.
   */
  model?: Model | null | Promise<Model | null>;
  /** `max`: each frame of a file, none dropped, as fast as it goes; times are then media times. Default `realtime`. */
  speed?: 'realtime' | 'max';
  /** A source that cannot be opened is tried again for ever instead of failing `start()`. Default false. */
  patient?: boolean;
  /** Stages between the device and the motion gate: what they give is what is looked at and shown. */
  before?: readonly Stage<Frame>[];
  /**
   * Stages behind the tracker and the zones: what they give is what is shown, on snapshots and live, and told by `frame`. A
   * frame that comes out has the size of the one that went in.
   */
  after?: readonly Stage<FrameReport>[];
  /** How the motion gate finds what changed. Default: by the brightness of cells. */
  changes?: ChangeFinder;
  /**
   * Part of the ids of events. Default: none, and the same frames give the same ids; another one with each start keeps a
   * board whose clock begins at the same time with each start from giving an id twice.
   */
  eventSalt?: string;
  /** Local learning: is shown the frames and names the tracks. */
  learning?: PipelineLearning;
  logger?: Logger;
}

/** What local learning is to a camera's pipeline. */
export interface PipelineLearning {
  /**
   * Shown each frame with its tracks, after its events were told. The frame is on loan until the promise resolves; only
   * media that is read as fast as it goes waits for that. Must not throw.
   */
  look(report: FrameReport): Promise<void>;
  /** What a track is called by now. */
  nameOf(trackId: number): SubLabel | undefined;
  /** What comes next is another scene. */
  reset(): void;
}

/**
 * One camera's way of a frame: device, motion gate, core, tracker, zones, events, with stages of the program's own before
 * and after. It emits what it sees (`PipelineEvents`) and knows nothing of who listens; a listener that throws is logged
 * and disturbs nobody.
 *
 * Frames are taken one at a time: while the network looks at one, newer ones replace each other in the device, so the
 * boxes always belong to the picture they come with.
 *
 * @example
 * const pipeline = new Pipeline({ source: 'v4l2:/dev/video0', detect: { labels: ['person'] } });
 * pipeline.on('event', ({ type, after }) => console.log(type, after.label, after.score));
 * await pipeline.start();
 */
export class Pipeline extends EventEmitter<PipelineEvents> {
  readonly name: string;
  #settings: CameraSettings;
  readonly #options: PipelineOptions;
  readonly #before: readonly Stage<Frame>[];
  readonly #after: readonly Stage<FrameReport>[];
  readonly #changes: ChangeFinder | undefined;
  /** Read while the settings name no other source. */
  readonly #given: Device | undefined;
  /** Starts and stops of the stages, one after the other. */
  #staging: Promise<void> = Promise.resolve();
  #isStaged = false;
  readonly #logger: Logger;
  /** A rate was asked for by name, not left at its default. */
  #asksFps: boolean;
  #isRunning = false;
  #starting: Promise<void> = Promise.resolve();
  #loading: Promise<Model | null> | undefined;
  #watch: Watch | undefined;
  #source: Source | undefined;
  #main: MainStream | undefined;
  /** Sources that were replaced; a camera is opened when the one before has let go of it. */
  #closing: Promise<unknown> = Promise.resolve();
  #status: CameraStatus = 'offline';
  #newest: Frame | undefined;
  /** What the last frame failed with: said once, not at each frame. */
  #complaint: string | undefined;
  readonly #fpsIn = new RateMeter();
  readonly #fpsInferred = new RateMeter();
  readonly #times = makeMeters();
  readonly #progress = new Progress();
  readonly #totals = { in: 0, gated: 0, late: 0, inferred: 0 };
  /** Of devices that were closed again: totals go on when the source changes. */
  #droppedBefore = 0;

  /** @throws InputError when a setting is wrong, naming the field. */
  constructor(options: PipelineOptions = {}) {
    super();
    const { name = 'camera', model: _, speed: __, patient: ___, learning: ____, ...others } = options;
    const { eventSalt: _____, logger = silent, ...rest } = others;
    const { before = [], after = [], changes, source, ...seen } = rest;
    this.#given = typeof source === 'object' ? createDevice(source) : undefined;
    const settings = { ...seen, ...(source !== undefined && { source: this.#given?.uri ?? source }) };
    this.name = name;
    this.#options = options;
    this.#before = before;
    this.#after = after;
    this.#changes = changes;
    this.#logger = logger;
    this.#settings = this.#check(this.#inSeconds(settings));
    this.#asksFps = settings.detect?.fps !== undefined;
    if (this.#given) assertDefaultOpening(this.name, this.#settings);
  }

  /** All settings of this camera, defaults filled in. */
  get settings(): CameraSettings {
    return this.#settings;
  }

  /** The device that is read, once it is open. */
  get device(): Device | undefined {
    return this.#source?.device;
  }

  /** The labels that are watched, in the model's order; empty before `start()`. */
  get labels(): readonly string[] {
    return this.#watch?.labels ?? [];
  }

  /** All labels the model can tell apart; empty before `start()`. */
  get knownLabels(): readonly string[] {
    return this.#watch?.knownLabels ?? [];
  }

  get status(): CameraStatus {
    return this.#status;
  }

  get moving(): boolean {
    return this.#watch?.moving ?? false;
  }

  get tracks(): readonly Track[] {
    return this.#watch?.tracks ?? [];
  }

  /** Each watched label in the whole view and in each zone now, zeroes included. */
  get counts(): readonly CountChange[] {
    return this.#watch?.counts ?? [];
  }

  get stats(): PipelineStats {
    const now = performance.now();
    const health = this.#health();
    return {
      frames: { ...this.#totals, dropped: this.#droppedBefore + health.dropped },
      fps: { in: this.#fpsIn.rate(now), inferred: this.#fpsInferred.rate(now) },
      times: valuesOf(this.#times, 'value'),
      timeTotals: valuesOf(this.#times, 'total'),
      objects: this.tracks.filter((track) => track.confirmed).length,
      unfinishedMs: this.#progress.unfinishedMs(now),
      device: health,
    };
  }

  /** The newest frame, if there is one. The caller owns a reference and releases it. */
  latestFrame(): Frame | undefined {
    return this.#newest?.acquire();
  }

  /**
   * A JPEG of the newest frame.
   *
   * @param options.still A still in the camera's full resolution instead. Where it cannot be had beside the stream, the
   *   frames pause.
   * @throws InputError when no frame has come yet; when there is no still to be had.
   */
  async snapshot({
    still = false,
    ...options
  }: {
    maxHeight?: number;
    quality?: number;
    still?: boolean;
  } = {}): Promise<Buffer> {
    const newest = this.#newest;
    const frame = still ? await this.#still() : newest && this.#pictureOf(newest);
    if (!frame) {
      throw new InputError(`camera ${this.name} has given no picture yet: ${this.#health().lastError ?? this.status}`);
    }
    try {
      return await encodeJpeg(frame, { quality: 80, ...options });
    } finally {
      frame.release();
    }
  }

  /**
   * Loads the model, opens the device and begins. While it runs already: waits until it does.
   *
   * @throws InputError when the model or, unless `patient`, the source cannot be used. It is stopped then.
   */
  start(): Promise<void> {
    if (this.#isRunning) return this.#starting;
    this.#isRunning = true;
    const loading = this.#load();
    this.#loading = loading;
    this.#starting = this.#start(loading).catch(async (error) => {
      // Unless it was stopped meanwhile, and perhaps started again.
      if (this.#loading === loading) await this.stop();
      throw error;
    });
    return this.#starting;
  }

  /** Ends the running events, emits what is left of them, closes what `start()` opened. Safe at any time, and twice. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    const loading = this.#loading;
    this.#loading = undefined;
    await this.#switchTo(undefined);
    await this.#stopStages();
    if (this.#options.model !== undefined) return;
    const model = await loading?.catch(() => undefined);
    await model?.close();
  }

  /**
   * Changes settings while it runs and emits `settings`. Fields that are left out stay; lists, and the maps `zones`,
   * `lines`, `thresholds`, `states` and `controls`, are replaced whole. A source that cannot be opened then is tried again
   * until it can.
   *
   * @example
   * await pipeline.change({ detect: { threshold: 0.6 } });
   *
   * @throws InputError naming the wrong field, or a label that the model does not know; nothing is changed then.
   */
  async change(change: CameraChange): Promise<void> {
    const patch = this.#inSeconds(change) as CameraChange;
    for (const [path, source] of [
      ['source', patch.source],
      ['snapshots.source', patch.snapshots?.source],
    ]) {
      if (typeof source !== 'string' || !hasReference(source)) continue;
      // At the next start it would be looked up and sent to whatever host stands beside it.
      throw new InputError(
        `${path}: a reference to a secret (with $ and braces) is looked up in the settings file only: write it there`,
      );
    }
    const changed = () => this.#check(merge(this.#settings, patch));
    // While the model loads nobody knows its labels yet.
    if (namesLabels(patch) && !this.#watch) await this.#loading?.catch(() => undefined);
    const next = changed();
    if (this.knownLabels.length > 0) assertKnownLabels(this.name, next, this.knownLabels);
    const { device } = this;
    const turnsControls = !isDeepStrictEqual(this.#settings.controls, next.controls);
    // A device that is opened anew gets its controls then.
    if (turnsControls && isDeepStrictEqual(opening(this.#settings), opening(next))) {
      await device?.setControls(next.controls);
    }
    const before = this.#settings;
    this.#settings = changed();
    this.#asksFps ||= patch.detect?.fps !== undefined;
    this.#watch?.configure(this.#settings);
    this.#tell('settings', patch);
    const loading = this.#loading;
    if (!loading) return;
    const staysOpen = isDeepStrictEqual(opening(before), opening(this.#settings));
    // One that is not open yet may have been given the controls of before.
    if (staysOpen && (device || !turnsControls)) return this.#switchMain();
    await this.#switchTo(this.#settings.enabled ? this.#makeSource(loading, true) : undefined);
  }

  /**
   * Closes the source and opens it again; one that cannot be opened then is tried again until it can. Running events
   * end.
   *
   * @throws InputError when it is switched off or was not started.
   */
  async restart(): Promise<void> {
    const loading = this.#loading;
    if (!loading || !this.#settings.enabled) {
      throw new InputError(`camera ${this.name}: expected one that runs, this one is ${this.#status}`);
    }
    await this.#switchTo(this.#makeSource(loading, true));
  }

  /** Zones counted frames once. */
  #inSeconds(settings: unknown): unknown {
    return withInertiaSeconds(settings, (note) => this.#logger.warn(note));
  }

  /** @throws InputError naming the wrong field. */
  #check(settings: unknown): CameraSettings {
    const checked = validate(CameraSettings, settings, `camera ${this.name}`);
    // They may blur faces, or cut the picture: what they were not shown is not to be seen.
    if (checked.snapshots.source !== '' && this.#before.length + this.#after.length > 0) {
      throw new InputError(
        `camera ${this.name}: snapshots.source: expected none, for its stages make the pictures of this camera`,
      );
    }
    return checked;
  }

  async #load(): Promise<Model | null> {
    const given = this.#options.model;
    const model = await (given === undefined ? loadModel(undefined, { logger: this.#logger }) : given);
    const labels = model?.card.labels ?? [];
    const { learning } = this.#options;
    if (model) assertKnownLabels(this.name, this.#settings, labels);
    this.#watch ??= new Watch({
      camera: this.name,
      labels,
      settings: this.#settings,
      changes: this.#changes,
      nameOf: (trackId) => learning?.nameOf(trackId),
      eventSalt: this.#options.eventSalt,
    });
    return model;
  }

  async #start(loading: Promise<Model | null>): Promise<void> {
    const source = this.#settings.enabled ? this.#makeSource(loading, this.#options.patient ?? false) : undefined;
    // The device opens while the model loads: both wait for something else most of the time.
    await Promise.all([this.#open(source, loading), loading]);
  }

  async #open(source: Source | undefined, loading: Promise<Model | null>): Promise<void> {
    const stages = [...this.#before, ...this.#after];
    if (stages.length > 0) {
      const starting = this.#staging.then(() => startStages(stages));
      this.#staging = starting.then(
        () => {
          this.#isStaged = true;
        },
        () => {},
      );
      await starting;
      // Stopped meanwhile.
      if (this.#loading !== loading) return;
    }
    await this.#switchTo(source);
  }

  #stopStages(): Promise<void> {
    this.#staging = this.#staging.then(async () => {
      if (!this.#isStaged) return;
      this.#isStaged = false;
      await stopStages([...this.#before, ...this.#after], (error) =>
        this.#logger.error(`a stage could not be stopped: ${messageOf(error)}`),
      );
    });
    return this.#staging;
  }

  async #still(): Promise<Frame> {
    // They may blur faces, or cut the picture: what they were not shown is not to be seen.
    if (this.#before.length + this.#after.length > 0) {
      throw new InputError(`camera ${this.name}: its stages make its pictures, so it gives no stills beside them`);
    }
    const still = await this.device?.still?.();
    if (still) return still;
    throw new InputError(`camera ${this.name} takes no stills: its source has none, or is not open`);
  }

  /** Puts another source in the place of the one that is read; undefined: only ends that one. The last call wins. */
  async #switchTo(next: Source | undefined): Promise<void> {
    const before = this.#source;
    this.#source = next;
    this.#switchMain();
    if (before) this.#closing = Promise.all([this.#closing, this.#end(before)]);
    await this.#closing;
    if (this.#source !== next) return;
    if (next) await next.start();
    else this.#updateStatus();
  }

  /** Begins, ends or replaces the stream that snapshots come from, as the settings have it. */
  #switchMain(): void {
    const { snapshots, transport, hardware_decoding: hardwareDecoding, max_megapixels: maxMegapixels } = this.#settings;
    // What is read as fast as it goes has times of its own.
    const isWanted = this.#source && snapshots.enabled && snapshots.source !== '' && this.#options.speed !== 'max';
    const wanted = isWanted
      ? { uri: snapshots.source, transport, hardwareDecoding, maxPixels: pixelsIn(maxMegapixels) }
      : undefined;
    if (this.#main?.is(wanted)) return;
    const before = this.#main;
    if (before) this.#closing = Promise.all([this.#closing, before.stop()]);
    this.#main = wanted && new MainStream(wanted, this.#logger);
    this.#main?.start();
  }

  /** What the camera shows at the moment of a frame, at its best. The caller releases it. */
  #pictureOf(frame: Frame): Frame {
    return this.#main?.near(frame) ?? frame.acquire();
  }

  async #end(source: Source): Promise<void> {
    await source.stop();
    this.#droppedBefore += source.health.dropped;
    this.#newest?.release();
    this.#newest = undefined;
  }

  #makeSource(loading: Promise<Model | null>, patient: boolean): Source {
    const {
      source,
      width,
      height,
      max_megapixels: maxMegapixels,
      transport,
      loop,
      hardware_decoding: hardwareDecoding,
      libcamera,
      detect,
    } = this.#settings;
    const { speed } = this.#options;
    const from = source === this.#given?.uri ? this.#given : source;
    return new Source({
      make: () =>
        createDevice(from, {
          width,
          height,
          maxPixels: pixelsIn(maxMegapixels),
          transport,
          // As fast as it goes, every frame counts, unless fewer were asked for by name.
          fps: speed === 'max' && !this.#asksFps ? undefined : detect.fps,
          loop: loop && speed !== 'max',
          speed,
          hardwareDecoding,
          // Those of now, where it is tried again: they may have been why it could not be opened.
          controls: this.#settings.controls,
          libcamera,
          logger: this.#logger,
        }),
      patient,
      ready: loading,
      mostFps: speed === 'max' || keepsRate(from) ? undefined : detect.fps,
      onFrame: async (frame) => this.#take(frame, await loading),
      onHealth: () => this.#updateStatus(),
      onOver: async (ended) => {
        await this.#finish();
        if (ended) this.#tell('ended');
      },
      logger: this.#logger,
    });
  }

  #updateStatus(): void {
    const open = this.#source?.health.state === 'online';
    if (!open) this.#progress.pause();
    const status = this.#settings.enabled ? (open ? 'online' : 'offline') : 'disabled';
    if (status === this.#status) return;
    this.#status = status;
    this.#tell('status', status, this.#health());
  }

  #health(): DeviceHealth {
    return this.#source?.health ?? closedHealth;
  }

  /** One frame that cannot be used must not end the camera. */
  async #take(frame: Frame, model: Model | null): Promise<void> {
    this.#progress.begin(performance.now());
    try {
      await this.#process(frame, model, this.#watch!);
      this.#progress.finish();
      this.#complaint = undefined;
    } catch (error) {
      this.#progress.fail();
      const message = messageOf(error);
      // What is the model's fault is no frame's.
      const whose = error instanceof ModelError ? '' : `frame ${frame.sequence}: `;
      if (message !== this.#complaint) this.#logger.error(`${whose}${message}`);
      this.#complaint = message;
    }
  }

  async #process(arrived: Frame, model: Model | null, watch: Watch): Promise<void> {
    const started = performance.now();
    this.#totals.in++;
    this.#fpsIn.add(started);
    const frame = await passFrame(this.#before, arrived);
    try {
      // What the stages behind make of it is what is shown, and nothing else: they may blur faces.
      if (this.#after.length === 0) this.#show(frame);
      await this.#see(frame, model, watch, started);
    } finally {
      frame.release();
    }
  }

  async #see(frame: Frame, model: Model | null, watch: Watch, started: number): Promise<void> {
    const times = this.#times;
    const wasMoving = watch.moving;
    const gated = performance.now();
    const wanted = watch.look(frame);
    times.motion.add(performance.now() - gated);
    if (watch.moving !== wasMoving) this.#tell('motion', watch.moving);

    const asked = performance.now();
    const found = wanted && model ? await this.#detect(model, frame, watch) : undefined;
    let messages: EventMessage[];
    if (found) {
      const answered = performance.now();
      const { preprocessMs, inferMs, decodeMs } = model!.lastTimes;
      messages = watch.see(found, frame);
      this.#totals.inferred++;
      this.#fpsInferred.add(answered);
      times.preprocess.add(preprocessMs);
      times.infer.add(inferMs);
      times.decode.add(decodeMs);
      times.queue.add(Math.max(0, answered - asked - preprocessMs - inferMs - decodeMs));
      times.track.add(performance.now() - answered);
    } else {
      messages = watch.skip();
      if (wanted && model) this.#totals.late++;
      else this.#totals.gated++;
    }
    const inferred = found !== undefined;
    const seen: FrameReport = { frame, inferred, tracks: watch.tracks, moving: watch.moving };
    let report: FrameReport | undefined;
    try {
      report = await passReport(this.#after, seen);
    } finally {
      // A stage that failed has no picture to show; what was seen is told all the same.
      if (report && this.#after.length > 0) this.#show(report.frame);
      if (inferred) times.total.add(performance.now() - started);
      await this.#tellEvents(messages, report?.frame, watch);
      this.#tellCounts(watch);
      if (report) this.#tell('frame', report);
      report?.frame.release();
      // Learns from what the core saw, not from what was drawn on it.
      const learnt = this.#options.learning?.look(seen);
      if (this.#options.speed === 'max') await learnt;
    }
  }

  /** @returns Undefined when other cameras had their turns first for so long that a newer frame is worth more. */
  async #detect(model: Model, frame: Frame, watch: Watch): Promise<Detections | undefined> {
    const { fps, priority } = this.#settings.detect;
    try {
      return await model.detect(frame, {
        scoreThreshold: watch.lowThreshold,
        stream: { name: this.name, weight: priority },
        // As fast as it goes, every frame counts.
        ...(this.#options.speed !== 'max' && { maxWaitMs: 1000 / fps }),
      });
    } catch (error) {
      if (error instanceof LateError) return undefined;
      throw error;
    }
  }

  /** This is what the camera shows, until the next one. */
  #show(frame: Frame): void {
    this.#newest?.release();
    this.#newest = frame.acquire();
  }

  async #finish(): Promise<void> {
    const watch = this.#watch;
    if (!watch) return;
    const wasMoving = watch.moving;
    const messages = watch.finish();
    if (wasMoving) this.#tell('motion', false);
    for (const message of messages) this.#tell('event', message);
    this.#tellCounts(watch);
    this.#options.learning?.reset();
  }

  async #tellEvents(messages: readonly EventMessage[], frame: Frame | undefined, watch: Watch): Promise<void> {
    const { enabled, height, quality, box } = this.#settings.snapshots;
    for (const message of messages) {
      const { after, type } = message;
      if (frame && enabled && type !== 'end' && watch.wantsSnapshot(after)) {
        const picture = this.#pictureOf(frame);
        try {
          const overlaySvg = box ? boxOverlay(picture, scaledTo(picture, after, frame)) : undefined;
          const jpeg = await encodeJpeg(picture, { maxHeight: height, quality, overlaySvg });
          watch.tookSnapshot(message);
          this.#tell('snapshot', { id: after.id, label: after.label, jpeg });
        } catch (error) {
          this.#logger.error(`snapshot of ${after.label} ${after.id}: ${messageOf(error)}`);
        } finally {
          picture.release();
        }
      }
      this.#tell('event', message);
    }
  }

  #tellCounts(watch: Watch): void {
    for (const crossing of watch.takeCrossings()) this.#tell('crossing', crossing);
    for (const change of watch.takeCountChanges()) this.#tell('count', change);
  }

  /** Emits. One listener that throws, or whose promise is rejected, keeps nothing from the others. */
  #tell<Name extends keyof PipelineEvents>(name: Name, ...values: PipelineEvents[Name]): void {
    const complain = (error: unknown) => this.#logger.error(`a listener of "${name}" failed: ${messageOf(error)}`);
    for (const listener of this.rawListeners(name)) {
      try {
        const result: unknown = Reflect.apply(listener, this, values);
        if (result instanceof Promise) result.catch(complain);
      } catch (error) {
        complain(error);
      }
    }
  }
}

function makeMeters(): Record<keyof PipelineStats['times'], MovingMean> {
  return {
    motion: new MovingMean(),
    queue: new MovingMean(),
    preprocess: new MovingMean(),
    infer: new MovingMean(),
    decode: new MovingMean(),
    track: new MovingMean(),
    total: new MovingMean(),
  };
}

function valuesOf(meters: ReturnType<typeof makeMeters>, what: 'value' | 'total'): PipelineStats['times'] {
  const entries = Object.entries(meters).map(([name, meter]) => [name, meter[what]]);
  return Object.fromEntries(entries) as PipelineStats['times'];
}

function merge(base: unknown, patch: unknown, key = ''): unknown {
  const isMap = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap(base) || !isMap(patch) || ownedMaps.includes(key)) return patch;
  const merged: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(patch)) merged[name] = merge(base[name], value, name);
  return merged;
}

/** What cannot be changed on an open device. */
function opening({
  enabled,
  source,
  width,
  height,
  max_megapixels,
  transport,
  loop,
  hardware_decoding,
  libcamera,
  detect,
}: CameraSettings) {
  const { fps } = detect;
  return { enabled, source, width, height, max_megapixels, transport, loop, hardware_decoding, libcamera, fps };
}

/** @throws InputError when something is asked of a device that is made already. */
function assertDefaultOpening(camera: string, settings: CameraSettings): void {
  const asked = { ...opening(settings), controls: settings.controls };
  const usual = validate(CameraSettings, {}, camera);
  const others = { ...opening(usual), controls: usual.controls };
  for (const [name, value] of Object.entries(asked)) {
    if (['enabled', 'source', 'fps'].includes(name) || isDeepStrictEqual(value, others[name as keyof typeof others]))
      continue;
    throw new InputError(
      `camera ${camera}: ${name}: expected none, for its source is a device: make the device with it`,
    );
  }
}

const pixelsIn = (megapixels: number | undefined) => megapixels && Math.round(megapixels * 1e6);
