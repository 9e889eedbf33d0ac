import { cellSize, type Luma, type MotionState, mostLevel } from '../kernels/motion/motion.ts';
import { Regions } from './regions.ts';

/** The gain of the view is the median of so many cells. */
const samples = 127;
/** A smaller change of the whole view is left to the background, which follows. */
const leastGain = 0.01;
/** From here on it is a step: what it leaves in small places cannot be told from an object of that size. */
const stepGain = 0.05;
/** Fewer cells have no texture to speak of. */
const fewest = 12;
/** Correlation of what cells differ by from their neighbours, before and now, from which it is the same thing. */
const same = 0.8;
/** What is left of regions after that is looked at again, so often: light that is not the same everywhere. */
const rounds = 4;

/** Keeps changes of the light from being taken for changes of the scene: the memory of it is put into the new light. */
export class Light {
  readonly #state: MotionState;
  readonly #regions: Regions;
  readonly #gains = new Float32Array(samples);

  constructor(state: MotionState) {
    this.#state = state;
    this.#regions = new Regions(state.columns, state.rows);
  }

  /**
   * Before a picture is compared: a camera's exposure makes the whole view brighter or darker by one factor, which the
   * memory takes over.
   *
   * @returns That factor; 1 where it is none to speak of.
   */
  follow(luma: Luma): number {
    const gain = this.#gain(luma);
    if (Math.abs(gain - 1) < leastGain) return 1;
    const { background, level, anchor } = this.#state;
    for (const memory of [background, level, anchor]) {
      for (let i = 0; i < memory.length; i++) memory[i] = Math.min(mostLevel, Math.round(memory[i]! * gain));
    }
    return gain;
  }

  /**
   * After it was compared: takes out the changed cells that show the same in another light.
   *
   * @param count Of changed cells.
   * @param floor Least difference that counts, sixteenths of a grey level.
   * @param gain What `follow` said of this picture.
   * @returns How many are changed no more.
   */
  explain(count: number, floor: number, gain: number): number {
    if (count < fewest) return 0;
    let relit = 0;
    for (let round = 0; round < rounds; round++) {
      let more = 0;
      for (const region of this.#regions.of(this.#state.changed)) {
        if (region.length >= fewest && this.#showsTheSame(region)) more += this.#accept(region, floor);
      }
      relit += more;
      if (more === 0) break;
    }
    const { changed } = this.#state;
    if (relit * 2 > count || Math.abs(gain - 1) > stepGain) {
      for (const region of this.#regions.of(changed)) {
        if (region.length < fewest) relit += this.#accept(region, mostLevel);
      }
    }
    return relit;
  }

  #gain({ data, width, height, stride, step }: Luma): number {
    const { columns, rows, background, mask } = this.#state;
    if (width < cellSize || height < cellSize) return 1;
    // A number without common factors with the columns goes through all of them.
    const stepCells = Math.max(1, Math.floor((columns * rows) / samples)) | 1;
    let count = 0;
    for (let i = 0; i < columns * rows && count < samples; i += stepCells) {
      if (mask[i] === 0 || background[i]! < 256) continue;
      const column = i % columns;
      let at = ((i - column) / columns) * cellSize * stride + column * cellSize * step;
      let sum = 0;
      for (let y = 0; y < 4; y++) {
        sum += data[at]! + data[at + 2 * step]! + data[at + 4 * step]! + data[at + 6 * step]!;
        at += 2 * stride;
      }
      this.#gains[count++] = sum / background[i]!;
    }
    if (count < samples / 2) return 1;
    const gains = this.#gains.subarray(0, count).sort();
    return gains[count >> 1]!;
  }

  /**
   * Neighbours differ as they did, times a gain; what stands in front of the background has differences of its own. Where
   * there is no texture nothing can be told.
   */
  #showsTheSame(cells: Int32Array): boolean {
    const { columns, current, background, changed, noise } = this.#state;
    let both = 0;
    let before = 0;
    let now = 0;
    let noisy = 0;
    for (const cell of cells) {
      noisy += noise[cell]! / 8;
      const atEdge = cell % columns === columns - 1;
      for (const next of atEdge ? [cell + columns] : [cell + 1, cell + columns]) {
        // Below the last row there is none.
        if (changed[next] !== 1) continue;
        const was = background[cell]! - background[next]!;
        const is = current[cell]! - current[next]!;
        both += was * is;
        before += was * was;
        now += is * is;
      }
    }
    const least = cells.length * (32 + (2 * noisy) / cells.length) ** 2;
    return before >= least && now >= least && both >= same * Math.sqrt(before * now);
  }

  /** The newest frame is the background where its brightness is what the gain of these cells says, or near it. */
  #accept(cells: Int32Array, floor: number): number {
    const { current, background, level, anchor, rest, changed, noise } = this.#state;
    const gain = medianGain(this.#state, cells);
    let accepted = 0;
    for (const cell of cells) {
      const off = Math.abs(current[cell]! - gain * background[cell]!);
      const moved = Math.abs(current[cell]! - background[cell]!);
      if (off > floor + noise[cell]! / 2 + moved / 4) continue;
      level[cell] = background[cell] = anchor[cell] = current[cell]!;
      rest[cell] = 0;
      changed[cell] = 0;
      accepted++;
    }
    return accepted;
  }
}

function medianGain({ current, background }: MotionState, cells: Int32Array): number {
  const step = Math.ceil(cells.length / samples);
  const gains = new Float32Array(Math.ceil(cells.length / step));
  for (let i = 0; i < gains.length; i++) gains[i] = current[cells[i * step]!]! / Math.max(1, background[cells[i * step]!]!);
  gains.sort();
  return gains[gains.length >> 1]!;
}
