import type { MotionState } from '../../kernels/motion/motion.ts';
import { take } from './memory.ts';
import { Regions } from './regions.ts';

/** Time constant of the reference, */
const takeOverNs = 15e9;
/** updated in steps of this. */
const learnEachNs = 0.5e9;
/** Fewer cells have no usable texture. */
const fewest = 12;
/** Correlation of the cells' differences from their neighbours, before and now, from which they show the same thing. */
const same = 0.5;
/** Few cells need more, since they may correlate by chance: this over the root of their number. */
const sameOfFew = 1.5;
/** Less is no texture, sixteenths of a grey level. */
const leastTexture = 24;
/** What remains of regions is checked again this often, since light may be uneven. */
const rounds = 4;
/** When this much of the view changes and most of it shows the same things, so does the rest. */
const lightShare = 0.5;
/** The light changed when this much of the view shows the same things in a different light. */
const muchLight = 0.02;
/** For this long afterwards, small regions are taken for remains of that change. */
const unsteadyNs = 1e9;
/** The gain of a region is the median over this many of its cells. */
const samples = 127;

/**
 * A lamp, a shadow: where the light changes, neighbours differ as before, times a gain. An object in front of the
 * background has different differences.
 */
export class Reference {
  /** Brightness of each cell in recent light: what comes and goes changes it little. */
  readonly brightness: Uint16Array;
  /** 1 where the newest frame shows something else than the background did, though it is taken for light. */
  readonly replaced: Uint8Array;
  readonly #state: MotionState;
  readonly #regions: Regions;
  readonly #watched: number;
  #unlearntNs = 0;
  /** How much longer the light counts as unsteady. */
  #unsteadyNs = 0;

  constructor(state: MotionState) {
    this.#state = state;
    this.#regions = new Regions(state.columns, state.rows);
    this.#watched = state.mask.reduce((sum, watched) => sum + Math.min(1, watched), 0);
    this.brightness = new Uint16Array(state.current.length);
    this.replaced = new Uint8Array(state.current.length);
  }

  /** A new scene: begins with the newest frame. */
  begin(): void {
    this.brightness.set(this.#state.current);
    this.#unlearntNs = 0;
  }

  /** Learns what the view shows. An occasional call is enough. @param passedNs Since the frame before. */
  learn(passedNs: number): void {
    this.#unlearntNs += passedNs;
    if (this.#unlearntNs < learnEachNs) return;
    const share = 1 - Math.exp(-this.#unlearntNs / takeOverNs);
    this.#unlearntNs = 0;
    const reference = this.brightness;
    const { level, changed } = this.#state;
    for (let i = 0; i < reference.length; i++)
      if (changed[i] === 0) reference[i]! += Math.round((level[i]! - reference[i]!) * share);
  }

  /**
   * Clears changed cells that show the same thing in another light.
   *
   * @param count Of changed cells.
   * @param floor Least difference that counts, sixteenths of a grey level.
   * @returns How many cells no longer count as changed.
   */
  explain(count: number, floor: number, passedNs: number): number {
    this.#unsteadyNs -= passedNs;
    this.replaced.fill(0);
    if (count < fewest) return 0;
    let relit = 0;
    for (let round = 0; round < rounds; round++) {
      const more = this.#acceptEach((region) => region.length >= fewest && this.#showsTheSame(region), floor);
      relit += more;
      if (more === 0) break;
    }
    if (2 * relit > count) {
      if (count > this.#watched * lightShare) {
        relit += this.#acceptEach((region) => this.#note(region), Number.POSITIVE_INFINITY);
      }
      if (relit > this.#watched * muchLight) this.#unsteadyNs = unsteadyNs;
    }
    if (this.#unsteadyNs > 0) {
      relit += this.#acceptEach(({ length }) => length < fewest, Number.POSITIVE_INFINITY);
    }
    return relit;
  }

  /** It is taken for light like the rest of the view, but an object may have come or left there meanwhile. @returns True. */
  #note(region: Int32Array): boolean {
    if (region.length >= fewest && this.#showsAnother(region)) for (const cell of region) this.replaced[cell] = 1;
    return true;
  }

  #acceptEach(isLight: (region: Int32Array) => boolean, floor: number): number {
    let accepted = 0;
    for (const region of this.#regions.of(this.#state.changed)) {
      if (isLight(region)) accepted += this.#accept(region, floor);
    }
    return accepted;
  }

  /** Do these cells show what the reference does, in whatever light? Without texture nothing can be told. */
  #showsTheSame(cells: Int32Array): boolean {
    const { both, before, now, least } = this.#textures(cells, this.brightness);
    return before >= least && now >= least && both >= alikeFrom(cells.length) * Math.sqrt(before * now);
  }

  /** Do these cells show something else than the background did? Where neither has texture nothing can be told. */
  #showsAnother(cells: Int32Array): boolean {
    const { both, before, now, least } = this.#textures(cells, this.#state.background);
    return (before >= least || now >= least) && both < alikeFrom(cells.length) * Math.sqrt(before * now);
  }

  /** Sums over neighbouring changed cells, of the products of their differences in a picture of before and in the newest. */
  #textures(cells: Int32Array, picture: Uint16Array) {
    const { columns, current, changed } = this.#state;
    let both = 0;
    let before = 0;
    let now = 0;
    for (const cell of cells) {
      const atEdge = cell % columns === columns - 1;
      for (const next of atEdge ? [cell + columns] : [cell + 1, cell + columns]) {
        // Below the last row there is none.
        if (changed[next] !== 1) continue;
        const was = picture[cell]! - picture[next]!;
        const is = current[cell]! - current[next]!;
        both += was * is;
        before += was * was;
        now += is * is;
      }
    }
    return { both, before, now, least: cells.length * leastTexture ** 2 };
  }

  /** Makes the newest frame the background where its brightness agrees with the gain of these cells. */
  #accept(cells: Int32Array, floor: number): number {
    const { columns, current, background, rest, changed, noise } = this.#state;
    const gain = medianGain(current, this.brightness, cells);
    let accepted = 0;
    for (const cell of cells) {
      const off = Math.abs(current[cell]! - gain * this.brightness[cell]!);
      const moved = Math.abs(current[cell]! - background[cell]!);
      if (off > floor + noise[cell]! / 2 + moved / 4) continue;
      take(this.#state, cell);
      rest[cell] = 0;
      accepted++;
    }
    // The light does not end where the difference becomes large enough.
    for (const cell of cells) {
      if (changed[cell] === 1) continue;
      const column = cell % columns;
      for (const next of [
        column > 0 ? cell - 1 : cell,
        column + 1 < columns ? cell + 1 : cell,
        cell - columns,
        cell + columns,
      ]) {
        if (changed[next] !== 0) continue;
        take(this.#state, next);
      }
    }
    return accepted;
  }
}

/** Correlation of so many cells from which they show the same thing. */
function alikeFrom(cells: number): number {
  return same + sameOfFew / Math.sqrt(cells);
}

function medianGain(current: Uint16Array, reference: Uint16Array, cells: Int32Array): number {
  const step = Math.ceil(cells.length / samples);
  const gains = new Float32Array(Math.ceil(cells.length / step));
  for (let i = 0; i < gains.length; i++)
    gains[i] = current[cells[i * step]!]! / Math.max(1, reference[cells[i * step]!]!);
  gains.sort();
  return gains[gains.length >> 1]!;
}
