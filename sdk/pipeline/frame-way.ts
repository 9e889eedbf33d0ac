import { ModelError, messageOf } from '../base/errors.ts';
import type { Frame } from '../frame/frame.ts';
import { type CountChange, changedCounts, countTracks } from '../vision/counts.ts';
import type { Detections } from '../vision/detections.ts';
import type { EventMessage } from '../vision/event.ts';
import type { Box } from '../vision/geometry.ts';
import type { Crossing } from '../vision/lines.ts';
import { signatureOf } from '../vision/signature.ts';
import type { SubLabel, Track } from '../vision/track.ts';
import { lowThreshold } from '../vision/tracker.ts';
import type { Answer } from './ask-detector.ts';
import type { FrameReport } from './events.ts';
import { planLook, regionsOf, seenBy } from './looks.ts';
import { noteFates, noteLook } from './note-fates.ts';
import { Parts, type PartsOptions } from './parts.ts';
import type { Gated, LookedAt, Meaning, WayOptions } from './way-values.ts';

/**
 * Interprets one camera's frames: motion gate, tracker, zones, lines and events, one after the other. It has no clock
 * and does no I/O, so the same frames and detections always give the same results.
 */
export class Watch {
  readonly parts: Parts;
  readonly #nameOf: (trackId: number) => SubLabel | undefined;
  #moving = false;
  #tracks: readonly Track[] = [];
  #counts: readonly CountChange[] = [];
  #told: readonly CountChange[] = [];
  /** Of the last frame that the network ran on. */
  #size = '';
  #inferredNs = Number.NEGATIVE_INFINITY;

  /** @param options.nameOf Returns a track's name from local learning; called for each frame that the network ran on. */
  constructor(options: PartsOptions & { nameOf?: (trackId: number) => SubLabel | undefined }) {
    this.parts = new Parts(options);
    this.#nameOf = options.nameOf ?? (() => undefined);
    this.#counts = countTracks([], this.parts.labels, options.settings.zones);
  }

  /** The state after the last frame. */
  get now(): { readonly moving: boolean; readonly tracks: readonly Track[]; readonly counts: readonly CountChange[] } {
    return { moving: this.#moving, tracks: this.#tracks, counts: this.#counts };
  }

  /** Replaces the settings; tracking continues. */
  configure(settings: PartsOptions['settings']): void {
    this.parts.configure(settings);
    this.#counts = countTracks(this.#tracks, this.parts.labels, settings.zones);
  }

  /**
   * Decides whether the detector has to run on this frame: when something moves, while a tracked object is not at rest
   * or was renamed, and every `keepalive` seconds in any case; and where in it.
   *
   * @param most Regions that it has time for. Default: as many as the settings allow.
   */
  gate(frame: Frame, most = this.parts.settings.detect.regions): Gated {
    const moving = this.parts.gate.process(frame);
    const turned = moving !== this.#moving;
    this.#moving = moving;
    this.parts.view.watch(frame, this.parts.gate.isNewScene, moving);
    return { frame, moving, turned, ...this.#wanted(frame, moving, most) };
  }

  #wanted(frame: Frame, moving: boolean, most: number): Pick<Gated, 'isWanted' | 'look'> {
    const { detect, motion } = this.parts.settings;
    if (!detect.enabled) return { isWanted: false, look: undefined };
    const isOpen = ({ id, stationary, subLabel }: Track) => !stationary || this.#nameOf(id)?.label !== subLabel?.label;
    const planned = planLook(this.parts, frame, { moving, tracks: this.#tracks, isOpen, most });
    if (planned) return { isWanted: planned.look !== undefined, look: planned.look };
    const isDue = frame.captureTimeNs - this.#inferredNs >= motion.keepalive * 1e9;
    return { isWanted: !motion.enabled || moving || isDue || this.#tracks.some(isOpen), look: undefined };
  }

  /**
   * @param found The detector's result for the frame; undefined when it did not run. @param cut Of each detection: whether
   * a region's edge cuts it.
   */
  follow(at: LookedAt, found: Detections | undefined, cut: readonly boolean[] = []): Meaning {
    const { frame } = at;
    const { gate, tracker, zones, lines, events, settings, view: memory } = this.parts;
    if (!found) return settings.detect.enabled ? this.#means(this.#tracks, [], []) : this.#end();
    const { width, height } = frame;
    this.#inferredNs = frame.captureTimeNs;
    // Another size is another scene: old boxes mean nothing in it.
    const size = `${width}x${height}`;
    const before = this.#size === size ? nothing : this.#over();
    this.#size = size;
    const { detections, looked, took } = seenBy(at, found, cut, this.parts);
    const view = { width, height, looked, signature: (box: Box) => signatureOf(frame, box) };
    const tracked = tracker.update(detections, frame.captureTimeNs, gate.disturbed, view);
    gate.forget();
    took(tracked);
    memory.learn(tracked, frame);
    const tracks = zones.update(tracked, frame).map((track) => this.#named(track));
    noteFates(this.parts, found, tracks, frame);
    const crossings = lines.update(tracks, frame);
    const ended = tracker.takeEnded().map((track) => this.#named(track));
    const messages = events.update(tracks, ended, frame, crossings);
    return this.#means(tracks, [...before.messages, ...messages], [...before.crossings, ...crossings]);
  }

  /** The source has ended: ends all running events. What follows is a new scene, whose times may restart. */
  finish(): Meaning {
    this.parts.gate.reset();
    this.#moving = false;
    this.#inferredNs = Number.NEGATIVE_INFINITY;
    return this.#end();
  }

  #end(): Meaning {
    const { messages, crossings } = this.#over();
    return this.#means([], messages, crossings);
  }

  #over(): Pick<Meaning, 'messages' | 'crossings'> {
    const { tracker, lines, events } = this.parts;
    tracker.finish();
    tracker.takeEnded();
    const crossings = lines.finish();
    return { messages: events.finish(crossings), crossings };
  }

  #means(tracks: readonly Track[], messages: readonly EventMessage[], crossings: readonly Crossing[]): Meaning {
    const { labels, settings } = this.parts;
    if (tracks !== this.#tracks) this.#counts = countTracks(tracks, labels, settings.zones);
    this.#tracks = tracks;
    const counts = changedCounts(this.#told, this.#counts);
    this.#told = this.#counts;
    return { tracks, messages, crossings, counts };
  }

  #named(track: Track): Track {
    const subLabel = this.#nameOf(track.id);
    return subLabel ? { ...track, subLabel } : track;
  }
}

const nothing = { messages: [], crossings: [] } as const;

/** The way of one camera's frames, from the device to the listeners, one at a time. */
export class FrameWay {
  readonly #watch: Watch;
  readonly #options: WayOptions;
  #complaint: string | undefined;

  constructor(watch: Watch, options: WayOptions) {
    this.#watch = watch;
    this.#options = options;
  }

  /** A frame that cannot be used must not end the camera. */
  async take(frame: Frame): Promise<void> {
    const { progress } = this.#options.meters;
    progress.begin(performance.now());
    try {
      await this.#go(frame, performance.now());
      progress.finish();
      this.#complaint = undefined;
    } catch (error) {
      progress.fail();
      const message = messageOf(error);
      // A fault of the model, not of the frame.
      const whose = error instanceof ModelError ? '' : `frame ${frame.sequence}: `;
      if (message !== this.#complaint) this.#options.complain(`${whose}${message}`);
      this.#complaint = message;
    }
  }

  async #go(arrived: Frame, startedMs: number): Promise<void> {
    const { stages, snapshots, meters, learning, isMax, tell } = this.#options;
    meters.arrived(startedMs);
    const frame = await stages.before(arrived);
    try {
      // Only the picture that the later stages return is shown: they may blur faces.
      if (!stages.makesPictures) snapshots.show(frame);
      const gatedMs = performance.now();
      // At full speed every frame has all the regions it wants: the same in each run.
      const most = isMax ? undefined : meters.affordable(this.#watch.parts.settings.detect.fps);
      const gated = this.#watch.gate(frame, most);
      meters.spent({ motion: performance.now() - gatedMs });
      if (gated.turned) tell('motion', gated.moving);
      const answer = await this.#detect(gated);
      if (answer && answer.detections.length > 0) snapshots.prepare(this.#watch.parts.settings.snapshots);
      const meaning = this.#watch.follow(gated, answer?.detections, answer?.cut);
      if (answer) meters.spent({ ...answer.times, track: performance.now() - answer.atMs });
      const { tracks } = meaning;
      const seen = { frame, inferred: answer !== undefined, tracks, moving: gated.moving, regions: answer?.regions };
      let report: FrameReport | undefined;
      try {
        report = await stages.after(seen);
      } finally {
        // A stage that failed has no picture to show; the results are emitted all the same.
        if (report && stages.makesPictures) snapshots.show(report.frame);
        if (answer) meters.spent({ total: performance.now() - startedMs });
        await this.#tell(meaning, report?.frame);
        if (report) tell('frame', report);
        report?.frame.release();
        // Learning gets the picture that the core saw, without what was drawn on it.
        const learnt = learning?.look(seen);
        if (isMax) await learnt;
      }
    } finally {
      frame.release();
    }
  }

  /** @returns Undefined when it did not run. */
  async #detect({ frame, isWanted, look }: Gated): Promise<Answer | undefined> {
    const { name, detector, meters, isMax } = this.#options;
    const { fps, priority: weight } = this.#watch.parts.settings.detect;
    const wait = isMax ? {} : { maxWaitMs: 1000 / fps };
    const asked = isWanted && detector;
    const answer = asked
      ? await asked.ask(frame, { scoreThreshold: lowThreshold, stream: { name, weight }, ...wait, ...regionsOf(look) })
      : undefined;
    if (answer) {
      const closer = look ? answer.regions.length - (look.isWhole ? 1 : 0) : 0;
      meters.inferred(answer.atMs, answer.regions.length, closer, look?.waiting ?? 0);
    } else meters.skipped(asked ? 'late' : 'gated');
    noteLook(this.#watch.parts, frame, detector && isWanted, answer);
    return answer;
  }

  /** Emits the results of a frame, each event after its picture. @param frame The picture to show; undefined for none. */
  async #tell({ messages, crossings, counts }: Meaning, frame?: Frame): Promise<void> {
    const { snapshots, tell } = this.#options;
    const { events, settings } = this.#watch.parts;
    for (const message of messages) {
      const snapshot = frame && (await snapshots.of(message, frame, settings.snapshots));
      if (message.type === 'end') snapshots.forget(message);
      if (snapshot) tell('snapshot', snapshot);
      tell('event', snapshot ? events.withSnapshot(message) : message);
    }
    for (const crossing of crossings) tell('crossing', crossing);
    for (const change of counts) tell('count', change);
  }

  /** The source has ended: emits what ends with it. */
  async finish(): Promise<void> {
    const { learning, tell } = this.#options;
    const { moving } = this.#watch.now;
    const meaning = this.#watch.finish();
    if (moving) tell('motion', false);
    await this.#tell(meaning);
    learning?.reset();
  }
}
