import { EventEmitter } from 'node:events';
import type { Device } from '../../devices/device/device.ts';
import { assertKind } from '../base/arguments.ts';
import { InputError } from '../base/errors.ts';
import type { CameraChange, CameraSettings } from '../config/schema.ts';
import type { Frame } from '../frame/frame.ts';
import type { CountChange } from '../vision/counts.ts';
import type { WhyReport } from '../vision/fates.ts';
import type { SeenSize } from '../vision/gaze/size-map.ts';
import type { Track } from '../vision/track.ts';
import type { CameraStatus, PipelineEvents, PipelineStats } from './events.ts';
import type { Watch } from './frame-way.ts';
import type { PipelineOptions } from './options.ts';
import { statsOf, whyOf } from './reports.ts';
import { Run } from './run.ts';
import type { SnapshotOptions } from './snapshots.ts';
import { type Wired, wire } from './wiring.ts';

export type { PipelineLearning, PipelineOptions, PipelineStages } from './options.ts';

/**
 * One camera's pipeline: device, motion gate, core, tracker, zones, events, with your own stages before and after. It emits what
 * it sees (`PipelineEvents`) and knows nothing about its listeners; one that throws is logged and does no harm.
 *
 * Frames are processed one at a time: while the network runs on one, newer ones replace each other in the device, so
 * the boxes always belong to the picture they come with.
 *
 * @example
 * const pipeline = new Pipeline({ source: 'v4l2:/dev/video0', detect: { labels: ['person'] } });
 * pipeline.on('event', ({ type, after }) => console.log(type, after.label, after.score));
 * await pipeline.start();
 */
export class Pipeline extends EventEmitter<PipelineEvents> {
  readonly name: string;
  readonly #parts: Wired;
  #watch: Watch | undefined;
  #run: Run | undefined;
  #starting: Promise<void> = Promise.resolve();
  /** It has begun to open its source: what changes from now on opens another one. */
  #isRead = false;

  /** @throws InputError when a setting is wrong, naming the field. */
  constructor(options: PipelineOptions = {}) {
    super();
    assertKind('Pipeline: options', options, 'object');
    this.#parts = wire(options, this, (make) => (this.#watch ??= make()));
    this.name = this.#parts.name;
  }

  /** All settings of this camera, defaults filled in. */
  get settings(): CameraSettings {
    return this.#parts.settings.now;
  }

  /** Of its settings: an integer that grows with each change, and begins anywhere. Two that are equal are of the same settings. */
  get revision(): number {
    return this.#parts.settings.revision;
  }

  /** The device that is read, once it is open. */
  get device(): Device | undefined {
    return this.#parts.source.device;
  }

  /** The labels that are watched, in the model's order; empty before `start()`. */
  get labels(): readonly string[] {
    return this.#watch?.parts.labels ?? [];
  }

  /** All labels of the model; empty before `start()`. */
  get knownLabels(): readonly string[] {
    return this.#watch?.parts.knownLabels ?? [];
  }

  get status(): CameraStatus {
    return this.#parts.source.status;
  }

  get moving(): boolean {
    return this.#watch?.now.moving ?? false;
  }

  get tracks(): readonly Track[] {
    return this.#watch?.now.tracks ?? [];
  }

  /** Current counts of each watched label, in the whole view and in each zone, zeroes included. */
  get counts(): readonly CountChange[] {
    return this.#watch?.now.counts ?? [];
  }

  /** Where things of which size were seen in the view so far. */
  get sizes(): readonly SeenSize[] {
    return this.#parts.view.seen;
  }

  /** What became of each object of the last ten minutes, and how many frames were looked at. */
  get why(): WhyReport {
    return whyOf(this.#watch);
  }

  get stats(): PipelineStats {
    return statsOf(this.#parts, this.tracks);
  }

  /** The newest frame, if any. The caller owns a reference and releases it. */
  latestFrame(): Frame | undefined {
    return this.#parts.snapshots.latest();
  }

  /**
   * Returns a JPEG of the newest frame; with `still` one in the camera's full resolution, for which the frames may pause.
   *
   * @throws InputError when no frame has arrived yet, or the camera takes no stills.
   */
  snapshot(options: SnapshotOptions = {}): Promise<Buffer> {
    return this.#parts.snapshots.jpeg(options, this.#parts.source);
  }

  /**
   * Loads the model, opens the device and starts. If it is starting already, waits for that.
   * @throws InputError when the model or, unless `patient`, the source cannot be used. It is then stopped.
   */
  start(): Promise<void> {
    if (this.#run) return this.#starting;
    const run = new Run(this.#parts);
    this.#run = run;
    // The device opens while the model loads: both mostly wait for something else.
    this.#starting = Promise.all([this.#open(run), run.way]).then(
      () => {},
      async (error) => {
        // Unless it was stopped meanwhile, and perhaps started again.
        if (this.#run === run) await this.stop();
        throw error;
      },
    );
    return this.#starting;
  }

  /** Ends the running events, emits the rest of them, closes what `start()` opened. May be called at any time, repeatedly. */
  async stop(): Promise<void> {
    const run = this.#run;
    this.#run = undefined;
    this.#isRead = false;
    await this.#parts.source.to(undefined);
    await this.#parts.options.clips?.close();
    await this.#parts.stages.stop();
    await this.#parts.keeper.stop();
    await run?.close();
  }

  /** `stop()`, for `await using pipeline = new Pipeline()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /**
   * Changes settings while it runs and emits `settings`. Omitted fields keep their values; lists, and the maps `zones`,
   * `lines`, `thresholds`, `states` and `controls`, are replaced whole. A source that cannot be opened is retried.
   *
   * @example
   * await pipeline.change({ detect: { threshold: 0.6 } });
   *
   * @param options `seen`: the `revision` that it is a change of. Default: whichever is there, and the last one wins.
   * @throws InputError naming the wrong field, or a label that the model does not know; StaleError when the settings are
   * of another revision by now. Nothing is changed then.
   */
  async change(change: CameraChange, { seen }: { seen?: number | undefined } = {}): Promise<void> {
    const whenKnown = async () => void (this.#watch || (await this.#run?.way.catch(() => undefined)));
    const { patch, reopens } = await this.#parts.settings.change(change, { pipeline: this, whenKnown, seen });
    this.#watch?.configure(this.settings);
    this.#parts.tell('settings', patch);
    if (!this.#run) return;
    if (!reopens) this.#parts.source.refresh();
    else if (this.#isRead) await this.#parts.source.to(this.#run.source(true));
    // What is about to be read is what the settings say then. Whether that could be opened is told to who started it.
    else await this.#starting.catch(() => {});
  }

  /**
   * Closes the source and opens it again; if that fails, it is retried until it succeeds. Running events end.
   *
   * @throws InputError when it is switched off or was not started.
   */
  async restart(): Promise<void> {
    const source = this.#run?.source(true);
    if (source) return this.#isRead ? this.#parts.source.to(source) : this.#starting;
    throw new InputError(`camera ${this.name}: expected a running one, this one is ${this.status}`);
  }

  async #open(run: Run): Promise<void> {
    await this.#parts.keeper.start();
    await this.#parts.stages.start();
    if (this.#run !== run) return;
    this.#isRead = true;
    await this.#parts.source.to(run.source(this.#parts.options.patient ?? false));
  }
}
