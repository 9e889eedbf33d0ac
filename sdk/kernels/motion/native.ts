import type { MotionKernel } from './motion.ts';

/** What motion/binding.cpp gives. */
export interface MotionFunctions {
  /** @param numbers Width, height, stride and step, then the rule in the order of its fields. */
  motion(
    luma: Uint8Array,
    numbers: Int32Array,
    current: Uint16Array,
    level: Uint16Array,
    background: Uint16Array,
    noise: Uint16Array,
    anchor: Uint16Array,
    rest: Uint16Array,
    changed: Uint8Array,
    mask: Uint8Array,
  ): number;
}

export function nativeMotion(functions: MotionFunctions): MotionKernel {
  const numbers = new Int32Array(11);
  return ({ data, width, height, stride, step }, state, rule) => {
    const { floor, smooth, follow, learn, learnChanged, passed, settle } = rule;
    numbers.set([width, height, stride, step, floor, smooth, follow, learn, learnChanged, passed, settle]);
    const { current, level, background, noise, anchor, rest, changed, mask } = state;
    return functions.motion(data, numbers, current, level, background, noise, anchor, rest, changed, mask);
  };
}
