import { assertKind, assertShape } from '../base/arguments.ts';
import { CameraSettings, type LineSettings } from '../config/schema.ts';
import { validate } from '../config/validate.ts';
import { type Clearance, clearance } from './clearance.ts';
import { bottomCentre, type Point, segmentsCross, sideOf } from './geometry.ts';
import { type Moment, timeAt } from './moment.ts';
import { assertTracks, isDetected, type Track } from './track.ts';

/** An object crossed a line. */
export interface Crossing {
  line: string;
  label: string;
  /** `in`: from the left of the way `from` → `to` to its right. */
  direction: 'in' | 'out';
  /** Crossings of this line by this label in this direction so far. */
  total: number;
  trackId: number;
  /** When it was on the line, seconds since 1970: reported a little later, once it is certain. */
  time: number;
}

/**
 * The first and the last inference of a track have no neighbour: there, this many standard deviations of its jitter are
 * enough.
 */
const clearAtEnds = 2;
/** A step of this many across the line shows that it was on one side and then on the other, however near. */
const stepAtEnds = 4;

/** What `Lines` needs of a frame: its size in pixels and its time. A `Frame` will do. */
export type LineFrame = Moment & { readonly width: number; readonly height: number };

const frameShape = { width: 'finite', height: 'finite', captureTimeNs: 'finite', wallTimeMs: 'finite' } as const;

interface Place {
  readonly point: Point;
  /** From the line, pixels; positive: to its right. */
  readonly distance: number;
  readonly timeNs: number;
}

/** A line in a picture of one size, pixels. */
interface Drawn {
  readonly name: string;
  readonly from: Point;
  readonly to: Point;
  readonly length: number;
  /** Across it, length 1. */
  readonly normal: Point;
}

/** One track at one line. */
interface Passage {
  /** The side that it is on, or was on before it may have crossed. */
  isRight: boolean;
  /** Whether it was there for certain, and did not only begin near the line. */
  isCertain: boolean;
  /** Where it was last on that side. */
  here: Place;
  /** Where it was first on the other side after that; undefined if it was not. */
  there: Place | undefined;
  last: Place;
  inferences: number;
  clearance: Clearance;
}

/** What one track did. */
interface Story {
  readonly passages: Map<string, Passage>;
  /** Crossings of a tentative track: they count if it is confirmed. */
  untold: { readonly line: string; readonly direction: 'in' | 'out'; readonly captureTimeNs: number }[];
  track: Track;
}

/**
 * Counts objects that cross lines, by the middle of the lower edge of their boxes: one crossing when an object was on
 * one side for certain, is on the other for certain, and passed between the line's ends. How far from the line that is
 * follows from the jitter of its box, so objects that stand on a line or turn back on it are not counted. An object
 * last seen just behind a line is counted when its track ends; crossings of a tentative track count when it is
 * confirmed.
 *
 * @example
 * const tracker = new Tracker({ confirm: 3, lostSeconds: 2, stationarySeconds: 5, threshold: () => 0.6 });
 * const lines = new Lines({ gate: { from: [0.5, 0], to: [0.5, 1] } });
 * const frame = { width: 640, height: 480, captureTimeNs: timeNs, wallTimeMs: Date.now() };
 * const tracks = tracker.update(detections, timeNs);
 * for (const { line, direction, total } of lines.update(tracks, frame)) console.log(line, direction, total);
 */
export class Lines {
  #lines: readonly (readonly [name: string, LineSettings])[] = [];
  #drawn: readonly Drawn[] = [];
  #stories = new Map<number, Story>();
  #totals = new Map<string, number>();
  #frame: LineFrame = { width: 0, height: 0, captureTimeNs: 0, wallTimeMs: 0 };

  /**
   * @param lines By name, in fractions of the picture. Default: none.
   * @throws InputError naming the wrong field.
   */
  constructor(lines: Readonly<Record<string, LineSettings>> = {}) {
    assertKind('Lines', lines, 'object', 'lines by name');
    this.configure(validate(CameraSettings.properties.lines, lines, 'lines'));
  }

  /** Replaces the lines, as settings have them; totals continue for lines that keep their name. @throws InputError naming the wrong field. */
  configure(lines: Readonly<Record<string, LineSettings>>): void {
    assertKind('Lines.configure', lines, 'object', 'lines by name');
    for (const [name, line] of Object.entries(lines))
      assertShape(`Lines.configure: ${name}`, line, { from: 'list', to: 'list' }, 'a line');
    this.#lines = Object.entries(lines);
    this.#draw();
    this.#stories.clear();
  }

  /**
   * @param tracks All current tracks: one that is missing has ended. @param frame The frame they are from; of the same
   * size as before while there are tracks. @returns Crossings that became certain, those of each track in the order in
   * which they happened.
   */
  update(tracks: readonly Track[], frame: LineFrame): Crossing[] {
    assertTracks('Lines.update: tracks', tracks);
    if (!Number.isFinite(frame?.width + frame?.height + frame?.captureTimeNs + frame?.wallTimeMs)) {
      assertShape('Lines.update: frame', frame, frameShape, 'a frame, or its size and times');
    }
    const { width, height, captureTimeNs, wallTimeMs } = frame;
    const isAsBefore = width === this.#frame.width && height === this.#frame.height;
    this.#frame = { width, height, captureTimeNs, wallTimeMs };
    if (!isAsBefore) this.#draw();
    const crossings: Crossing[] = [];
    const before = this.#stories;
    this.#stories = new Map();
    for (const track of tracks) {
      const story = before.get(track.id) ?? { passages: new Map(), untold: [], track };
      before.delete(track.id);
      this.#stories.set(track.id, story);
      story.track = track;
      if (isDetected(track)) this.#follow(story);
      if (track.confirmed && story.untold.length > 0) crossings.push(...this.#tell(story));
    }
    for (const story of before.values()) {
      this.#end(story);
      if (story.track.confirmed) crossings.push(...this.#tell(story));
    }
    return crossings;
  }

  /** Ends all tracks. @returns As `update()`. */
  finish(): Crossing[] {
    return this.update([], this.#frame);
  }

  #draw(): void {
    const { width, height } = this.#frame;
    const drawn = this.#lines.map(([name, line]): Drawn => {
      const from: Point = [line.from[0] * width, line.from[1] * height];
      const to: Point = [line.to[0] * width, line.to[1] * height];
      const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
      return { name, from, to, length, normal: [(to[1] - from[1]) / length, (from[0] - to[0]) / length] };
    });
    // A line that is a point has no sides.
    this.#drawn = drawn.filter(({ length }) => length > 0);
  }

  #follow({ track, passages, untold }: Story): void {
    const point = bottomCentre(track.box);
    for (const line of this.#drawn) {
      const { name, from, to, length, normal } = line;
      const now: Place = { point, distance: sideOf(from, to, point) / length, timeNs: track.lastSeenNs };
      const about = clearance(track, normal);
      const isRight = now.distance > 0;
      const passage = passages.get(name);
      if (!passage) {
        const isCertain = Math.abs(now.distance) >= clearAtEnds * about.tremble;
        passages.set(name, {
          isRight,
          isCertain,
          here: now,
          there: undefined,
          last: now,
          inferences: 1,
          clearance: about,
        });
        continue;
      }
      passage.last = now;
      passage.inferences++;
      passage.clearance = about;
      const isClear = Math.abs(now.distance) >= about.certain;
      if (passage.isRight === isRight) {
        passage.here = now;
        passage.there = undefined;
        passage.isCertain ||= isClear;
        continue;
      }
      passage.there ??= now;
      passage.isCertain ||= passage.inferences === 2 && cameOver(passage);
      if (!isClear) continue;
      if (passage.isCertain) untold.push(...crossed(line, passage));
      passage.isRight = isRight;
      passage.isCertain = true;
      passage.here = now;
      passage.there = undefined;
    }
    if (untold.length > 1) untold.sort((a, b) => a.captureTimeNs - b.captureTimeNs);
  }

  /** A track last seen just behind a line has crossed it. */
  #end({ passages, untold }: Story): void {
    for (const line of this.#drawn) {
      const passage = passages.get(line.name);
      if (!passage?.isCertain || !passage.there) continue;
      const isBehind = Math.abs(passage.last.distance) >= clearAtEnds * passage.clearance.tremble;
      if (isBehind || cameOver(passage)) untold.push(...crossed(line, passage));
    }
    untold.sort((a, b) => a.captureTimeNs - b.captureTimeNs);
  }

  /** With the current label. */
  #tell(story: Story): Crossing[] {
    const { id, label } = story.track;
    const told: Crossing[] = [];
    for (const { line, direction, captureTimeNs } of story.untold.splice(0)) {
      const only = this.#lines.find(([name]) => name === line)?.[1].labels;
      if (only && !only.includes(label)) continue;
      const counter = `${line}/${label}/${direction}`;
      const total = (this.#totals.get(counter) ?? 0) + 1;
      this.#totals.set(counter, total);
      told.push({ line, label, direction, total, trackId: id, time: timeAt(captureTimeNs, this.#frame) });
    }
    return told;
  }
}

/** Whether it was seen on both sides, with a step between that jitter does not explain. */
function cameOver({ here, last, clearance: { tremble } }: Passage): boolean {
  // On the line itself is on neither side.
  if (here.distance === 0 || last.distance === 0) return false;
  return Math.abs(last.distance - here.distance) >= stepAtEnds * tremble;
}

/** The crossing, unless the object went round the line's end. */
function crossed({ name, from, to }: Drawn, { here, there }: Passage): Story['untold'] {
  if (!there || !segmentsCross(from, to, here.point, there.point)) return [];
  const share = here.distance / (here.distance - there.distance);
  const captureTimeNs = Math.round(here.timeNs + share * (there.timeNs - here.timeNs));
  return [{ line: name, direction: there.distance > 0 ? 'in' : 'out', captureTimeNs }];
}
