import { type Spread, spread } from '../../shared/run.ts';
import type { Candidate, Measured, Measurement } from './measure.ts';

export const aims = ['latency', 'cpu', 'energy'] as const;
/** What is to be least: the time to the boxes, the processor time a frame, or the energy a frame. */
export type Aim = (typeof aims)[number];

/** A difference below this share is none, however often it was measured: another minute it is another one. */
const least = 0.05;
/** The core is to be busy for so much of the time at most: motion, pictures, MQTT and a hot day need the rest. */
const busyShare = 0.5;
/** The rates that are looked at, frames a second of each camera; more than the last is for who asks for it. */
export const rates: readonly number[] = [1, 2, 5, 10];

/** A figure over the rounds; undefined where one of them has none. */
export function figureOf({ rounds }: Measured, aim: Aim): Spread | undefined {
  const figures = rounds.flatMap((round) => valueFor[aim](round) ?? []);
  return figures.length === rounds.length && figures.length > 0 ? spread(figures) : undefined;
}

const valueFor: Readonly<Record<Aim, (one: Measurement) => number | null>> = {
  latency: ({ latencyMs }) => latencyMs.median,
  cpu: ({ cpuMs }) => cpuMs,
  energy: ({ joules }) => joules,
};

/**
 * The best way to run the network. Those whose median is within 5 % of the best one, or whose spread overlaps with the best
 * one's, are as good; of these the one with the fewest threads, and of several the one whose median is lower.
 *
 * @returns Undefined when none has the figure.
 */
export function chooseWay(measured: readonly Measured[], aim: Aim): Candidate | undefined {
  const all = measured.flatMap((one) => {
    const figure = figureOf(one, aim);
    return figure ? [{ candidate: one.candidate, figure }] : [];
  });
  const best = all.toSorted((a, b) => a.figure.median - b.figure.median)[0];
  if (!best) return undefined;
  const { median, high } = best.figure;
  return all
    .filter(({ figure }) => figure.median <= median * (1 + least) || figure.low <= high)
    .toSorted((a, b) => a.candidate.threads - b.candidate.threads || a.figure.median - b.figure.median)[0]!.candidate;
}

/**
 * Does it keep up: in most of the rounds, was no frame missed, and was the core busy for half of the time at most? One round
 * may have had a bad minute.
 */
export function keepsUp({ candidate, rounds }: Measured): boolean {
  const kept = rounds.filter(
    ({ missed, latencyMs }) => missed === 0 && (latencyMs.p95 * candidate.rate) / 1000 <= busyShare,
  );
  return kept.length > rounds.length / 2;
}

/** The highest rate of each camera that is kept up with; undefined when none is. */
export function chooseRate(measured: readonly Measured[], cameras: number): number | undefined {
  const kept = measured.filter(keepsUp).map(({ candidate }) => candidate.rate / cameras);
  return kept.length > 0 ? Math.max(...kept) : undefined;
}
