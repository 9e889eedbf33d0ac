import { isDeepStrictEqual } from 'node:util';
import type { CameraSettings } from '../config/schema.ts';
import type { Size } from '../frame/letterbox.ts';
import type { ChangeFinder } from '../vision/changes/change-finder.ts';
import { EventCycle } from '../vision/event-cycle.ts';
import { Fates } from '../vision/fates.ts';
import { Gaze } from '../vision/gaze/gaze.ts';
import { ViewMemory } from '../vision/gaze/view-memory.ts';
import { Lines } from '../vision/lines.ts';
import { MotionGate } from '../vision/motion-gate.ts';
import { Tracker, type TrackerOptions } from '../vision/tracker.ts';
import { Zones } from '../vision/zones.ts';

/** What the parts of a camera's pipeline are made with. */
export interface PartsOptions {
  readonly camera: string;
  /** Of the model, all of them. */
  readonly labels: readonly string[];
  readonly settings: CameraSettings;
  readonly changes?: ChangeFinder;
  /** Part of the ids of events; default: none, the same frames give the same ids. */
  readonly eventSalt?: string;
  /** Size of the detector's input, if it takes regions of a frame. Default: unknown, and it always sees the whole frame. */
  readonly input?: Size;
  /** What was learnt of the view. */
  readonly view?: ViewMemory;
}

/** With `detect.far: auto`, a picture this many times as large as the network's input is looked at closer. */
const farFrom = 2;

/** The parts of one camera's pipeline, configured by its settings. */
export class Parts {
  /** All labels of the model. */
  readonly knownLabels: readonly string[];
  readonly gate: MotionGate;
  readonly tracker: Tracker;
  readonly zones = new Zones();
  readonly lines = new Lines();
  readonly events: EventCycle;
  readonly view: ViewMemory;
  /** What became of each object lately. */
  readonly fates = new Fates();
  readonly #gaze: Gaze | undefined;
  readonly #input: Size | undefined;
  #settings!: CameraSettings;
  #labels: readonly string[] = [];

  constructor(options: PartsOptions) {
    const { camera, labels, settings, changes, eventSalt, input, view = new ViewMemory() } = options;
    this.knownLabels = labels;
    this.gate = new MotionGate(changes);
    this.events = new EventCycle(camera, { salt: eventSalt });
    this.tracker = new Tracker(trackerOptions(settings));
    this.view = view;
    this.#input = input;
    this.#gaze = input && new Gaze(input, view.sizes);
    this.configure(settings);
  }

  /** Chooses where the network looks; undefined where it always sees the whole frame. */
  gazeOn({ width, height }: Size): Gaze | undefined {
    const { far } = this.#settings.detect;
    if (far === 'on' || !this.#input) return this.#gaze;
    const scale = Math.max(width / this.#input.width, height / this.#input.height);
    return far === 'auto' && scale >= farFrom ? this.#gaze : undefined;
  }

  get settings(): CameraSettings {
    return this.#settings;
  }

  /** Watched labels, in the model's order. */
  get labels(): readonly string[] {
    return this.#labels;
  }

  isWatched(label: string): boolean {
    return this.#labels.includes(label);
  }

  /** Replaces the settings; tracking continues. */
  configure(settings: CameraSettings): void {
    const before = this.#settings as CameraSettings | undefined;
    this.#settings = settings;
    const wanted = new Set(settings.detect.labels);
    const known = this.knownLabels.filter((label) => wanted.has(label));
    // None that the model knows: another model is in use with the default labels.
    this.#labels = known.length > 0 ? known : this.knownLabels;
    this.tracker.configure(trackerOptions(settings));
    // Reconfiguring any of these makes it forget its state, so only do it when its own settings change.
    const changed = (part: (all: CameraSettings) => unknown) =>
      before === undefined || !isDeepStrictEqual(part(before), part(settings));
    if (changed(({ zones }) => zones)) this.zones.configure(settings.zones);
    if (changed(({ lines }) => lines)) this.lines.configure(settings.lines);
    if (changed(({ detect }) => detect.far)) this.#gaze?.reset();
    if (changed(({ masks, motion }) => [masks, motion.sensitivity])) {
      this.gate.configure(settings.motion.sensitivity, settings.masks);
    }
  }
}

export function trackerOptions({ detect, track }: CameraSettings): TrackerOptions {
  return {
    confirm: track.confirm,
    lostSeconds: track.lost,
    stationarySeconds: track.stationary,
    threshold: (label) => detect.thresholds[label] ?? detect.threshold,
  };
}
