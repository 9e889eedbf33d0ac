import type { MotionKernel } from './motion.ts';

/** What motion/binding.cpp gives. */
export interface MotionFunctions {
  motion(
    luma: Uint8Array,
    width: number,
    height: number,
    stride: number,
    step: number,
    floor: number,
    follow: number,
    background: Uint16Array,
    noise: Uint16Array,
    current: Uint16Array,
    changed: Uint8Array,
    mask: Uint8Array,
  ): number;
}

export function nativeMotion(functions: MotionFunctions): MotionKernel {
  return ({ data, width, height, stride, step }, state, floor, follow) => {
    const { background, noise, current, changed, mask } = state;
    return functions.motion(
      data,
      width,
      height,
      stride,
      step,
      floor,
      follow,
      background,
      noise,
      current,
      changed,
      mask,
    );
  };
}
