import type { Spread } from '../../shared/run.ts';

/** Differences below this fraction are ignored, however often measured: they change from minute to minute. */
export const least = 0.05;

/**
 * Those that are as good as the best one: whose median is within 5 % of its, or whose spread overlaps with its.
 *
 * @param figureOf Undefined: not known, so not among them.
 * @param isMost Whether the largest is the best. Default: the smallest.
 */
export function equallyGood<T>(all: readonly T[], figureOf: (one: T) => Spread | undefined, isMost = false): T[] {
  const sign = isMost ? -1 : 1;
  const known = all.flatMap((one) => {
    const figure = figureOf(one);
    return figure ? [{ one, figure }] : [];
  });
  const best = known.toSorted((a, b) => sign * (a.figure.median - b.figure.median))[0];
  if (!best) return [];
  const { median, low, high } = best.figure;
  const isClose = ({ median: its }: Spread) => (isMost ? its >= median * (1 - least) : its <= median * (1 + least));
  const overlaps = (its: Spread) => (isMost ? its.high >= low : its.low <= high);
  return known.filter(({ figure }) => isClose(figure) || overlaps(figure)).map(({ one }) => one);
}
