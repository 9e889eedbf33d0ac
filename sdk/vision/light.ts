import { cellSize, type Luma, type MotionState, mostLevel } from '../kernels/motion/motion.ts';
import { Regions } from './regions.ts';

/** The gain of the view is the median of so many cells. */
const samples = 127;
/** A smaller change of the whole view is left to the background, which follows. */
const leastGain = 0.01;
/** The look of the view takes over 63 % of what changes in this time, */
const lookNs = 15e9;
/** in steps of this. */
const lookEachNs = 0.5e9;
/** The light changed when so much of the view shows the same in another one. */
const muchLight = 0.02;
/** After that, small regions are taken for what is left of it, for so long. */
const unsteadyNs = 1e9;
/** Surroundings are blocks of so many cells each way. */
const blockSide = 8;
/** Light that drifts differs by less than this from the background, sixteenths of a grey level; an object may by more. */
const mostDrift = 8 * 16;
const unknown = -32768;
/** Fewer cells have no texture to speak of. */
const fewest = 12;
/** Correlation of what cells differ by from their neighbours, before and now, from which it is the same thing. */
const same = 0.5;
/** And more of few cells, where it may be so by chance: this over the root of their number. */
const sameOfFew = 1.5;
/** Less is no texture, sixteenths of a grey level. */
const leastTexture = 24;
/** What is left of regions after that is looked at again, so often: light that is not the same everywhere. */
const rounds = 4;
/** When so much of the view changes and most of it shows the same, so does the rest. */
const lightShare = 0.5;

/** Keeps changes of the light from being taken for changes of the scene: the memory of it is put into the new light. */
export class Light {
  readonly #state: MotionState;
  readonly #regions: Regions;
  readonly #watched: number;
  /** What the view shows in the light of the last minute: nothing that comes and goes changes it much. */
  readonly #look: Uint16Array;
  #lookedNs = 0;
  /** The light is unsteady for so long yet. */
  #unsteadyNs = 0;
  readonly #blockColumns: number;
  /** Of each block of cells in this frame. */
  readonly #drifts: Int16Array;
  readonly #differences = new Int16Array((blockSide / 2) ** 2);
  readonly #gains = new Float32Array(samples);

  constructor(state: MotionState) {
    this.#state = state;
    this.#regions = new Regions(state.columns, state.rows);
    this.#blockColumns = Math.ceil(state.columns / blockSide);
    this.#drifts = new Int16Array(this.#blockColumns * Math.ceil(state.rows / blockSide));
    this.#look = new Uint16Array(state.current.length);
    this.#watched = state.mask.reduce((sum, watched) => sum + Math.min(1, watched), 0);
  }

  /** Another scene: what it shows is what the newest frame shows. */
  begin(): void {
    this.#look.set(this.#state.current);
    this.#lookedNs = 0;
  }

  /** Learns what the view shows. Now and then is enough. @param passedNs Since the frame before. */
  learn(passedNs: number): void {
    this.#lookedNs += passedNs;
    if (this.#lookedNs < lookEachNs) return;
    const share = 1 - Math.exp(-this.#lookedNs / lookNs);
    this.#lookedNs = 0;
    const look = this.#look;
    const { level, changed } = this.#state;
    for (let i = 0; i < look.length; i++) if (changed[i] === 0) look[i]! += Math.round((level[i]! - look[i]!) * share);
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
    for (const memory of [background, level, anchor, this.#look]) {
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
  explain(count: number, floor: number, gain: number, passedNs: number): number {
    this.#unsteadyNs -= passedNs;
    let relit = gain === 1 ? 0 : this.#keepUnlit(floor, gain);
    if (count < fewest) return relit;
    relit += this.#explainDrift(floor);
    for (let round = 0; round < rounds; round++) {
      let more = 0;
      for (const region of this.#regions.of(this.#state.changed)) {
        if (region.length >= fewest && this.#showsTheSame(region)) more += this.#accept(region, floor);
      }
      relit += more;
      if (more === 0) break;
    }
    const { changed } = this.#state;
    if (count > this.#watched * lightShare && relit * 2 > count) {
      for (const region of this.#regions.of(changed)) relit += this.#accept(region, mostLevel);
    }
    const much = relit > this.#watched * muchLight && relit * 2 > count;
    if (much) this.#unsteadyNs = unsteadyNs;
    if (this.#unsteadyNs > 0) {
      for (const region of this.#regions.of(changed)) {
        if (region.length < fewest) relit += this.#accept(region, mostLevel);
      }
    }
    return relit;
  }

  /** Takes out what changed by about as much as most of its surroundings did, where that is little. */
  #explainDrift(floor: number): number {
    const { columns, current, background, level, anchor, changed, noise } = this.#state;
    this.#drifts.fill(unknown);
    let explained = 0;
    for (let cell = changed.indexOf(1); cell >= 0; cell = changed.indexOf(1, cell + 1)) {
      const column = cell % columns;
      const block =
        Math.floor((cell - column) / columns / blockSide) * this.#blockColumns + Math.floor(column / blockSide);
      if (this.#drifts[block] === unknown) this.#drifts[block] = this.#driftOf(block);
      const drift = this.#drifts[block]!;
      if (Math.abs(drift) > mostDrift) continue;
      if (Math.abs(current[cell]! - background[cell]! - drift) > floor + noise[cell]! / 2) continue;
      level[cell] = background[cell] = anchor[cell] = current[cell]!;
      changed[cell] = 0;
      explained++;
    }
    return explained;
  }

  /** Median difference of the newest frame from the background in a block of cells. */
  #driftOf(block: number): number {
    const { columns, rows, current, background } = this.#state;
    const left = (block % this.#blockColumns) * blockSide;
    const top = Math.floor(block / this.#blockColumns) * blockSide;
    let count = 0;
    for (let y = top; y < Math.min(rows, top + blockSide); y += 2) {
      for (let x = left + ((y >> 1) & 1); x < Math.min(columns, left + blockSide); x += 2) {
        const cell = y * columns + x;
        this.#differences[count++] = current[cell]! - background[cell]!;
      }
    }
    if (count === 0) return 0;
    return this.#differences.subarray(0, count).sort()[count >> 1]!;
  }

  /** What is as bright as before the gain, as black and white are, did not follow it. */
  #keepUnlit(floor: number, gain: number): number {
    const { current, background, level, anchor, changed, noise } = this.#state;
    let kept = 0;
    for (let cell = changed.indexOf(1); cell >= 0; cell = changed.indexOf(1, cell + 1)) {
      if (Math.abs(current[cell]! - background[cell]! / gain) > floor + noise[cell]! / 2) continue;
      level[cell] = background[cell] = anchor[cell] = current[cell]!;
      changed[cell] = 0;
      kept++;
    }
    return kept;
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
    const gain = gains[count >> 1]!;
    // A shadow over half the view is no gain of the camera.
    const quartiles = gains[(3 * count) >> 2]! - gains[count >> 2]!;
    return Math.abs(gain - 1) > quartiles ? gain : 1;
  }

  /**
   * Neighbours differ as they did, times a gain; what stands in front of the background has differences of its own. Where
   * there is no texture nothing can be told.
   */
  #showsTheSame(cells: Int32Array): boolean {
    const { columns, current, changed } = this.#state;
    const look = this.#look;
    let both = 0;
    let before = 0;
    let now = 0;
    for (const cell of cells) {
      const atEdge = cell % columns === columns - 1;
      for (const next of atEdge ? [cell + columns] : [cell + 1, cell + columns]) {
        // Below the last row there is none.
        if (changed[next] !== 1) continue;
        const was = look[cell]! - look[next]!;
        const is = current[cell]! - current[next]!;
        both += was * is;
        before += was * was;
        now += is * is;
      }
    }
    const least = cells.length * leastTexture ** 2;
    return (
      before >= least && now >= least && both >= (same + sameOfFew / Math.sqrt(cells.length)) * Math.sqrt(before * now)
    );
  }

  /** The newest frame is the background where its brightness is what the gain of these cells says, or near it. */
  #accept(cells: Int32Array, floor: number): number {
    const { columns, current, background, level, anchor, rest, changed, noise } = this.#state;
    const gain = medianGain(current, this.#look, cells);
    let accepted = 0;
    for (const cell of cells) {
      const off = Math.abs(current[cell]! - gain * this.#look[cell]!);
      const moved = Math.abs(current[cell]! - background[cell]!);
      if (off > floor + noise[cell]! / 2 + moved / 4) continue;
      level[cell] = background[cell] = anchor[cell] = current[cell]!;
      rest[cell] = 0;
      changed[cell] = 0;
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
        level[next] = background[next] = anchor[next] = current[next]!;
      }
    }
    return accepted;
  }
}

function medianGain(current: Uint16Array, look: Uint16Array, cells: Int32Array): number {
  const step = Math.ceil(cells.length / samples);
  const gains = new Float32Array(Math.ceil(cells.length / step));
  for (let i = 0; i < gains.length; i++) gains[i] = current[cells[i * step]!]! / Math.max(1, look[cells[i * step]!]!);
  gains.sort();
  return gains[gains.length >> 1]!;
}
