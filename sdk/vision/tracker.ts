import { bestPairs, type Candidate } from './assignment.ts';
import type { Detection, Detections } from './detections.ts';
import { area, type Box, covered, grown, iou } from './geometry.ts';
import { Living, samePlace } from './living.ts';
import { clearly, memory } from './names.ts';
import { Pace } from './pace.ts';
import { type Sighting, sightingsOf } from './sighting.ts';
import type { Track } from './track.ts';

export interface TrackerOptions {
  /** Observations before a track can be confirmed, at four looks a second or more; fewer when looks are rarer. */
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

export const knobs: Record<string, number> = {
  high: 0.2,
  low: 0.4,
  grow: 0.5,
  grownLeast: 0.1,
  firstLook: 2.5,
  firstSpeed: 5,
  reachLook: 0.4,
  speedShare: 1.3,
  slack: 1.5,
  sizeRatio: 1.7,
  alone: 1.5,
  late: 0,
  young: 0,
};

/** A track may begin with a little less than its label's threshold; the median decides. */
const beginShare = 0.8;
/** Tentative tracks that are out of sight for so long, and at so many looks, were nothing. */
const tentativeSeconds = 0.6;
const tentativeLooks = 2;
/** Confirmed ones are lost after `lostSeconds`, and after so many looks in vain: where looks are rare, one miss is no departure. */
const lostLooks = 3;
/** A step of more than so many usual ones is a gap. */
const gap = 1.5;
/** What an observation stands for, seconds: where a look comes less often, fewer of them are demanded. */
const observationSeconds = 0.25;
/** How much surer it has to be where fewer are: this share of what is left to 1, times the share of observations that are missing. */
const surer = 0.75;
/** A pair under another name than the track's is worth so much less. */
const otherName = 0.5;
export class Tracker {
  #options: TrackerOptions;
  #living: Living[] = [];
  #nextId = 1;
  #timeNs: number | undefined;
  #ended: Track[] = [];
  readonly #pace = new Pace();

  constructor(options: TrackerOptions) {
    this.#options = options;
  }

  /** Other thresholds and times from now on; the tracks stay. */
  configure(options: TrackerOptions): void {
    this.#options = options;
  }

  update(
    detections: Detections,
    captureTimeNs: number,
    disturbed?: (box: Box) => boolean,
  ): readonly Track[] {
    const seconds = this.#timeNs === undefined ? 0 : Math.max(0, captureTimeNs - this.#timeNs) / 1e9;
    if (this.#timeNs !== undefined && this.#living.some((track) => !track.stationary)) this.#pace.add(seconds);
    this.#timeNs = captureTimeNs;
    // Nobody looked for so long: who is seen now is somebody else, but for what rests.
    if (seconds > Math.max(this.#options.lostSeconds, gap * this.#pace.seconds)) this.#end((track) => !track.stationary);
    for (const track of this.#living) track.predict(seconds);
    // In an order of their own, so that it does not matter in which the network found them.
    const found = [...detections].filter(({ score }) => score >= lowThreshold).sort(bySureness);
    const sightings = sightingsOf(found);
    const sure: Sighting[] = [];
    const unsure: Sighting[] = [];
    for (const sighting of sightings) {
      const begins = sighting.names.some(({ label, score }) => score >= this.#beginAt(label));
      (begins ? sure : unsure).push(sighting);
    }
    let tracks = this.#living;
    let open: Sighting[];
    [tracks, open] = this.#pair(tracks, sure, captureTimeNs, (track, { box }) => {
      const shared = iou(track.predicted, box);
      return shared >= knobs.high! ? shared : 0;
    });
    [tracks] = this.#pair(tracks, unsure, captureTimeNs, (track, { box }) => {
      const shared = iou(track.predicted, box);
      return shared >= knobs.low! ? shared : 0;
    });
    // Fast things at a low frame rate, and things that come back from behind another: near is enough.
    [tracks, open] = this.#pair(tracks, open, captureTimeNs, (track, { box }) => {
      const wide = grown(box, knobs.grow!);
      const shared = Math.max(iou(grown(track.predicted, knobs.grow!), wide), iou(grown(track.box, knobs.grow!), wide));
      return shared >= knobs.grownLeast! ? shared : 0;
    });
    open = this.#leap(tracks, open, captureTimeNs);
    for (const sighting of open) this.#living.push(new Living(this.#nextId++, sighting, captureTimeNs));
    for (const track of this.#living) {
      this.#rename(track, captureTimeNs);
      this.#confirm(track);
    }
    this.#bury(captureTimeNs, seconds, disturbed);
    return this.tracks;
  }

  /** Ends all tracks: the source is over or another one. The next track has the next number all the same. */
  finish(): void {
    this.#end(() => true);
    this.#timeNs = undefined;
    this.#pace.reset();
  }

  /** All tracks after the last update. */
  get tracks(): readonly Track[] {
    return this.#living.map((track) => track.snapshot());
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

  #end(isOver: (track: Living) => boolean): void {
    this.#living = this.#living.filter((track) => {
      if (!isOver(track)) return true;
      this.#ended.push(track.snapshot());
      return false;
    });
  }

  /** Pairs what is worth most together; returns the tracks and sightings that stay alone. */
  #pair(
    tracks: Living[],
    sightings: Sighting[],
    timeNs: number,
    worthOf: (track: Living, sighting: Sighting) => number,
  ): [Living[], Sighting[]] {
    if (tracks.length === 0 || sightings.length === 0) return [tracks, sightings];
    const candidates: Candidate[] = [];
    tracks.forEach((track, row) => {
      sightings.forEach((sighting, column) => {
        const same = sighting.names.some(({ classId }) => track.names.has(classId));
        let worth = worthOf(track, sighting);
        if (worth <= 0) return;
        if (!same) {
          if (iou(track.predicted, sighting.box) < samePlace) return;
          worth = Math.max(1e-3, worth - otherName);
        }
        worth -= knobs.late! * Math.min(1, (timeNs - track.lastSeenNs) / 1e9) + (track.confirmed ? 0 : knobs.young!);
        if (worth > 0) candidates.push({ row, column, worth });
      });
    });
    const takenRows = new Set<number>();
    const takenColumns = new Set<number>();
    for (const { row, column } of bestPairs(candidates, tracks.length, sightings.length)) {
      takenRows.add(row);
      takenColumns.add(column);
      tracks[row]!.observe(sightings[column]!, timeNs, this.#options.stationarySeconds);
    }
    return [tracks.filter((_, row) => !takenRows.has(row)), sightings.filter((_, column) => !takenColumns.has(column))];
  }

  /** Pairs what is far apart but alone: no other track or sighting of that name is about as near. */
  #leap(tracks: Living[], sightings: Sighting[], timeNs: number): Sighting[] {
    const leaps: { track: Living; sighting: Sighting; distance: number }[] = [];
    for (const track of tracks) {
      if (track.stationary) continue;
      const unseen = (timeNs - track.lastSeenNs) / 1e9;
      for (const sighting of sightings) {
        if (!sighting.names.some(({ classId }) => track.names.has(classId))) continue;
        const size = sizeOf(track.box);
        const ratio = size / sizeOf(sighting.box);
        if (ratio > knobs.sizeRatio! || ratio < 1 / knobs.sizeRatio!) continue;
        const distance = Math.min(apart(track.predicted, sighting.box), apart(track.box, sighting.box));
        // Nobody knows yet how fast a thing is that was seen once.
        const reach =
          track.observations === 1
            ? size * Math.max(knobs.firstLook!, knobs.firstSpeed! * unseen)
            : size * knobs.reachLook! + (knobs.speedShare! * track.speed + knobs.slack! * size) * unseen;
        leaps.push({ track, sighting, distance: distance / reach });
      }
    }
    leaps.sort((a, b) => a.distance - b.distance);
    const taken = new Set<Living | Sighting>();
    for (const leap of leaps) {
      if (leap.distance > 1) break;
      const { track, sighting } = leap;
      if (taken.has(track) || taken.has(sighting)) continue;
      const rival = leaps.find((o) => o !== leap && (o.track === track || o.sighting === sighting) && !taken.has(o.track) && !taken.has(o.sighting) && o.distance < leap.distance * knobs.alone!);
      if (rival) continue;
      taken.add(track);
      taken.add(sighting);
      const { box } = track;
      const since = (timeNs - track.lastSeenNs) / 1e9;
      track.observe(sighting, timeNs, this.#options.stationarySeconds);
      if (since > 0) track.filter.leap(box, sighting.box, since);
    }
    return sightings.filter((sighting) => !taken.has(sighting));
  }

  #rename(track: Living, timeNs: number): void {
    if (!track.confirmed || !track.visible || !track.names.isOver) return;
    this.#ended.push({ ...track.snapshot(), visible: false });
    track.rename(this.#nextId++, timeNs);
  }

  #confirm(track: Living): void {
    if (track.confirmed || !track.visible || !this.#isSure(track)) return;
    const { names, observations } = track;
    // While the network wavers between names, wait. Of a thing that goes on looking like two, the surer one is told.
    const isYoung = observations < memory;
    if (isYoung && names.lead < clearly) return;
    track.confirmed = !this.#living.some(
      (other) =>
        other.names.classId !== names.classId &&
        other.names.medianScore + (isYoung || other.confirmed ? clearly : 0) > names.medianScore &&
        iou(other.filter.box, track.filter.box) >= samePlace,
    );
  }

  #isSure({ names, observations }: Living): boolean {
    const { confirm, threshold } = this.#options;
    const demanded = Math.min(confirm, 1 + Math.floor(((confirm - 1) * observationSeconds) / (this.#pace.seconds || 1e-9)));
    if (observations < demanded) return false;
    const least = threshold(names.label);
    const missing = Math.max(0, 1 - observations / confirm);
    return names.medianScore >= least + (1 - least) * surer * missing;
  }

  #bury(timeNs: number, seconds: number, disturbed?: (box: Box) => boolean): void {
    const seen = this.#living.filter((track) => track.visible);
    this.#end((track) => !track.visible && !this.#mayComeBack(track, seen, timeNs, seconds, disturbed));
  }

  #mayComeBack(track: Living, seen: readonly Living[], timeNs: number, seconds: number, disturbed?: (box: Box) => boolean): boolean {
    const { lostSeconds } = this.#options;
    track.misses++;
    const unseen = (timeNs - track.lastSeenNs) / 1e9;
    if (!track.confirmed) return unseen <= tentativeSeconds || track.misses < tentativeLooks;
    if (!track.stationary) return unseen <= lostSeconds || track.misses < lostLooks;
    const stirs = disturbed?.(track.box) ?? false;
    track.disturbed ||= stirs || !disturbed;
    const hidden = Math.max(0, ...seen.map((other) => covered(track.box, other.box)));
    // A step without looks is no evidence: it speaks for a part of what it takes at most.
    return track.missed(Math.min(seconds, lostSeconds / 2), stirs, hidden, lostSeconds);
  }
}

/** The side of a square of its area, pixels. */
function sizeOf(box: Box): number {
  return Math.sqrt(Math.max(1, area(box)));
}

/** Between the centres of two boxes. */
function apart(a: Box, b: Box): number {
  return Math.hypot(a[0] + a[2] - b[0] - b[2], a[1] + a[3] - b[1] - b[3]) / 2;
}

/** Best first; the rest of the order only makes it one. */
function bySureness(a: Detection, b: Detection): number {
  const byBox = a.box.map((value, i) => value - b.box[i]!).find((difference) => difference !== 0) ?? 0;
  return b.score - a.score || a.classId - b.classId || byBox;
}
