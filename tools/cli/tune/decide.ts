import { type Spread, spread } from '../../shared/run.ts';
import { equallyGood } from '../bench/decide.ts';
import type { Candidate, Measured, TunedRun } from './candidate.ts';

export const aims = ['latency', 'cpu', 'energy'] as const;
/** What to minimise: latency, processor time per frame, or energy per frame. */
export type Aim = (typeof aims)[number];

/** The core may be busy for at most this fraction of the time: motion, pictures, MQTT and a hot day need the rest. */
const busyShare = 0.5;
/** The rates that are tried, frames per second per camera; higher ones must be set explicitly. */
export const rates: readonly number[] = [1, 2, 5, 10];

/** A figure over the rounds; undefined when one of them has none. */
export function figureOf({ rounds }: Measured, aim: Aim): Spread | undefined {
  const figures = rounds.flatMap((round) => valueFor[aim](round) ?? []);
  return figures.length === rounds.length && figures.length > 0 ? spread(figures) : undefined;
}

const valueFor: Readonly<Record<Aim, (one: TunedRun) => number | null>> = {
  latency: ({ latencyMs }) => latencyMs.median,
  cpu: ({ cpuMs }) => cpuMs,
  energy: ({ joules }) => joules,
};

/**
 * The best way to run the network. Those whose median is within 5 % of the best one, or whose spread overlaps with the best
 * one's, are equally good; of these the one with the fewest threads, then with the lowest median.
 *
 * @returns Undefined when none has the figure.
 */
export function chooseWay(measured: readonly Measured[], aim: Aim): Candidate | undefined {
  const median = (one: Measured) => figureOf(one, aim)!.median;
  return equallyGood(measured, (one) => figureOf(one, aim)).toSorted(
    (a, b) => a.candidate.threads - b.candidate.threads || median(a) - median(b),
  )[0]?.candidate;
}

/**
 * Whether it keeps up: in most rounds no frame was missed, and the core was busy for at most half of the time. One
 * round may have had a bad minute.
 */
export function keepsUp({ candidate, rounds }: Measured): boolean {
  const kept = rounds.filter(
    ({ missed, latencyMs }) => missed === 0 && (latencyMs.p95 * candidate.rate) / 1000 <= busyShare,
  );
  return kept.length > rounds.length / 2;
}

/** The highest sustainable rate per camera; undefined when there is none. */
export function chooseRate(measured: readonly Measured[], cameras: number): number | undefined {
  const kept = measured.filter(keepsUp).map(({ candidate }) => candidate.rate / cameras);
  return kept.length > 0 ? Math.max(...kept) : undefined;
}
