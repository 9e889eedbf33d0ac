import { expOf } from '../kernels/decode/exp.ts';

/** The chance that a name with this margin is right: `1 / (1 + exp(-(slope * margin + offset)))`. */
export interface Calibration {
  readonly slope: number;
  readonly offset: number;
}

/** e^-x is worked out in 32-bit floats by additions and multiplications, so it is the same on each processor. */
export function chanceOf({ slope, offset }: Calibration, margin: number): number {
  const x = Math.max(-80, Math.min(80, slope * margin + offset));
  const power = expOf(Math.fround(-Math.abs(x)));
  return x >= 0 ? 1 / (1 + power) : power / (1 + power);
}

const steps = 30;
/** Keeps the slope small while little is known. */
const penalty = 0.01;

/**
 * Fits it to margins of examples that were left out (Platt 1999): wrong and right ones count as a little less than
 * sure, so that a few examples make no certainty. Newton's method, halved while it makes things worse.
 *
 * @param right Whether the name that has the margin was right.
 */
export function calibrate(margins: readonly number[], right: readonly boolean[]): Calibration {
  const rights = right.filter(Boolean).length;
  const wrongs = right.length - rights;
  const goals = right.map((is) => (is ? (rights + 1) / (rights + 2) : 1 / (wrongs + 2)));
  let best: Calibration = { slope: 0, offset: 0 };
  let gradient = slopeOf(best, margins, goals);
  for (let step = 0; step < steps; step++) {
    const { a, b, aa, ab, bb } = gradient;
    const determinant = aa * bb - ab * ab;
    if (!(determinant > 1e-12) || a * a + b * b < 1e-16) break;
    let moved = false;
    for (let share = 1; share > 1e-3; share /= 2) {
      const slope = best.slope - (share * (bb * a - ab * b)) / determinant;
      const offset = best.offset - (share * (aa * b - ab * a)) / determinant;
      const next = slopeOf({ slope, offset }, margins, goals);
      if (next.a * next.a + next.b * next.b >= a * a + b * b) continue;
      best = { slope, offset };
      gradient = next;
      moved = true;
      break;
    }
    if (!moved) break;
  }
  // A larger margin is never a smaller chance.
  return best.slope >= 0 ? best : { slope: 0, offset: logit((rights + 1) / (right.length + 2)) };
}

/** The first and second derivatives of the loss. */
function slopeOf(calibration: Calibration, margins: readonly number[], goals: readonly number[]) {
  let [a, b, aa, ab, bb] = [penalty * calibration.slope, 0, penalty, 0, 1e-6];
  for (let i = 0; i < margins.length; i++) {
    const margin = margins[i]!;
    const chance = chanceOf(calibration, margin);
    const error = chance - goals[i]!;
    const weight = chance * (1 - chance);
    a += error * margin;
    b += error;
    aa += weight * margin * margin;
    ab += weight * margin;
    bb += weight;
  }
  return { a, b, aa, ab, bb };
}

/** Bisection, since a logarithm may differ from one processor to the next. */
function logit(chance: number): number {
  let [low, high] = [-20, 20];
  for (let i = 0; i < 50; i++) {
    const middle = (low + high) / 2;
    if (chanceOf({ slope: 0, offset: middle }, 0) < chance) low = middle;
    else high = middle;
  }
  return low;
}
