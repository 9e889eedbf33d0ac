import { cellSize, type Luma, type MotionKernel, type MotionState } from './motion.ts';

/** The TypeScript twin: the same values as the native kernels. */
export const motion: MotionKernel = (luma, state, floor, follow) => {
  assertFits(luma, state);
  cellMeans(luma, state);
  return compareAndLearn(state, floor, follow);
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

/** Compares `state.current` with the background; see MotionKernel. */
export function compareAndLearn(state: MotionState, floor: number, follow: number): number {
  const { columns, background, noise, current, changed, mask } = state;
  let count = 0;
  for (let i = 0; i < current.length; i++) {
    if (mask[i] === 0) {
      changed[i] = 0;
      continue;
    }
    const difference = current[i]! - background[i]!;
    const size = difference < 0 ? -difference : difference;
    // At least one, or a small difference would stand for ever.
    const step = size === 0 ? 0 : (size * follow) >> 8 || 1;
    background[i]! += difference < 0 ? -step : step;
    if (size > floor + 4 * noise[i]!) {
      changed[i] = 1;
      if ((i % columns > 0 && changed[i - 1] === 1) || (i >= columns && changed[i - columns] === 1)) count++;
    } else {
      changed[i] = 0;
      noise[i]! += (size - noise[i]!) >> 4;
    }
  }
  return count;
}

function assertFits({ data, width, height, stride, step }: Luma, { columns, rows }: MotionState): void {
  const needed = (height - 1) * stride + (width - 1) * step + 1;
  if (data.length < needed) {
    throw new RangeError(`luma: expected at least ${needed} bytes for ${width} x ${height} pixels, got ${data.length}`);
  }
  const cells = Math.max(1, Math.floor(width / cellSize)) * Math.max(1, Math.floor(height / cellSize));
  if (columns * rows === cells) return;
  throw new RangeError(`state: expected ${cells} cells for ${width} x ${height} pixels, got ${columns * rows}`);
}
