import { Appearance } from './appearance.ts';
import { bestPairs } from './assignment.ts';
import type { Detection, Detections } from './detections.ts';
import { type Box, covered, iou } from './geometry.ts';
import { leapsOf } from './leaps.ts';
import { Living } from './living.ts';
import { clearly, memory } from './names.ts';
import { Pace } from './pace.ts';
import { type Found, type Sighting, sightingsOf } from './sighting.ts';
import type { Signature } from './signature.ts';
import { samePlace } from './standing.ts';
import { viewShift } from './steady.ts';
import { isDetected, type Track } from './track.ts';
import { assertTrackerOptions, assertUpdate } from './tracker-options.ts';
import { candidatesOf, clearWorth, faintWorth, nearWorth, type Worth } from './worth.ts';

/** When a tracker believes that something is there, rests, or is gone. */
export interface TrackerOptions {
  /**
   * Observations before a track can be confirmed, at four inferences a second or more; fewer, with higher scores, at
   * lower rates.
   */
  confirm: number;
  /** Seconds out of sight before a confirmed track ends; at least three inferences. */
  lostSeconds: number;
  /** Seconds in one place before a track is stationary. */
  stationarySeconds: number;
  /** Minimum median score of a label's tracks, 0..1. */
  threshold(label: string): number;
}

/** The picture that the detections are from. */
export interface View {
  /** Pixels: objects that leave it are gone, and boxes are clipped to it. */
  readonly width: number;
  readonly height: number;
  /** Returns the signature of a box in frame pixels; called only where boxes are ambiguous. Default: unknown. */
  readonly signature?: (box: Box) => Signature;
  /**
   * Returns whether the network looked at this box, closely enough to find what is in it. A track elsewhere that was not
   * found is not missed. Default: at all of the picture.
   *
   * @param box Where a track is expected. @param last Its box when it was last detected.
   */
  readonly looked?: (box: Box, last: Box) => boolean;
}

/** Minimum score that keeps a track alive; lower ones are noise. */
export const lowThreshold = 0.15;

/** A track may start a little below its label's threshold; the median decides. */
const beginShare = 0.8;
/** Seconds that one observation stands for: at lower rates fewer are required. */
export const observationSeconds = 0.25;
/**
 * How much higher their scores must then be: this fraction of the distance to 1, times the fraction of observations
 * missing.
 */
export const surer = 0.75;
/** Tentative tracks out of sight for this long, and for this many inferences, are dropped. */
const tentative = { seconds: 0.6, inferences: 2 };
/** Misses before a confirmed track is lost: at low rates, one miss is not a departure. */
const lostInferences = 3;
/** A step of more than this many times the longest recent one is a gap. */
const gap = 1.5;
/**
 * Seconds in one place before a gap for an object there after it to be the same one: walkers leave their place in half
 * of that.
 */
const standing = 1;
/** A moving object out of sight whose predicted box has less than this fraction within the picture has left. */
const within = 0.4;

/**
 * Follows objects over frames: detections are paired with predicted boxes for the largest total worth, sure ones first,
 * then unsure ones with the remaining tracks (after ByteTrack, Zhang et al. 2022), then what is merely near, then what
 * is far but isolated. Times are real: frames may come at any rate and with gaps.
 *
 * A track is *confirmed* once the median of its last scores reaches its label's threshold, so one bad frame makes no
 * object, and only as the surest of those in its place. An object with two names from the network is one track. An
 * object at rest is not lost while nothing moves in its place, nor while another is in front of it. Camera shake does
 * not count as motion.
 *
 * @example
 * const tracker = new Tracker({ confirm: 3, lostSeconds: 2, stationarySeconds: 5, threshold: () => 0.6 });
 * const tracks = tracker.update(await model.detect(frame, { scoreThreshold: lowThreshold }), frame.captureTimeNs);
 */
export class Tracker {
  #options: TrackerOptions;
  #living: Living[] = [];
  #nextId = 1;
  #timeNs: number | undefined;
  #ended: Track[] = [];
  readonly #pace = new Pace();
  #view: View | undefined;

  constructor(options: TrackerOptions) {
    assertTrackerOptions(options);
    this.#options = options;
  }

  /** Replaces thresholds and times; the tracks are kept. */
  configure(options: TrackerOptions): void {
    assertTrackerOptions(options);
    this.#options = options;
  }

  /**
   * Updates the tracks with the detections of one frame.
   *
   * @param detections With scores down to `lowThreshold`, which keep tracks alive.
   * @param captureTimeNs Of the frame; not before the last one's.
   * @param disturbed Returns whether something moved in this box since the last call. Default: unknown, as if
   * everywhere.
   * @param view The picture. Default: unknown; an object that leaves it is then treated as hidden.
   * @returns All tracks, also those out of sight.
   */
  update(
    detections: Detections,
    captureTimeNs: number,
    disturbed?: (box: Box) => boolean,
    view?: View,
  ): readonly Track[] {
    assertUpdate(detections, captureTimeNs);
    this.#view = view;
    this.#pass(captureTimeNs);
    const { sure, unsure } = this.#sort(detections);
    const [dx, dy] = viewShift(this.#living, sure);
    if (dx !== 0 || dy !== 0) for (const track of this.#living) track.shift(dx, dy);
    if (view) this.#end((track) => hasLeft(track, view));

    const appearance = view?.signature && new Appearance(view.signature, captureTimeNs);
    let tracks: readonly Living[] = this.#living;
    let open: readonly Sighting[];
    [tracks, open] = this.#pair(tracks, sure, captureTimeNs, clearWorth, appearance);
    [tracks] = this.#pair(tracks, unsure, captureTimeNs, faintWorth, appearance);
    [tracks, open] = this.#pair(tracks, open, captureTimeNs, nearWorth, appearance);
    open = this.#leap(tracks, open, captureTimeNs);
    for (const sighting of open) this.#living.push(new Living(this.#nextId++, sighting, captureTimeNs));
    if (view?.looked) this.#skip(view.looked, disturbed);
    appearance?.remember(this.#living, this.#pace.seconds);

    for (const track of this.#living) {
      if (!isDetected(track)) continue;
      track.judgeRest((box) => disturbed?.(box));
      if (track.confirmed) this.#rename(track, captureTimeNs);
      else this.#confirm(track);
    }
    this.#bury(captureTimeNs, disturbed);
    return this.tracks;
  }

  /** Ends all tracks, when the source ended or was replaced. Numbering continues. */
  finish(): void {
    this.#end(() => true);
    this.#timeNs = undefined;
    this.#pace.reset();
  }

  /** Seconds between two updates, lately; 0 while unknown. */
  get pace(): number {
    return this.#pace.seconds;
  }

  /** All tracks after the last update. */
  get tracks(): readonly Track[] {
    return this.#living.map((track) => track.snapshot(this.#cut));
  }

  /** Tracks that ended since the last call, each once. */
  takeEnded(): Track[] {
    const ended = this.#ended;
    this.#ended = [];
    return ended;
  }

  /** Predicts all tracks to a time. */
  #pass(timeNs: number): void {
    const isFirst = this.#timeNs === undefined;
    const seconds = isFirst ? 0 : Math.max(0, timeNs - this.#timeNs!) / 1e9;
    this.#timeNs = timeNs;
    if (isFirst) return;
    // After a gap this long, what is seen now is another object, except what stood still, in the very same place.
    const isGap = seconds > Math.max(this.#options.lostSeconds, gap * this.#pace.longest);
    // While everything rests, inferences may be as rare as `motion.keepalive`, which says nothing about the usual rate.
    if (this.#living.some((track) => !track.stationary)) this.#pace.add(seconds);
    if (isGap) this.#end((track) => !track.rests && !track.stoodStill(standing));
    for (const track of this.#living) {
      if (isGap && !track.rests) track.halt();
      track.predict(seconds);
    }
  }

  /** Those that were not looked at are not missed. */
  #skip(looked: (box: Box, last: Box) => boolean, disturbed: ((box: Box) => boolean) | undefined): void {
    for (const track of this.#living) {
      if (!track.visible && !looked(track.predicted, track.box))
        track.pass(track.rests ? disturbed?.(track.box) : false);
    }
  }

  #sort(detections: Detections): { sure: Sighting[]; unsure: Sighting[] } {
    // Sorted, so that the network's order does not matter.
    const found: Found[] = [];
    for (let row = 0; row < detections.length; row++) {
      if (detections.score[row]! >= lowThreshold) found.push({ ...detections.at(row), row });
    }
    found.sort(bySureness);
    const sure: Sighting[] = [];
    const unsure: Sighting[] = [];
    for (const sighting of sightingsOf(found)) {
      const begins = sighting.names.some(({ label, score }) => score >= this.#beginAt(label));
      (begins ? sure : unsure).push(sighting);
    }
    return { sure, unsure };
  }

  #beginAt(label: string): number {
    return Math.max(lowThreshold, this.#options.threshold(label) * beginShare);
  }

  /** Makes the pairs of largest total worth; returns the unpaired tracks and sightings. */
  #pair(
    tracks: readonly Living[],
    sightings: readonly Sighting[],
    timeNs: number,
    worthOf: Worth,
    appearance: Appearance | undefined,
  ): [readonly Living[], readonly Sighting[]] {
    if (tracks.length === 0 || sightings.length === 0) return [tracks, sightings];
    const candidates = candidatesOf(tracks, sightings, worthOf, timeNs);
    const judged = appearance ? appearance.judged(candidates, tracks, sightings) : candidates;
    const pairs = bestPairs(judged, tracks.length, sightings.length);
    const told = appearance ? appearance.exchanged(pairs, tracks, sightings, worthOf) : pairs;
    const pairedTracks = new Set<Living>();
    const pairedSightings = new Set<Sighting>();
    for (const { row, column } of told) {
      const track = tracks[row]!;
      const sighting = sightings[column]!;
      track.observe(sighting, timeNs, this.#options.stationarySeconds);
      pairedTracks.add(track);
      pairedSightings.add(sighting);
    }
    return [
      tracks.filter((track) => !pairedTracks.has(track)),
      sightings.filter((sighting) => !pairedSightings.has(sighting)),
    ];
  }

  /** @returns The unpaired sightings. */
  #leap(tracks: readonly Living[], sightings: readonly Sighting[], timeNs: number): readonly Sighting[] {
    const leaps = leapsOf(tracks, sightings, timeNs);
    for (const { track, sighting } of leaps) track.leap(sighting, timeNs, this.#options.stationarySeconds);
    const paired = new Set(leaps.map(({ sighting }) => sighting));
    return sightings.filter((sighting) => !paired.has(sighting));
  }

  /** A track reported under one name that turns out to be something else ends, and starts anew as that. */
  #rename(track: Living, timeNs: number): void {
    if (!track.names.isOver) return;
    this.#ended.push({ ...track.snapshot(this.#cut), visible: false, detection: undefined });
    track.rename(this.#nextId++, timeNs);
  }

  #confirm(track: Living): void {
    if (!this.#isSure(track)) return;
    const { names, observations } = track;
    // While the network wavers between names, wait. If it keeps wavering, the surer one is reported.
    const isYoung = observations < memory;
    if (isYoung && names.lead < clearly) return;
    track.confirmed = !this.#living.some(
      (other) =>
        other.names.classId !== names.classId &&
        other.names.medianScore + (isYoung || other.confirmed ? clearly : 0) > names.medianScore &&
        iou(other.filter.box, track.filter.box) >= samePlace,
    );
  }

  /** Whether it was seen often enough, with high enough scores. At low rates, a few clearly high scores are enough. */
  #isSure({ names }: Living): boolean {
    // By that name: a name seen once is not confirmed by observations of another.
    const { observations } = names;
    const { confirm, threshold } = this.#options;
    const pace = this.#pace.seconds;
    const others = pace === 0 ? confirm : Math.floor(((confirm - 1) * observationSeconds) / pace);
    if (observations < Math.min(confirm, 1 + others)) return false;
    const least = threshold(names.label);
    const missing = Math.max(0, 1 - observations / confirm);
    return names.medianScore >= least + (1 - least) * surer * missing;
  }

  #bury(timeNs: number, disturbed: ((box: Box) => boolean) | undefined): void {
    const seen = this.#living.filter((track) => track.visible);
    this.#end((track) => !track.visible && !track.stale && !this.#mayComeBack(track, seen, timeNs, disturbed));
  }

  #mayComeBack(
    track: Living,
    seen: readonly Living[],
    timeNs: number,
    disturbed: ((box: Box) => boolean) | undefined,
  ): boolean {
    const { lostSeconds } = this.#options;
    const seconds = track.miss(timeNs);
    const unseen = (timeNs - track.lastSeenNs) / 1e9;
    if (!track.confirmed) return unseen <= tentative.seconds || track.misses < tentative.inferences;
    if (!track.rests) return unseen <= lostSeconds || track.misses < lostInferences;
    const stirs = disturbed?.(track.box);
    const hidden = Math.max(0, ...seen.map((other) => covered(track.box, other.box)));
    // A time without inferences is not evidence of absence.
    return track.mayRestUnseen(Math.min(seconds, lostSeconds / 2), stirs, hidden, lostSeconds);
  }

  #end(isOver: (track: Living) => boolean): void {
    this.#living = this.#living.filter((track) => {
      if (!isOver(track)) return true;
      this.#ended.push({ ...track.snapshot(this.#cut), visible: false, detection: undefined });
      return false;
    });
  }

  /** Clips to the picture, if its size is known. */
  readonly #cut = (box: Box): Box => (this.#view ? cutTo(box, this.#view) : box);
}

function hasLeft({ rests, misses, predicted }: Living, { width, height }: View): boolean {
  return !rests && misses > 0 && covered(predicted, [0, 0, width, height]) < within;
}

function cutTo([x1, y1, x2, y2]: Box, { width, height }: View): Box {
  const left = Math.min(Math.max(x1, 0), width);
  const top = Math.min(Math.max(y1, 0), height);
  return [left, top, Math.max(left, Math.min(x2, width)), Math.max(top, Math.min(y2, height))];
}

/** Best first; the other criteria only make the order total. */
function bySureness(a: Detection, b: Detection): number {
  if (a.score !== b.score) return b.score - a.score;
  if (a.classId !== b.classId) return a.classId - b.classId;
  for (let i = 0; i < 4; i++) if (a.box[i] !== b.box[i]) return a.box[i]! - b.box[i]!;
  return 0;
}
