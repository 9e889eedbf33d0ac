/** Of so many nodes that wait for each other few are early, and one that is alone is not late. */
const largestFleet = 10_000;
const steepness = Math.log(largestFleet);

/**
 * How long a node waits for others to do what one of them has to do, ms: between `leastMs` and twice that. The number of
 * those who are due grows exponentially with time, so that of however many nodes only a few go before they have heard of the
 * first; with equal chances for all times, each of a thousand would be followed by dozens.
 *
 * @param random Returns numbers from 0 to 1.
 */
export function helpDelayMs(leastMs: number, random: () => number = Math.random): number {
  return leastMs * (1 + Math.log1p((largestFleet - 1) * random()) / steepness);
}
