import type { CameraSettings } from '../config/schema.ts';
import type { Detections } from './detections.ts';
import { type Box, bottomCentre, iou, type Point, pointInPolygon } from './geometry.ts';
import { isDetected, type Track } from './track.ts';
import { lowThreshold, observationSeconds, surer } from './tracker.ts';

/**
 * What became of an object. `told`: an event. `at_rest`: an event, and it has not moved since. `outside_zones`: an event, but in
 * none of the camera's zones. The others were not told. `median_below`: its median score stayed below the threshold; `score_below`: so
 * did each score, and it was not followed; `too_brief`: it was seen too seldom; `mask`: it stood in a mask; `unwatched`: its label is
 * not watched.
 */
export type Fate =
  | 'told'
  | 'at_rest'
  | 'outside_zones'
  | 'median_below'
  | 'score_below'
  | 'too_brief'
  | 'mask'
  | 'unwatched';

/** An object of the last minutes. */
export interface ObjectFate {
  readonly label: string;
  readonly fate: Fate;
  /** The threshold of its label when it was last seen, 0..1. */
  readonly threshold: number;
  /** Its best score in one frame, 0..1. */
  readonly score: number;
  /** Its best median score, of enough observations, ten at most, 0..1; 0 where there were too few. */
  readonly median: number;
  /** The highest threshold with which it would have been told, about, 0..1; null: with none. */
  readonly toldUpTo: number | null;
  readonly observations: number;
  /** Where its score was best: `[x1, y1, x2, y2]`, fractions of the picture. */
  readonly box: Box;
  /** Seconds since it was last seen, and how long it was seen. */
  readonly ago: number;
  readonly lasted: number;
  /** Zones it was in. */
  readonly zones: readonly string[];
}

/** What the last minutes came to. */
export interface WhyReport {
  /** What it is about: the last so many seconds, 600 at most. */
  readonly seconds: number;
  /**
   * Frames that came, and those that the network looked at. The others were not looked at: `still`, nothing moved; `busy`, it
   * had other cameras' to do; `off`, detection is off.
   */
  readonly frames: {
    readonly in: number;
    readonly inferred: number;
    readonly still: number;
    readonly busy: number;
    readonly off: number;
  };
  /** The one that was seen last first. */
  readonly objects: readonly ObjectFate[];
}

/** What the network made of a frame, and what the settings say of it. */
export interface Judged {
  readonly width: number;
  readonly height: number;
  readonly captureTimeNs: number;
  readonly settings: Pick<CameraSettings, 'masks' | 'zones' | 'track'>;
  isWatched(label: string): boolean;
  threshold(label: string): number;
  /** Seconds between two inferences; 0 while unknown. */
  readonly pace: number;
}

/** Why a frame was not looked at, or that it was. */
export type Looked = 'inferred' | 'still' | 'busy' | 'off';

const lookedAt: readonly Looked[] = ['inferred', 'still', 'busy', 'off'];
const minuteNs = 60e9;
const minutes = 10;
const mostObjects = 128;
/** As the tracker's median. */
const memory = 10;
/** A lower score is noise, and is not worth a line. */
const worthTelling = 0.2;
/** So far from its last box, or so long after it, it is another object. */
const samePlace = 0.3;
const sameNs = 3e9;

interface Entry {
  label: string;
  /** Undefined while it is not followed. */
  trackId: number | undefined;
  why: 'mask' | 'unwatched' | undefined;
  confirmed: boolean;
  stationary: boolean;
  zones: readonly string[];
  hasZones: boolean;
  threshold: number;
  score: number;
  median: number;
  toldUpTo: number;
  observations: number;
  readonly recent: Float32Array;
  readonly box: [number, number, number, number];
  readonly best: [number, number, number, number];
  firstNs: number;
  lastNs: number;
}

/**
 * Remembers what became of each object of the last ten minutes, to tell why something was not told: at most 128 objects of some
 * 400 bytes, and nothing for each frame.
 *
 * @example
 * const { objects } = pipeline.why;
 * for (const { label, fate, median, threshold } of objects) console.log(label, fate, median, threshold);
 */
export class Fates {
  /** The oldest first. */
  #entries: Entry[] = [];
  /** Of each of the last minutes, as `lookedAt`. */
  readonly #frames = new Uint32Array(minutes * lookedAt.length);
  readonly #minuteOf = new Float64Array(minutes).fill(-1);
  readonly #scratch = new Float32Array(memory);
  #nowNs = 0;
  #begunNs = Number.NaN;
  /** Times of a source that is opened again may begin anew. */
  #shiftNs = 0;

  /** A frame came. */
  count(what: Looked, captureTimeNs: number): void {
    const minute = Math.floor(this.#pass(captureTimeNs) / minuteNs);
    const slot = minute % minutes;
    const base = slot * lookedAt.length;
    if (this.#minuteOf[slot] !== minute) {
      this.#minuteOf[slot] = minute;
      this.#frames.fill(0, base, base + lookedAt.length);
    }
    this.#frames[base + lookedAt.indexOf(what)]!++;
  }

  /** @param found All that the network found, unwatched labels too. @param tracks What became of it, with their zones. */
  see(found: Detections, tracks: readonly Track[], judged: Judged): void {
    const nowNs = this.#pass(judged.captureTimeNs);
    for (const track of tracks) {
      if (isDetected(track)) this.#follow(track, judged, nowNs);
      else if (track.stationary) {
        const known = this.#entries.find(({ trackId }) => trackId === track.id);
        if (known) known.stationary = true;
      }
    }
    const { xyxy, score, classId, labels } = found;
    for (let row = 0; row < score.length; row++) {
      if (score[row]! < worthTelling) continue;
      const at = row * 4;
      const box: Box = [xyxy[at]!, xyxy[at + 1]!, xyxy[at + 2]!, xyxy[at + 3]!];
      if (!isFollowed(box, tracks)) this.#note(labels[classId[row]!]!, box, score[row]!, judged, nowNs);
    }
  }

  get report(): WhyReport {
    const now = Math.floor(this.#nowNs / minuteNs);
    const totals = [0, 0, 0, 0];
    for (let slot = 0; slot < minutes; slot++) {
      if (this.#minuteOf[slot]! <= now - minutes || this.#minuteOf[slot]! < 0) continue;
      for (let i = 0; i < lookedAt.length; i++) totals[i]! += this.#frames[slot * lookedAt.length + i]!;
    }
    const [inferred = 0, still = 0, busy = 0, off = 0] = totals;
    this.#forget();
    const seconds = Number.isNaN(this.#begunNs) ? 0 : (this.#nowNs - this.#begunNs) / 1e9;
    return {
      seconds: Math.round(Math.min(minutes * 60, seconds)),
      frames: { in: inferred + still + busy + off, inferred, still, busy, off },
      objects: this.#entries
        .filter(({ observations, trackId }) => observations > 1 || trackId !== undefined)
        .sort((a, b) => b.lastNs - a.lastNs || b.firstNs - a.firstNs)
        .map((entry) => this.#told(entry)),
    };
  }

  #told(entry: Entry): ObjectFate {
    const { label, why, threshold, score, median, toldUpTo, observations, best, firstNs, lastNs, zones } = entry;
    const [x1, y1, x2, y2] = best;
    return {
      ...{ label, fate: fateOf(entry), threshold, observations, zones },
      score: rounded(score),
      median: rounded(median),
      toldUpTo: why !== undefined || toldUpTo < lowThreshold ? null : rounded(toldUpTo),
      box: [rounded(x1), rounded(y1), rounded(x2), rounded(y2)],
      ago: Math.round((this.#nowNs - lastNs) / 1e8) / 10,
      lasted: Math.round((lastNs - firstNs) / 1e8) / 10,
    };
  }

  #follow(track: Track, judged: Judged, nowNs: number): void {
    const { id, label, box, score, medianScore, observations } = track;
    let entry = this.#entries.find(({ trackId }) => trackId === id);
    if (!entry) {
      // Its first, low scores were noted before it was followed.
      entry = this.#near(label, box, nowNs, (one) => one.trackId === undefined && one.why === undefined);
      entry ??= this.#begin(label, nowNs);
      entry.trackId = id;
    }
    this.#observe(entry, box, score, judged, nowNs);
    entry.label = label;
    judge(entry, observations, medianScore, judged);
    entry.confirmed ||= track.confirmed;
    entry.stationary = track.stationary;
    if (track.enteredZones.length > 0) entry.zones = track.enteredZones;
  }

  #note(label: string, box: Box, score: number, judged: Judged, nowNs: number): void {
    const why = !judged.isWatched(label) ? 'unwatched' : isMasked(box, judged) ? 'mask' : undefined;
    const entry = this.#near(label, box, nowNs, (one) => one.why === why) ?? this.#begin(label, nowNs);
    entry.why = why;
    this.#observe(entry, box, score, judged, nowNs);
    judge(entry, entry.observations, this.#median(entry), judged);
  }

  #observe(entry: Entry, [x1, y1, x2, y2]: Box, score: number, judged: Judged, nowNs: number): void {
    const { width, height, settings } = judged;
    entry.recent[entry.observations % memory] = score;
    entry.observations++;
    entry.lastNs = nowNs;
    entry.threshold = judged.threshold(entry.label);
    entry.hasZones = hasAny(settings.zones);
    put(entry.box, x1, y1, x2, y2);
    if (score <= entry.score) return;
    entry.score = score;
    put(entry.best, x1 / width, y1 / height, x2 / width, y2 / height);
  }

  #median({ recent, observations }: Entry): number {
    const count = Math.min(observations, memory);
    this.#scratch.set(recent);
    const sorted = this.#scratch.subarray(0, count).sort();
    return (sorted[(count - 1) >> 1]! + sorted[count >> 1]!) / 2;
  }

  #near(label: string, box: Box, nowNs: number, fits: (entry: Entry) => boolean): Entry | undefined {
    for (let i = this.#entries.length - 1; i >= 0; i--) {
      const entry = this.#entries[i]!;
      if (nowNs - entry.lastNs > sameNs || entry.label !== label || !fits(entry)) continue;
      if (iou(entry.box, box) >= samePlace) return entry;
    }
    return undefined;
  }

  #begin(label: string, nowNs: number): Entry {
    this.#forget();
    const entry: Entry = {
      ...{ label, trackId: undefined, why: undefined, confirmed: false, stationary: false, zones: [], hasZones: false },
      ...{ threshold: 0, score: 0, median: 0, toldUpTo: 0, observations: 0, firstNs: nowNs, lastNs: nowNs },
      ...{ recent: new Float32Array(memory), box: [0, 0, 0, 0], best: [0, 0, 0, 0] },
    };
    this.#entries.push(entry);
    if (this.#entries.length > mostObjects) this.#entries.shift();
    return entry;
  }

  #forget(): void {
    const sinceNs = this.#nowNs - minutes * minuteNs;
    if (this.#entries.some(({ lastNs }) => lastNs < sinceNs))
      this.#entries = this.#entries.filter(({ lastNs }) => lastNs >= sinceNs);
  }

  #pass(captureTimeNs: number): number {
    if (captureTimeNs + this.#shiftNs < this.#nowNs) this.#shiftNs = this.#nowNs - captureTimeNs;
    this.#nowNs = captureTimeNs + this.#shiftNs;
    if (Number.isNaN(this.#begunNs)) this.#begunNs = this.#nowNs;
    return this.#nowNs;
  }
}

function fateOf({ why, confirmed, stationary, zones, hasZones, trackId, toldUpTo }: Entry): Fate {
  if (why) return why;
  if (confirmed) return hasZones && zones.length === 0 ? 'outside_zones' : stationary ? 'at_rest' : 'told';
  if (toldUpTo === 0) return 'too_brief';
  return trackId === undefined ? 'score_below' : 'median_below';
}

/** A median of too few says nothing. */
function judge(entry: Entry, observations: number, median: number, judged: Judged): void {
  const upTo = sureUpTo(observations, median, judged);
  if (upTo <= 0) return;
  entry.median = Math.max(entry.median, median);
  entry.toldUpTo = Math.max(entry.toldUpTo, upTo);
}

/** The highest threshold at which the tracker is sure of it, as its `#isSure`; 0: it was seen too seldom. */
function sureUpTo(observations: number, median: number, { settings, pace }: Judged): number {
  const { confirm } = settings.track;
  const others = pace === 0 ? confirm : Math.floor(((confirm - 1) * observationSeconds) / pace);
  if (observations < Math.min(confirm, 1 + others)) return 0;
  const missing = surer * Math.max(0, 1 - observations / confirm);
  return Math.max(0, (median - missing) / (1 - missing));
}

function isFollowed(box: Box, tracks: readonly Track[]): boolean {
  for (const track of tracks) if (isDetected(track) && iou(track.box, box) >= samePlace) return true;
  return false;
}

function isMasked(box: Box, { settings, width, height }: Judged): boolean {
  if (settings.masks.length === 0) return false;
  const [x, y] = bottomCentre(box);
  const at: Point = [x / width, Math.min(y, height - 1) / height];
  return settings.masks.some((mask) => pointInPolygon(at, mask));
}

function hasAny(map: object): boolean {
  for (const _ in map) return true;
  return false;
}

function put(box: [number, number, number, number], x1: number, y1: number, x2: number, y2: number): void {
  box[0] = x1;
  box[1] = y1;
  box[2] = x2;
  box[3] = y2;
}

const rounded = (value: number) => Math.round(value * 1000) / 1000;
