import type { LineSettings } from '../config/schema.ts';
import { bottomCentre, type Point, segmentsCross, sideOf } from './geometry.ts';
import type { Track } from './track.ts';

/** Somebody or something went over a line. */
export interface Crossing {
  line: string;
  label: string;
  /** `in`: from the left of the way `from` → `to` to its right. */
  direction: 'in' | 'out';
  /** Crossings of this line by this label in this direction so far. */
  total: number;
  trackId: number;
}

interface Side {
  /** Where it was last clear of the line. */
  point: Point;
  right: boolean;
}

/** A point must be this far from the line, in shares of the picture, before it counts as beyond it. */
const clearance = 0.01;

/** Counts confirmed tracks that cross lines with the bottom centre of their box; trembling on the line counts once. */
export class Lines {
  #lines: readonly (readonly [name: string, LineSettings])[] = [];
  #sides = new Map<string, Side>();
  #totals = new Map<string, number>();

  /** @param lines By name, in shares of the picture. Totals of lines that keep their name go on. */
  configure(lines: Readonly<Record<string, LineSettings>>): void {
    this.#lines = Object.entries(lines);
    this.#sides.clear();
  }

  /** @param size Of the frame, pixels. */
  update(tracks: readonly Track[], size: { width: number; height: number }): Crossing[] {
    const crossings: Crossing[] = [];
    const sides = new Map<string, Side>();
    for (const track of tracks) {
      const [x, y] = bottomCentre(track.box);
      const point: Point = [x / size.width, y / size.height];
      for (const [name, line] of this.#lines) {
        if (line.labels && !line.labels.includes(track.label)) continue;
        const key = `${name}/${track.id}`;
        const before = this.#sides.get(key);
        const distance =
          sideOf(line.from, line.to, point) / (Math.hypot(line.to[0] - line.from[0], line.to[1] - line.from[1]) || 1);
        if (!track.visible || Math.abs(distance) < clearance) {
          if (before) sides.set(key, before);
          continue;
        }
        const right = distance > 0;
        sides.set(key, { point, right });
        if (!before || before.right === right || !track.confirmed) continue;
        if (!segmentsCross(line.from, line.to, before.point, point)) continue;
        const direction = right ? 'in' : 'out';
        const counter = `${name}/${track.label}/${direction}`;
        const total = (this.#totals.get(counter) ?? 0) + 1;
        this.#totals.set(counter, total);
        crossings.push({ line: name, label: track.label, direction, total, trackId: track.id });
      }
    }
    this.#sides = sides;
    return crossings;
  }
}
