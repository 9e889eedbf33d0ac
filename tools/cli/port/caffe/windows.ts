import { type Shape, wrong } from './kind.ts';
import type { CaffeLayer } from './network.ts';
import type { TextMessage } from './text-format.ts';

/** How a window moves over a picture, height before width. */
export interface Windows {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly pad: readonly [number, number];
  readonly dilation: readonly [number, number];
}

/** More would be a mistake, and loops over it would not end. */
const most = 4096;

/** @throws InputError when the layer does not say them, or says something else. */
export function windowsOf(layer: CaffeLayer, settings: TextMessage, kernel?: readonly [number, number]): Windows {
  const pair = (name: string, whole: string, fallback?: number, least = 1): readonly [number, number] => {
    const both = settings.numbers(whole);
    const sides = [
      settings.number(`${name}_h`) ?? both[0] ?? fallback,
      settings.number(`${name}_w`) ?? both[1] ?? both[0] ?? fallback,
    ];
    if (sides.every((side) => Number.isInteger(side) && side! >= least && side! <= most))
      return sides as [number, number];
    throw wrong(layer, `a ${whole} of whole numbers, ${least} to ${most}`, `${sides.join(', ')}`);
  };
  return {
    kernel: kernel ?? pair('kernel', 'kernel_size'),
    stride: pair('stride', 'stride', 1),
    pad: pair('pad', 'pad', 0, 0),
    dilation: pair('dilation', 'dilation', 1),
  };
}

/** @throws InputError when it is not a batch of pictures. */
export function assertPicture(layer: CaffeLayer, shape: Shape | undefined): asserts shape is Shape {
  if (shape?.length !== 4) throw wrong(layer, 'a bottom of 4 dimensions', `[${shape?.join(', ') ?? ''}]`);
}

/** @throws InputError when no window fits. */
export function assertSides(layer: CaffeLayer, sides: readonly number[]): void {
  if (sides.every((side) => side > 0)) return;
  throw wrong(layer, 'windows that fit into its bottom', `${sides.join(' x ')} of them`);
}
