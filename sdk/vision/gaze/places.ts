import type { Size } from '../../frame/letterbox.ts';
import type { Box } from '../geometry.ts';

const columns = 32;
const rows = 18;
/** Motion that pauses for longer begins anew. */
const pauseNs = 1e9;
/** Looks in vain at a place where it moves, after which it is looked at less often, */
const patience = 5;
/** each further one at this interval times their number, up to the longest. */
const stepNs = 0.2e9;
const longestNs = 2e9;
/** Looks in vain are counted up to here. */
const mostVain = 250;

/** What is known of the places of a view where something moves: since when, and how often a look there was in vain. */
export class Places {
  readonly #frame: Size;
  readonly #sinceNs = new Float64Array(columns * rows).fill(Number.NEGATIVE_INFINITY);
  readonly #movedNs = new Float64Array(columns * rows).fill(Number.NEGATIVE_INFINITY);
  readonly #lookedNs = new Float64Array(columns * rows).fill(Number.NEGATIVE_INFINITY);
  readonly #vain = new Uint8Array(columns * rows);

  constructor(frame: Size) {
    this.#frame = frame;
  }

  /** Something moves in this box, frame pixels. */
  move(box: Box, timeNs: number): void {
    for (const place of this.#in(box)) {
      if (timeNs - this.#movedNs[place]! > pauseNs) this.#sinceNs[place] = timeNs;
      this.#movedNs[place] = timeNs;
    }
  }

  /** The network looked at this box. @param found Whether it saw anything there. */
  look(box: Box, timeNs: number, found: boolean): void {
    for (const place of this.#in(box)) {
      this.#lookedNs[place] = timeNs;
      this.#vain[place] = found ? 0 : Math.min(mostVain, this.#vain[place]! + 1);
    }
  }

  /** @returns Seconds since the last look at what moves in this box, or since it began to move. */
  age(box: Box, timeNs: number): number {
    let oldest = timeNs;
    for (const place of this.#in(box))
      oldest = Math.min(oldest, Math.max(this.#lookedNs[place]!, this.#sinceNs[place]!));
    return Math.max(0, timeNs - oldest) / 1e9;
  }

  /** @returns Looks in vain at this box: of the place in it that had the fewest. */
  vain(box: Box): number {
    let least = mostVain;
    for (const place of this.#in(box)) least = Math.min(least, this.#vain[place]!);
    return least;
  }

  /** Whether the next look at what moves in this box is due: where looks are in vain they become rare. */
  isDue(box: Box, timeNs: number): boolean {
    const over = this.vain(box) - patience;
    if (over <= 0) return true;
    let lookedNs = Number.POSITIVE_INFINITY;
    for (const place of this.#in(box)) lookedNs = Math.min(lookedNs, this.#lookedNs[place]!);
    return timeNs - lookedNs >= Math.min(longestNs, over * stepNs);
  }

  *#in([x1, y1, x2, y2]: Box): Generator<number> {
    const { width, height } = this.#frame;
    const at = (value: number, size: number, count: number) =>
      Math.min(count - 1, Math.max(0, Math.floor((value / size) * count)));
    const [left, right] = [at(x1, width, columns), at(x2 - 1, width, columns)];
    const [top, bottom] = [at(y1, height, rows), at(y2 - 1, height, rows)];
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) yield row * columns + column;
    }
  }
}
