import { isDeepStrictEqual } from 'node:util';
import type { CameraSettings } from '../config/schema.ts';
import type { Frame } from '../frame/frame.ts';
import type { ChangeFinder } from '../vision/changes/change-finder.ts';
import { type CountChange, changedCounts, countTracks } from '../vision/counts.ts';
import type { Detections } from '../vision/detections.ts';
import type { EventMessage, ObjectState } from '../vision/event.ts';
import { EventCycle } from '../vision/event-cycle.ts';
import type { Box } from '../vision/geometry.ts';
import { type Crossing, Lines } from '../vision/lines.ts';
import { outsideMasks } from '../vision/masks.ts';
import type { Moment } from '../vision/moment.ts';
import { MotionGate } from '../vision/motion-gate.ts';
import { signatureOf } from '../vision/signature.ts';
import type { SubLabel, Track } from '../vision/track.ts';
import { lowThreshold, Tracker, type TrackerOptions } from '../vision/tracker.ts';
import { Zones } from '../vision/zones.ts';

/** A new snapshot is taken when the object is this much larger or surer than in the last one. */
const snapshotGain = 1.2;

/**
 * What one camera's frames mean: the stages after (and, for the gate, before) the network, wired together. It has no
 * clock and does no input or output, so the same frames and detections always mean the same.
 */
export class Watch {
  readonly #all: readonly string[];
  #settings!: CameraSettings;
  /** Of the frame that was looked at last. */
  #size = '';
  readonly #gate: MotionGate;
  readonly #tracker: Tracker;
  readonly #zones = new Zones();
  readonly #lines = new Lines();
  readonly #events: EventCycle;
  readonly #nameOf: (trackId: number) => SubLabel | undefined;
  #labels: readonly string[] = [];
  #watched = new Set<string>();
  #tracks: readonly Track[] = [];
  #counts: CountChange[] = [];
  #told: CountChange[] = [];
  #crossings: Crossing[] = [];
  #moving = false;
  #lookedNs = Number.NEGATIVE_INFINITY;
  #moment: Moment = { captureTimeNs: 0, wallTimeMs: 0 };
  /** Score times area of the snapshot that each running event has. */
  readonly #snapshots = new Map<string, number>();

  /**
   * @param options.nameOf What local learning calls a track, asked at each frame that is looked at.
   * @param options.eventSalt Part of the ids of events; default: none, the same frames give the same ids.
   */
  constructor(options: {
    camera: string;
    labels: readonly string[];
    settings: CameraSettings;
    changes?: ChangeFinder;
    nameOf?: (trackId: number) => SubLabel | undefined;
    eventSalt?: string;
  }) {
    this.#all = options.labels;
    this.#gate = new MotionGate(options.changes);
    this.#nameOf = options.nameOf ?? (() => undefined);
    this.#events = new EventCycle(options.camera, { salt: options.eventSalt });
    this.#tracker = new Tracker(trackerOptions(options.settings));
    this.configure(options.settings);
  }

  /** Other settings from now on; what is tracked goes on. */
  configure(settings: CameraSettings): void {
    const before = this.#settings;
    this.#settings = settings;
    const wanted = new Set(settings.detect.labels);
    const known = this.#all.filter((label) => wanted.has(label));
    // None that the model knows: its owner brought another model and left the labels as they come by default.
    this.#labels = known.length > 0 ? known : this.#all;
    this.#watched = new Set(this.#labels);
    this.#tracker.configure(trackerOptions(settings));
    // Each of these forgets what it knows, so it is left alone while its own settings stay.
    const changed = (part: (all: CameraSettings) => unknown) =>
      before === undefined || !isDeepStrictEqual(part(before), part(settings));
    if (changed(({ zones }) => zones)) this.#zones.configure(settings.zones);
    if (changed(({ lines }) => lines)) this.#lines.configure(settings.lines);
    if (changed(({ masks, motion }) => [masks, motion.sensitivity])) {
      this.#gate.configure(settings.motion.sensitivity, settings.masks);
    }
    this.#counts = countTracks(this.#tracks, this.#labels, settings.zones);
  }

  /** All labels of the model. */
  get knownLabels(): readonly string[] {
    return this.#all;
  }

  /** Watched labels, in the model's order. */
  get labels(): readonly string[] {
    return this.#labels;
  }

  get moving(): boolean {
    return this.#moving;
  }

  get tracks(): readonly Track[] {
    return this.#tracks;
  }

  get counts(): readonly CountChange[] {
    return this.#counts;
  }

  /** Detections from this score on are wanted, 0..1. */
  get lowThreshold(): number {
    return lowThreshold;
  }

  /**
   * Takes a frame in and decides whether the network has to look at it: when something moves, while something that is
   * not at rest is tracked or was given another name, and every `keepalive` seconds all the same.
   */
  look(frame: Frame): boolean {
    const { captureTimeNs, wallTimeMs } = frame;
    this.#moment = { captureTimeNs, wallTimeMs };
    this.#moving = this.#gate.process(frame);
    const { detect, motion } = this.#settings;
    if (!detect.enabled) return false;
    return (
      !motion.enabled ||
      this.#moving ||
      this.#tracks.some((track) => !track.stationary || this.#nameOf(track.id)?.label !== track.subLabel?.label) ||
      captureTimeNs - this.#lookedNs >= motion.keepalive * 1e9
    );
  }

  /** Takes in what the network saw in the frame of the last `look()`. */
  see(detections: Detections, frame: Frame): EventMessage[] {
    this.#lookedNs = frame.captureTimeNs;
    // Another size is another scene: boxes of the old one mean nothing in it.
    const size = `${frame.width}x${frame.height}`;
    const messages = this.#size !== size ? this.#endAll() : [];
    this.#size = size;
    const watched = detections.filter(({ label }) => this.#watched.has(label));
    const found = outsideMasks(watched, this.#settings.masks, frame);
    const { width, height } = frame;
    const view = { width, height, signature: (box: Box) => signatureOf(frame, box) };
    const tracks = this.#tracker.update(found, frame.captureTimeNs, this.#gate.disturbed, view);
    this.#gate.forget();
    this.#tracks = this.#zones.update(tracks, frame).map((track) => this.#named(track));
    const crossings = this.#lines.update(this.#tracks, frame);
    const ended = this.#tracker.takeEnded().map((track) => this.#named(track));
    messages.push(...this.#events.update(this.#tracks, ended, this.#moment, crossings));
    this.#crossings.push(...crossings);
    this.#counts = countTracks(this.#tracks, this.#labels, this.#settings.zones);
    for (const { type, after } of messages) if (type === 'end') this.#snapshots.delete(after.id);
    return messages;
  }

  /** In place of `see()` for a frame that is not looked at. */
  skip(): EventMessage[] {
    return this.#settings.detect.enabled ? [] : this.#endAll();
  }

  /** The source is over: ends all running events. What comes next is another scene, its times may start anew. */
  finish(): EventMessage[] {
    this.#gate.reset();
    this.#moving = false;
    this.#lookedNs = Number.NEGATIVE_INFINITY;
    return this.#endAll();
  }

  /** Line crossings since the last call. */
  takeCrossings(): Crossing[] {
    return this.#crossings.splice(0);
  }

  /** Counts that changed since the last call. */
  takeCountChanges(): CountChange[] {
    const changes = changedCounts(this.#told, this.#counts);
    this.#told = this.#counts;
    return changes;
  }

  /** Is this view of the object worth a picture: the first, or clearly better than the last? */
  wantsSnapshot({ id, score, area }: ObjectState): boolean {
    return score * area >= (this.#snapshots.get(id) ?? 0) * snapshotGain;
  }

  /** Notes the picture, and says so in the message and the ones after it. */
  tookSnapshot(message: EventMessage): void {
    const { id, score, area } = message.after;
    this.#snapshots.set(id, score * area);
    this.#events.tookSnapshot(message);
  }

  #named(track: Track): Track {
    const subLabel = this.#nameOf(track.id);
    return subLabel ? { ...track, subLabel } : track;
  }

  #endAll(): EventMessage[] {
    this.#tracker.finish();
    this.#tracker.takeEnded();
    this.#tracks = [];
    const crossings = this.#lines.finish();
    this.#crossings.push(...crossings);
    this.#counts = countTracks([], this.#labels, this.#settings.zones);
    this.#snapshots.clear();
    return this.#events.finish(crossings);
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
