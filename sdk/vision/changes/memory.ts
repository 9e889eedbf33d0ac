import type { MotionState } from '../../kernels/motion/motion.ts';

/** What a cell shows in the newest frame is what it shows when nothing moves: nothing changed there. */
export function take({ current, level, background, anchor, changed }: MotionState, cell: number): void {
  level[cell] = background[cell] = anchor[cell] = current[cell]!;
  changed[cell] = 0;
}

/** The changed cells, of which some may be taken meanwhile. */
export function* changedCells({ changed }: MotionState): Generator<number> {
  for (let cell = changed.indexOf(1); cell >= 0; cell = changed.indexOf(1, cell + 1)) yield cell;
}
