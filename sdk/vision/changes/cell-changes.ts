import type { Frame } from '../../frame/frame.ts';
import { kernels } from '../../kernels/kernels.ts';
import { longestRest, type MotionRule, motionState, noiseScale, scale, whole } from '../../kernels/motion/motion.ts';
import type { ChangeFinder, WatchedCells } from './change-finder.ts';
import { Light } from './light.ts';

/** Time over which the brightness of a cell is averaged: shorter than anyone stays in one place. */
const smoothNs = 0.3e9;
/** Time constant of the background where nothing changed. */
const followNs = 5e9;
/** Time constant of a cell's noise where nothing changed, */
const learnNs = 20e9;
/** and where something changed: swaying leaves become noise in time, passers-by do not. */
const learnChangedNs = 120e9;
/** What rests this long becomes background. */
const settleMs = 1500;
/** Initial noise of a cell, grey levels. */
const firstNoise = 1;

/** Finds changes in the brightness of cells, with the motion kernel. It learns the level and the noise of each cell. */
export class CellChanges implements ChangeFinder {
  #state = motionState(1, 1);
  #floor = 0;
  #light = new Light(this.#state);
  /** Since the background is known. */
  #knownNs = 0;

  /** @param sensitivity 0 needs a difference of 16 grey levels, 0.5 of 4, 1 of 1; more where there is noise. */
  begin({ width, height, mask }: WatchedCells, sensitivity: number): void {
    this.#state = motionState(width, height);
    this.#state.mask.set(mask);
    this.#light = new Light(this.#state);
    this.#floor = Math.floor(16 * 16 ** -sensitivity * scale);
  }

  get changed(): Uint8Array {
    return this.#state.changed;
  }

  get replaced(): Uint8Array {
    return this.#light.replaced;
  }

  find(frame: Frame, passedNs: number): number {
    const { width, height, format } = frame;
    const { data, stride } = frame.planes[0]!;
    const interleaved = format === 'BGR24' || format === 'RGB24';
    // Green stands for brightness where there is no luma plane.
    const luma = interleaved
      ? { data: data.subarray(1), width, height, stride, step: 3 }
      : { data, width, height, stride, step: 1 };
    this.#light.follow(luma);
    const count = kernels.motion(luma, this.#state, this.#rule(passedNs));
    return this.#light.explain(count, this.#floor, passedNs);
  }

  accept(): void {
    const { current, level, background, anchor, rest, noise } = this.#state;
    for (const memory of [level, background, anchor]) memory.set(current);
    rest.fill(0);
    noise.fill(firstNoise * noiseScale);
    this.#light.begin();
    this.#knownNs = 0;
  }

  #rule(passedNs: number): MotionRule {
    this.#knownNs += passedNs;
    const rate = (timeNs: number) => Math.round(whole * (1 - Math.exp(-passedNs / timeNs)));
    // What is known only briefly is the plain mean of that time.
    const known = (timeNs: number) => rate(Math.max(1, Math.min(timeNs, this.#knownNs)));
    return {
      floor: this.#floor,
      smooth: rate(smoothNs),
      follow: known(followNs),
      // The kernel uses half of these.
      learn: Math.min(whole, 2 * known(learnNs)),
      learnChanged: Math.min(whole, 2 * rate(learnChangedNs)),
      passed: Math.min(longestRest, Math.round(passedNs / 1e6)),
      settle: settleMs,
    };
  }
}
