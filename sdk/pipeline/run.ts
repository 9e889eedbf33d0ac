import { loadModel, type Model } from '../core/model.ts';
import type { ViewMemory } from '../vision/gaze/view-memory.ts';
import { AskedDetector } from './ask-detector.ts';
import { cameraSource, type ReadOptions } from './camera-source.ts';
import { FrameWay, Watch } from './frame-way.ts';
import { assertKnownLabels } from './known-labels.ts';
import type { PipelineOptions } from './options.ts';
import type { SettingsKeeper } from './settings-keeper.ts';
import type { SourceReader } from './source-reader.ts';
import type { SourceSwitch } from './source-switch.ts';
import type { StreamChoice } from './stream-choice.ts';
import type { WayOptions } from './way-values.ts';

/** What a pipeline provides to its runs. */
export interface RunOptions
  extends Omit<WayOptions, 'detector'>,
    Pick<ReadOptions, 'given' | 'onHealth' | 'onUnavailable' | 'logger'> {
  readonly settings: SettingsKeeper;
  readonly options: PipelineOptions;
  /** That of the previous run, if any: track numbers and counts continue. */
  readonly watch: (make: () => Watch) => Watch;
  /** What the camera learns of its view. */
  readonly view: ViewMemory;
  readonly streams: StreamChoice;
  readonly source: SourceSwitch;
  readonly onEnded: () => void;
}

/** A pipeline from its start to its stop: owns the detector, and makes the sources that are read with it. */
export class Run {
  /** Once the detector is there. */
  readonly way: Promise<FrameWay>;
  readonly #options: RunOptions;
  /** To be closed with it. */
  readonly #model: Promise<Model> | undefined;

  constructor(options: RunOptions) {
    this.#options = options;
    const given = options.options.model;
    this.#model = given === undefined ? loadModel(undefined, { logger: options.logger }) : undefined;
    this.way = Promise.resolve(this.#model ?? given).then((found) => this.#wayTo(found ?? null));
  }

  /** @returns Undefined when the settings switch the camera off. */
  source(patient: boolean): SourceReader | undefined {
    const { settings, options, given, logger, stages, streams, onHealth, onUnavailable, onEnded } = this.#options;
    if (!settings.now.enabled) return undefined;
    const reader = cameraSource(() => streams.applied(settings.now), {
      given,
      speed: options.speed,
      asksFps: settings.asksFps,
      video: stages.isEmpty ? options.clips : undefined,
      patient,
      ready: this.way,
      heard: options.heard,
      onFrame: async (frame) => (await this.way).take(frame),
      onHealth,
      onUnavailable,
      onOver: async (isEnd) => {
        await (await this.way).finish();
        if (isEnd) onEnded();
      },
      logger,
    });
    streams.begin(
      () => settings.now,
      reader,
      () => void this.#options.source.to(this.source(true)),
    );
    return reader;
  }

  /** Closes what it loaded. */
  async close(): Promise<void> {
    const model = await this.#model?.catch(() => undefined);
    await model?.close();
  }

  #wayTo(found: Awaited<NonNullable<PipelineOptions['model']>> | null): FrameWay {
    const { name, settings, options, learning } = this.#options;
    const detector = found && new AskedDetector(found);
    if (detector) assertKnownLabels(name, settings.now, detector.info.labels);
    const { changes, eventSalt } = options;
    const labels = detector?.info.labels ?? [];
    const nameOf = (trackId: number) => learning?.nameOf(trackId);
    const { input } = detector ?? {};
    const { view } = this.#options;
    const about = { camera: name, labels, settings: settings.now, changes, eventSalt, nameOf, input, view };
    return new FrameWay(
      this.#options.watch(() => new Watch(about)),
      { ...this.#options, detector },
    );
  }
}
