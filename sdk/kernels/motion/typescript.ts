import { cellSize, type Luma, longestRest, type MotionKernel, type MotionRule, type MotionState } from './motion.ts';

/** The TypeScript twin: the same values as the native kernels. */
export const motion: MotionKernel = (luma, state, rule) => {
  assertFits(luma, state);
  cellMeans(luma, state);
  return compareAndLearn(state, rule);
};

/** Mean brightness of each cell into `state.current`. */
export function cellMeans({ data, width, height, stride, step }: Luma, { columns, rows, current }: MotionState): void {
  if (width < cellSize || height < cellSize) {
    // Smaller than a cell: any pixel speaks for all.
    current.fill(data[0]! * 16);
    return;
  }
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      let line = row * cellSize * stride + column * cellSize * step;
      for (let y = 0; y < 4; y++) {
        sum += data[line]! + data[line + 2 * step]! + data[line + 4 * step]! + data[line + 6 * step]!;
        line += 2 * stride;
      }
      // A sum of 16 pixels is the mean in sixteenths.
      current[row * columns + column] = sum;
    }
  }
}

/** Compares `state.current` with the background and learns; see MotionKernel. */
export function compareAndLearn(state: MotionState, rule: MotionRule): number {
  const { current, level, background, noise, anchor, rest, changed, mask } = state;
  const { floor, smooth, follow, learn, learnChanged, passed, settle } = rule;
  let count = 0;
  for (let i = 0; i < current.length; i++) {
    changed[i] = 0;
    if (mask[i] === 0) continue;
    const was = background[i]!;
    const now = approach(level[i]!, current[i]!, smooth);
    const difference = now - was;
    const size = Math.abs(difference);
    const noisy = noise[i]! >> 3;
    const limit = floor + 4 * noisy;
    const away = size > limit;
    // Of the newest frame, towards the same side.
    const newest = difference < 0 ? was - current[i]! : current[i]! - was;
    const still = Math.abs(now - anchor[i]!) <= (floor >> 3) + 2 * noisy + (size >> 4);
    const rested = still ? Math.min(longestRest, rest[i]! + passed) : 0;
    if (!still) anchor[i] = now;
    if (away && 2 * newest >= size && rested <= settle >> 1) {
      changed[i] = 1;
      count++;
    }
    rest[i] = rested;
    level[i] = now;
    if (!away) background[i] = approach(was, now, follow);
    else if (rested >= settle) background[i] = now;
    // What is far away counts as the limit: one object is not taken for noise.
    const learnt = 8 * (away ? limit : size) - noise[i]!;
    noise[i]! += (learnt * (away ? learnChanged : learn)) >> 16;
  }
  return count;
}

/**
 * From one level towards another, by a fraction of the distance but at least by one, or a small difference would remain
 * forever.
 */
function approach(from: number, to: number, rate: number): number {
  const size = Math.abs(to - from);
  const step = Math.max((size * rate) >> 15, Math.min(size, 1));
  return to < from ? from - step : from + step;
}

function assertFits({ data, width, height, stride, step }: Luma, { columns, rows }: MotionState): void {
  if (stride < width * step) throw new RangeError(`stride: expected at least ${width * step}, got ${stride}`);
  const needed = (height - 1) * stride + (width - 1) * step + 1;
  if (data.length < needed) {
    throw new RangeError(`luma: expected at least ${needed} bytes for ${width} x ${height} pixels, got ${data.length}`);
  }
  const cells = Math.max(1, Math.floor(width / cellSize)) * Math.max(1, Math.floor(height / cellSize));
  if (columns * rows === cells) return;
  throw new RangeError(`state: expected ${cells} cells for ${width} x ${height} pixels, got ${columns * rows}`);
}
