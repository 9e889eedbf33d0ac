import { area, type Box, grown, united } from '../geometry.ts';

/** Something that moves, and when it did last. */
export interface Movement {
  readonly box: Box;
  readonly timeNs: number;
}

/** People pause between two steps: what moved is remembered for this long. */
const lingerNs = 0.7e9;
/** Parts of one object are at most so far apart: this fraction of their size, this many pixels at least. */
const apartShare = 0.5;
const apartPixels = 16;
/** More than this many are weather, or a camera that moves. */
const most = 24;

/** Joins the moving regions of a frame to things that move, and remembers them for a moment. */
export class Movements {
  #now: readonly Movement[] = [];

  /** All, those of this moment first. */
  get now(): readonly Movement[] {
    return this.#now;
  }

  /** Whether they are too many, or too large in all, to be looked at one by one. @param share Of the frame. */
  isEverywhere(frame: { readonly width: number; readonly height: number }, share: number): boolean {
    const moving = this.#now.reduce((sum, { box }) => sum + area(box), 0);
    return this.#now.length > most || moving > share * frame.width * frame.height;
  }

  /** @param regions Of the newest frame. */
  update(regions: readonly Box[], timeNs: number): void {
    const boxes = regions.length > 4 * most ? regions : joined(regions);
    const fresh = boxes.map((box): Movement => ({ box, timeNs }));
    const paused = this.#now.filter(
      (old) => timeNs - old.timeNs <= lingerNs && timeNs >= old.timeNs && !boxes.some((box) => isNear(box, old.box)),
    );
    this.#now = [...fresh, ...paused].slice(0, 4 * most);
  }

  clear(): void {
    this.#now = [];
  }
}

/** Joins what is near each other, until nothing is. */
function joined(regions: readonly Box[]): Box[] {
  let boxes = [...regions];
  for (let before = Number.POSITIVE_INFINITY; boxes.length < before; ) {
    before = boxes.length;
    const next: Box[] = [];
    for (const box of boxes) {
      const near = next.findIndex((other) => isNear(box, other));
      if (near >= 0) next[near] = united(next[near]!, box);
      else next.push(box);
    }
    boxes = next;
  }
  return boxes;
}

function isNear(a: Box, b: Box): boolean {
  const [one, other] = [reach(a), reach(b)];
  return one[0] < other[2] && other[0] < one[2] && one[1] < other[3] && other[1] < one[3];
}

/** The box grown by half of how far the next part may be. */
function reach(box: Box): Box {
  const size = Math.max(box[2] - box[0], box[3] - box[1]);
  const share = Math.max(apartPixels, size * apartShare) / 2;
  return [box[0] - share, box[1] - share, box[2] + share, box[3] + share];
}

/** Whether an object with this box explains a movement. */
export function explains(object: Box, { box }: Movement): boolean {
  const [x1, y1, x2, y2] = grown(object, 0.3);
  const middle = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] as const;
  const inside = middle[0] >= x1 && middle[0] <= x2 && middle[1] >= y1 && middle[1] <= y2;
  return inside && area(box) <= 1.5 * area([x1, y1, x2, y2]);
}
