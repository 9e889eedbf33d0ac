import type { MotionState } from '../../kernels/motion/motion.ts';

/** Takes the newest frame of a cell as its background: nothing changed there. */
export function take({ current, level, background, anchor, changed }: MotionState, cell: number): void {
  level[cell] = background[cell] = anchor[cell] = current[cell]!;
  changed[cell] = 0;
}

/** The changed cells; some may be cleared in between. */
export function* changedCells({ changed }: MotionState): Generator<number> {
  for (let cell = changed.indexOf(1); cell >= 0; cell = changed.indexOf(1, cell + 1)) yield cell;
}
