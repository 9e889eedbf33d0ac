import { assign } from './assignment.ts';
import { BoxFilter } from './box-filter.ts';
import type { Detection, Detections } from './detections.ts';
import { type Box, covered, grown, iou } from './geometry.ts';
import type { Track } from './track.ts';
import { assertLook, assertTrackerOptions } from './tracker-options.ts';

export interface TrackerOptions {
  /** Observations before a track can be confirmed. */
  confirm: number;
  /** Seconds out of sight before a confirmed track ends. */
  lostSeconds: number;
  /** Seconds in one place before a track is stationary. */
  stationarySeconds: number;
  /** The least median score of a label's tracks, 0..1. */
  threshold(label: string): number;
}

/** Scores from here on keep a track alive; less is noise. */
export const lowThreshold = 0.15;

/** A track may begin with a little less than its label's threshold; the median decides. */
const beginShare = 0.8;
/** Least overlap of a track's predicted box and a detection: at first sight, for a low score, and grown. */
const overlap = { high: 0.2, low: 0.4, grown: 0.1 };
const growth = 0.5;
/** Scores the median is taken over. */
const memory = 10;
/** Tentative tracks that are out of sight for so long were nothing. */
const tentativeSeconds = 0.6;
/** Two boxes that overlap so much are in the same place: a thing that did not move, or one thing under two names. */
const samePlace = 0.6;
/** One name for a thing is clearly surer than another by so much. */
const clearly = 0.1;
/** Observations away from its place, in a row, that take an object out of its rest: a box may jump once. */
const departure = 3;
/** An object at rest that nobody disturbed stays for so many times `lostSeconds`: the network blinks, cars do not. */
const restFactor = 30;
/** Who covers so much of an object at rest hides it. */
const hiding = 0.1;

interface Living {
  readonly id: number;
  readonly classId: number;
  readonly label: string;
  readonly filter: BoxFilter;
  readonly firstSeenNs: number;
  scores: number[];
  box: Box;
  score: number;
  medianScore: number;
  confirmed: boolean;
  visible: boolean;
  observations: number;
  lastSeenNs: number;
  anchor: Box;
  anchoredNs: number;
  stationary: boolean;
  motionlessCount: number;
  positionChanges: number;
  /** Observations in a row away from where it rests. */
  away: number;
  /** Something moved where it was since it was last seen. */
  disturbed: boolean;
  /** When another object was last seen in front of it, ns. */
  hiddenNs: number;
}

/**
 * Follows objects over frames (after ByteTrack, Zhang et al. 2022): detections are paired with predicted boxes, sure
 * ones first, then unsure ones with the tracks that are left, which carries objects through bad frames. Times are real:
 * frames may come at any rate and with gaps.
 *
 * A track is *confirmed* once the median of its last scores reaches its label's threshold, so one bad frame makes no
 * object, and only as the surest of those in its place, so one thing that the network gives two names is not two. An
 * object at rest is not lost while nothing moves where it stands, nor while another stands in front of it.
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

  constructor(options: TrackerOptions) {
    assertTrackerOptions(options);
    this.#options = options;
  }

  /** Other thresholds and times from now on; the tracks stay. */
  configure(options: TrackerOptions): void {
    assertTrackerOptions(options);
    this.#options = options;
  }

  /**
   * Takes in what the network saw.
   *
   * @param detections With scores down to `lowThreshold`, which keep tracks alive.
   * @param captureTimeNs Of the frame; not before the last one's.
   * @param disturbed Did something move in this box since the last call? Default: everywhere.
   * @returns All tracks, those out of sight too.
   */
  update(
    detections: Detections,
    captureTimeNs: number,
    disturbed: (box: Box) => boolean = () => true,
  ): readonly Track[] {
    assertLook(detections, captureTimeNs);
    const seconds = this.#timeNs === undefined ? 0 : Math.max(0, captureTimeNs - this.#timeNs) / 1e9;
    this.#timeNs = captureTimeNs;
    for (const track of this.#living) {
      // What rests, and is out of sight, is where it was.
      if (track.stationary && !track.visible) track.filter.stop();
      track.filter.predict(seconds);
      track.visible = false;
      track.disturbed ||= disturbed(track.box);
    }
    const sure: Detection[] = [];
    const unsure: Detection[] = [];
    // In an order of their own, so that it does not matter in which the network found them.
    for (const detection of [...detections].sort(bySureness)) {
      if (detection.score >= this.#beginAt(detection.label)) sure.push(detection);
      else if (detection.score >= lowThreshold) unsure.push(detection);
    }
    let tracks = this.#living;
    let open: Detection[];
    [tracks, open] = this.#pair(tracks, sure, captureTimeNs, overlap.high, (box) => box);
    [tracks] = this.#pair(tracks, unsure, captureTimeNs, overlap.low, (box) => box);
    // Fast things at a low frame rate, and things that come back from behind another: near is enough.
    [, open] = this.#pair(tracks, open, captureTimeNs, overlap.grown, (box) => grown(box, growth));
    for (const detection of open) this.#begin(detection, captureTimeNs);
    for (const track of this.#living) this.#confirm(track);
    this.#bury(captureTimeNs);
    return this.tracks;
  }

  /** Ends all tracks: the source is over or another one. The next track has the next number all the same. */
  finish(): void {
    this.#ended.push(...this.#living.map(snapshot));
    this.#living = [];
    this.#timeNs = undefined;
  }

  /** All tracks after the last update. */
  get tracks(): readonly Track[] {
    return this.#living.map(snapshot);
  }

  /** Tracks that ended since the last call, each once. */
  takeEnded(): Track[] {
    const ended = this.#ended;
    this.#ended = [];
    return ended;
  }

  #beginAt(label: string): number {
    return Math.max(lowThreshold, this.#options.threshold(label) * beginShare);
  }

  /** Pairs by overlap; returns the tracks and detections that stay alone. */
  #pair(
    tracks: Living[],
    detections: Detection[],
    timeNs: number,
    least: number,
    shape: (box: Box) => Box,
  ): [Living[], Detection[]] {
    if (tracks.length === 0 || detections.length === 0) return [tracks, detections];
    const costs = new Float64Array(tracks.length * detections.length);
    const predicted = tracks.map(({ filter }) => shape(filter.box));
    const seen = detections.map(({ box }) => shape(box));
    for (let t = 0; t < tracks.length; t++) {
      for (let d = 0; d < detections.length; d++) {
        const same = tracks[t]!.classId === detections[d]!.classId;
        const shared = same ? iou(predicted[t]!, seen[d]!) : 0;
        // A pair that may not be costs more than any that may, so it is made only where nothing else is left.
        costs[t * detections.length + d] = shared >= least ? 1 - shared : 1e3;
      }
    }
    const columnOf = assign(costs, tracks.length, detections.length);
    const taken = new Set<number>();
    const alone = tracks.filter((track, t) => {
      const d = columnOf[t]!;
      if (d < 0 || costs[t * detections.length + d]! >= 1e3) return true;
      taken.add(d);
      this.#observe(track, detections[d]!, timeNs);
      return false;
    });
    return [alone, detections.filter((_, d) => !taken.has(d))];
  }

  #begin({ box, score, classId, label }: Detection, timeNs: number): void {
    this.#living.push({
      id: this.#nextId++,
      classId,
      label,
      filter: new BoxFilter(box),
      firstSeenNs: timeNs,
      scores: [score],
      box,
      score,
      medianScore: score,
      confirmed: false,
      visible: true,
      observations: 1,
      lastSeenNs: timeNs,
      anchor: box,
      anchoredNs: timeNs,
      stationary: false,
      motionlessCount: 0,
      positionChanges: 0,
      away: 0,
      disturbed: false,
      hiddenNs: timeNs,
    });
  }

  #observe(track: Living, { box, score }: Detection, timeNs: number): void {
    track.filter.correct(box);
    track.box = box;
    track.score = score;
    track.scores.push(score);
    if (track.scores.length > memory) track.scores.shift();
    track.medianScore = median(track.scores);
    track.observations++;
    track.visible = true;
    track.lastSeenNs = timeNs;
    track.disturbed = false;
    // The filtered box, since a detection's edges tremble.
    if (iou(track.filter.box, track.anchor) >= samePlace) {
      track.away = 0;
      track.motionlessCount++;
      if (timeNs - track.anchoredNs >= this.#options.stationarySeconds * 1e9) track.stationary = true;
      return;
    }
    if (track.stationary && ++track.away < departure) return;
    if (track.stationary) track.positionChanges++;
    track.stationary = false;
    track.away = 0;
    track.motionlessCount = 0;
    track.anchor = track.filter.box;
    track.anchoredNs = timeNs;
  }

  #confirm(track: Living): void {
    const { confirm, threshold } = this.#options;
    if (track.confirmed || !track.visible || track.observations < confirm) return;
    if (track.medianScore < threshold(track.label)) return;
    // While the network wavers between names, wait. Of a thing that goes on looking like two, the surer one is told.
    const isYoung = track.observations < memory;
    track.confirmed = !this.#living.some(
      (other) =>
        other.classId !== track.classId &&
        other.medianScore + (isYoung || other.confirmed ? clearly : 0) > track.medianScore &&
        iou(other.filter.box, track.filter.box) >= samePlace,
    );
  }

  #bury(timeNs: number): void {
    const seen = this.#living.filter((track) => track.visible);
    this.#living = this.#living.filter((track) => {
      if (track.visible || this.#mayComeBack(track, seen, timeNs)) return true;
      this.#ended.push(snapshot(track));
      return false;
    });
  }

  #mayComeBack(track: Living, seen: readonly Living[], timeNs: number): boolean {
    const { lostSeconds } = this.#options;
    const unseen = (timeNs - track.lastSeenNs) / 1e9;
    if (!track.confirmed) return unseen <= Math.min(tentativeSeconds, lostSeconds);
    if (!track.stationary) return unseen <= lostSeconds;
    if (seen.some((other) => covered(track.box, other.box) >= hiding)) track.hiddenNs = timeNs;
    const missing = track.disturbed ? (timeNs - Math.max(track.lastSeenNs, track.hiddenNs)) / 1e9 : 0;
    return missing <= lostSeconds && unseen <= lostSeconds * restFactor;
  }
}

function snapshot(track: Living): Track {
  const { filter, visible, box } = track;
  return {
    id: track.id,
    classId: track.classId,
    label: track.label,
    box: visible || track.stationary ? box : filter.box,
    score: track.score,
    medianScore: track.medianScore,
    confirmed: track.confirmed,
    visible,
    observations: track.observations,
    firstSeenNs: track.firstSeenNs,
    lastSeenNs: track.lastSeenNs,
    stationary: track.stationary,
    motionlessCount: track.motionlessCount,
    positionChanges: track.positionChanges,
    currentZones: none,
    enteredZones: none,
  };
}

const none: readonly string[] = [];

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Best first; the rest of the order only makes it one. */
function bySureness(a: Detection, b: Detection): number {
  const byBox = a.box.map((value, i) => value - b.box[i]!).find((difference) => difference !== 0) ?? 0;
  return b.score - a.score || a.classId - b.classId || byBox;
}
