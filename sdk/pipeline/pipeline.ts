import { EventEmitter } from 'node:events';
import type { Device, DeviceHealth } from '../../devices/device.ts';
import { openDevice } from '../../devices/index.ts';
import { type CameraChange, CameraSettings } from '../config/schema.ts';
import { validate } from '../config/validate.ts';
import { loadModel, type Model } from '../core/model.ts';
import { InputError, messageOf } from '../errors.ts';
import type { Frame } from '../frame/frame.ts';
import { encodeJpeg } from '../frame/picture.ts';
import { type Logger, silent } from '../log.ts';
import type { CountChange } from '../vision/counts.ts';
import type { EventMessage } from '../vision/event.ts';
import type { Track } from '../vision/track.ts';
import type { PipelineEvents, PipelineStats } from './events.ts';
import { MovingMean, RateMeter } from './meter.ts';
import { boxOverlay } from './overlay.ts';
import { Watch } from './watch.ts';

export interface PipelineOptions extends CameraChange {
  /** Name of the camera, part of its topics and in its events. Default `camera`. */
  name?: string;
  /** Default: the default model, loaded by `start()` and closed by `stop()`. One that is given stays open. */
  model?: Model | Promise<Model>;
  /** `max`: each frame of a file, none dropped, as fast as it goes; times are then media times. Default `realtime`. */
  speed?: 'realtime' | 'max';
  /** A source that cannot be opened is tried again for ever instead of failing `start()`. Default false. */
  patient?: boolean;
  logger?: Logger;
}

/**
 * One camera's way of a frame: device, motion gate, core, tracker, zones, events. It emits what it sees (`PipelineEvents`) and knows nothing of who listens.
 *
 * Frames are taken one at a time: while the network looks at one, newer ones replace each other in the device, so the boxes always belong to the picture they come with.
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
  readonly #logger: Logger;
  #device: Device | undefined;
  #model: Model | undefined;
  #watch: Watch | undefined;
  #running = false;
  #status: 'online' | 'offline' | 'disabled' = 'offline';
  #lastError: string | undefined;
  #reading: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryMs = firstRetryMs;
  #newest: Frame | undefined;
  readonly #meters = makeMeters();
  readonly #totals = { in: 0, gated: 0, inferred: 0 };
  /** Of devices that were closed again: totals go on when the source changes. */
  #droppedBefore = 0;

  /** @throws InputError when a setting is wrong, naming the field. */
  constructor(options: PipelineOptions = {}) {
    super();
    const { name = 'camera', model: _, speed: __, patient: ___, logger = silent, ...settings } = options;
    this.name = name;
    this.#options = options;
    this.#logger = logger;
    this.#settings = validate(CameraSettings, settings, `camera ${name}`);
  }

  /** All settings of this camera, defaults filled in. */
  get settings(): CameraSettings {
    return this.#settings;
  }

  get device(): Device | undefined {
    return this.#device;
  }

  /** The labels that are watched, in the model's order; empty before `start()`. */
  get labels(): readonly string[] {
    return this.#watch?.labels ?? [];
  }

  /** All labels the model can tell apart; empty before `start()`. */
  get knownLabels(): readonly string[] {
    return this.#model?.card.labels ?? [];
  }

  get status(): 'online' | 'offline' | 'disabled' {
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
    const times = this.#meters.times;
    return {
      frames: { ...this.#totals, dropped: this.#droppedBefore + health.dropped },
      fps: { in: this.#meters.fpsIn.rate(now), inferred: this.#meters.fpsInferred.rate(now) },
      times: {
        motion: times.motion.value,
        queue: times.queue.value,
        preprocess: times.preprocess.value,
        infer: times.infer.value,
        decode: times.decode.value,
        track: times.track.value,
        total: times.total.value,
      },
      objects: this.tracks.filter((track) => track.confirmed).length,
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
   * @throws InputError when no frame has come yet.
   */
  async snapshot(options: { maxHeight?: number; quality?: number } = {}): Promise<Buffer> {
    const frame = this.latestFrame();
    if (!frame) throw new InputError(`camera ${this.name} has given no picture yet: ${this.#lastError ?? this.status}`);
    try {
      return await encodeJpeg(frame, { quality: 80, ...options });
    } finally {
      frame.release();
    }
  }

  /**
   * Loads the model, opens the device and begins.
   *
   * @throws InputError when the model or, unless `patient`, the source cannot be used.
   */
  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    const model = Promise.resolve(this.#options.model ?? loadModel(undefined, { logger: this.#logger }));
    model.catch(() => {});
    try {
      if (this.#settings.enabled) await this.#open(model);
      else this.#setStatus('disabled');
      await this.#prepare(model);
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Ends the running events, emits what is left of them, closes what `start()` opened. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.#closeDevice();
    if (!this.#options.model) await this.#model?.close();
    this.#model = undefined;
  }

  /**
   * Changes settings while it runs and emits `settings`. Fields that are left out stay; lists, and the maps `zones`, `lines` and `thresholds`, are replaced whole.
   *
   * @example
   * await pipeline.change({ detect: { threshold: 0.6 } });
   *
   * @throws InputError naming the wrong field; nothing is changed then.
   */
  async change(patch: CameraChange): Promise<void> {
    const before = this.#settings;
    this.#settings = validate(CameraSettings, merge(before, patch), `camera ${this.name}`);
    this.#watch?.configure(this.#settings);
    this.emit('settings', patch);
    if (!this.#running || !reopens(before, this.#settings)) return;
    await this.#closeDevice();
    if (!this.#settings.enabled) this.#setStatus('disabled');
    else await this.#open(Promise.resolve(this.#model!)).catch((error) => this.#logger.error(messageOf(error)));
  }

  async #prepare(model: Promise<Model>): Promise<Watch> {
    this.#model = await model;
    this.#watch ??= new Watch({
      camera: this.name,
      labels: this.#model.card.labels,
      settings: this.#settings,
      logger: this.#logger,
    });
    return this.#watch;
  }

  async #open(model: Promise<Model>): Promise<void> {
    const { source, width, height, loop, detect } = this.#settings;
    try {
      const device = await openDevice(source, {
        width,
        height,
        // As fast as it goes, every frame counts, unless fewer were asked for by name.
        fps: this.#options.speed === 'max' ? this.#options.detect?.fps : detect.fps,
        loop: loop && this.#options.speed !== 'max',
        speed: this.#options.speed,
        logger: this.#logger,
      });
      if (!this.#running) return await device.close();
      this.#device = device;
      this.#lastError = undefined;
      this.#retryMs = firstRetryMs;
      device.on('health', this.#onHealth);
      this.#onHealth(device.health);
      this.#reading = this.#read(device, model);
    } catch (error) {
      const message = messageOf(error);
      if (message !== this.#lastError) this.#logger.error(message);
      this.#lastError = message;
      this.#setStatus('offline');
      if (!this.#options.patient) throw error;
      this.#retry = setTimeout(() => this.#open(model), this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, lastRetryMs);
    }
  }

  async #closeDevice(): Promise<void> {
    clearTimeout(this.#retry);
    const device = this.#device;
    this.#device = undefined;
    if (device) {
      await device.close();
      await this.#reading;
      device.off('health', this.#onHealth);
      this.#droppedBefore += device.health.dropped;
    }
    this.#newest?.release();
    this.#newest = undefined;
    this.#setStatus(this.#settings.enabled ? 'offline' : 'disabled');
  }

  #onHealth = (health: DeviceHealth): void => {
    if (health.lastError) this.#lastError = health.lastError;
    this.#setStatus(health.state === 'online' ? 'online' : 'offline');
  };

  #setStatus(status: 'online' | 'offline' | 'disabled'): void {
    if (status === this.#status) return;
    this.#status = status;
    this.emit('status', status, this.#health());
  }

  #health(): DeviceHealth {
    return (
      this.#device?.health ?? {
        state: 'closed',
        frames: 0,
        dropped: 0,
        corrupt: 0,
        restarts: 0,
        stalls: 0,
        lastError: this.#lastError,
      }
    );
  }

  async #read(device: Device, loading: Promise<Model>): Promise<void> {
    try {
      const watch = await this.#prepare(loading);
      for await (const frame of device.frames()) {
        try {
          await this.#process(frame, watch);
        } catch (error) {
          // One frame that cannot be used, or a listener that throws, must not end the camera.
          this.#logger.error(`frame ${frame.sequence}: ${messageOf(error)}`);
        } finally {
          frame.release();
        }
      }
      await this.#emitEvents(watch.finish(), undefined);
      for (const change of watch.takeCountChanges()) this.emit('count', change);
      if (device.health.state === 'ended') this.emit('ended');
    } catch (error) {
      this.#lastError = messageOf(error);
      this.#logger.error(this.#lastError);
      this.#setStatus('offline');
    }
  }

  async #process(frame: Frame, watch: Watch): Promise<void> {
    const model = this.#model!;
    const { times, fpsIn, fpsInferred } = this.#meters;
    const started = performance.now();
    this.#totals.in++;
    fpsIn.add(started);
    this.#newest?.release();
    this.#newest = frame.acquire();

    const wasMoving = watch.moving;
    const look = watch.look(frame);
    times.motion.add(performance.now() - started);
    if (watch.moving !== wasMoving) this.emit('motion', watch.moving);

    let messages: EventMessage[] = [];
    if (look) {
      const asked = performance.now();
      const found = await model.detect(frame, { scoreThreshold: watch.lowThreshold });
      const answered = performance.now();
      const { preprocessMs, inferMs, decodeMs } = model.lastTimes;
      messages = watch.see(found, frame);
      this.#totals.inferred++;
      fpsInferred.add(answered);
      times.preprocess.add(preprocessMs);
      times.infer.add(inferMs);
      times.decode.add(decodeMs);
      times.queue.add(Math.max(0, answered - asked - preprocessMs - inferMs - decodeMs));
      times.track.add(performance.now() - answered);
      times.total.add(performance.now() - started);
    } else {
      this.#totals.gated++;
    }
    await this.#emitEvents(messages, frame);
    for (const crossing of watch.takeCrossings()) this.emit('crossing', crossing);
    for (const change of watch.takeCountChanges()) this.emit('count', change);
    this.emit('frame', { frame, inferred: look, tracks: watch.tracks, moving: watch.moving });
  }

  async #emitEvents(messages: EventMessage[], frame: Frame | undefined): Promise<void> {
    const { enabled, height, quality, box } = this.#settings.snapshots;
    for (const message of messages) {
      const { after, type } = message;
      if (enabled && frame && type !== 'end' && this.#watch!.wantsSnapshot(after)) {
        const overlaySvg = box ? boxOverlay(frame, after) : undefined;
        const jpeg = await encodeJpeg(frame, { maxHeight: height, quality, overlaySvg });
        this.#watch!.tookSnapshot(message);
        this.emit('snapshot', { id: after.id, label: after.label, jpeg });
      }
      this.emit('event', message);
    }
  }
}

const firstRetryMs = 1000;
const lastRetryMs = 30_000;

function makeMeters() {
  return {
    fpsIn: new RateMeter(),
    fpsInferred: new RateMeter(),
    times: {
      motion: new MovingMean(),
      queue: new MovingMean(),
      preprocess: new MovingMean(),
      infer: new MovingMean(),
      decode: new MovingMean(),
      track: new MovingMean(),
      total: new MovingMean(),
    },
  };
}

const replacedWhole = new Set(['zones', 'lines', 'thresholds']);

function merge(base: unknown, patch: unknown, key = ''): unknown {
  const isMap = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isMap(base) || !isMap(patch) || replacedWhole.has(key)) return patch;
  const merged: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(patch)) merged[name] = merge(base[name], value, name);
  return merged;
}

/** What cannot be changed on an open device. */
function reopens(before: CameraSettings, after: CameraSettings): boolean {
  return (
    before.enabled !== after.enabled ||
    before.source !== after.source ||
    before.width !== after.width ||
    before.height !== after.height ||
    before.loop !== after.loop ||
    before.detect.fps !== after.detect.fps
  );
}
