import { expOf } from '../../kernels/boxes/exp.ts';

/**
 * The probability that a name ahead of all others by this lead is right: `1 / (1 + exp(-(slope * lead + offset)))`.
 */
export interface Calibration {
  readonly slope: number;
  readonly offset: number;
}

/** e^-x is computed in 32-bit floats by additions and multiplications, so it is the same on each processor. */
export function chanceOf({ slope, offset }: Calibration, lead: number): number {
  return sigmoid(slope * lead + offset);
}

/** 1 / (1 + e^-value), the same on each processor. */
export function sigmoid(value: number): number {
  const x = Math.max(-80, Math.min(80, value));
  const power = expOf(Math.fround(-Math.abs(x)));
  return x >= 0 ? 1 / (1 + power) : power / (1 + power);
}

const steps = 30;
/** Keeps the slope small while little is known. */
const penalty = 0.01;

/**
 * Fits it to left-out examples (after Platt 1999). Two names that are level are equally likely: so the offset is
 * 0, and each example that was named correctly with some lead is also evidence that a name behind by that lead is wrong.
 * So the slope is defined even if all were right. They count as slightly less than certain, so that a few examples do
 * not amount to certainty. Newton's method, with the step halved while it makes things worse.
 *
 * @param leads How far each example's own label was ahead of all others; below 0 where it was named wrongly.
 * @param hasOthers There is more than one class; otherwise leads say nothing, and the number of examples decides.
 */
export function calibrate(leads: readonly number[], hasOthers: boolean): Calibration {
  const sure = (leads.length + 1) / (leads.length + 2);
  if (!hasOthers) return { slope: 0, offset: logit(sure) };
  let slope = 0;
  let gradient = slopeOf(slope, leads, sure);
  for (let step = 0; step < steps; step++) {
    if (Math.abs(gradient.first) < 1e-8) break;
    let moved = false;
    for (let share = 1; share > 1e-3; share /= 2) {
      const next = slope - (share * gradient.first) / gradient.second;
      const there = slopeOf(next, leads, sure);
      if (Math.abs(there.first) >= Math.abs(gradient.first)) continue;
      slope = next;
      gradient = there;
      moved = true;
      break;
    }
    if (!moved) break;
  }
  // A larger lead never lowers the probability.
  return { slope: Math.max(0, slope), offset: 0 };
}

/** The first and second derivatives of the loss. */
function slopeOf(slope: number, leads: readonly number[], sure: number) {
  let [first, second] = [penalty * slope, penalty];
  for (const lead of leads) {
    const chance = chanceOf({ slope, offset: 0 }, lead);
    first += (chance - sure) * lead;
    second += chance * (1 - chance) * lead * lead;
  }
  return { first, second };
}

/** Bisection, since logarithms may differ between processors. */
function logit(chance: number): number {
  let [low, high] = [-20, 20];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (chanceOf({ slope: 0, offset: middle }, 0) < chance) low = middle;
    else high = middle;
  }
  return low;
}
