import type { Measured, Stretch } from './network/network.ts';
import { reachOf } from './network/view.ts';

/** The least and largest number of each channel. */
export interface Ranges {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

export function emptyRanges(channels: number): Ranges {
  return {
    low: new Float64Array(channels).fill(Number.POSITIVE_INFINITY),
    high: new Float64Array(channels).fill(Number.NEGATIVE_INFINITY),
  };
}

/** How many channels a layer has in which a tensor lies as this; between those of the tensor there may be others. */
export function channelsIn({ dims }: Measured): number {
  return reachOf(dims.flat().filter(({ axis }) => axis === 'c'));
}

/**
 * Names what is measured: a tensor may lie in several layers, and what is a channel in one of them is a row in another.
 * Layers whose channels are the same numbers have the same key.
 */
export function rangesKey({ tensor, dims }: Pick<Measured, 'tensor' | 'dims'>): string {
  const walk = dims.flat().map(({ axis, size, step }) => (axis === 'c' ? [size, step] : size));
  return JSON.stringify([tensor, walk]);
}

/** Widens ranges by a tensor's numbers, which lie in the order of its dimensions. */
export function widen(ranges: Ranges, numbers: ArrayLike<number>, { dims }: Measured): void {
  const stretches = dims.flat();
  let at = 0;
  const walk = (depth: number, channel: number) => {
    const stretch: Stretch = stretches[depth] ?? { axis: 'w', size: 1, step: 1 };
    const { axis, size, step } = stretch;
    const apart = axis === 'c' ? step : 0;
    if (depth < stretches.length - 1) {
      for (let i = 0; i < size; i++) walk(depth + 1, channel + i * apart);
      return;
    }
    const { low, high } = ranges;
    for (let i = 0; i < size; i++) {
      const value = numbers[at++]!;
      const c = channel + i * apart;
      if (value < low[c]!) low[c] = value;
      if (value > high[c]!) high[c] = value;
    }
  };
  walk(0, 0);
}
