import { asset } from '../../../sdk/base/assets.ts';
import type { EngineName } from '../../../sdk/config/schema.ts';

import { launcher, runJson } from '../../shared/run.ts';

/** One way to run the network. */
export interface Candidate {
  readonly engine: EngineName;
  readonly threads: number;
  /** What OCELLUS_KERNELS says; empty: what is chosen by itself. */
  readonly kernels: string;
  /** Frames a second that are offered. */
  readonly rate: number;
}

/** What a run over some seconds gave; the same frames in each. */
export interface Measurement {
  /** Which one it was, where `auto` was asked for. */
  readonly engine: EngineName;
  /** Which ones were in use. */
  readonly kernels: string;
  readonly frames: number;
  /** Frames that came while another was looked at. */
  readonly missed: number;
  /** From a frame to its boxes, ms. */
  readonly latencyMs: { readonly median: number; readonly p95: number };
  /** Of one core a frame, this process and its threads, ms. */
  readonly cpuMs: number;
  /** A frame, of all that the source covers, the pause until the next frame included; null where nothing measures it. */
  readonly joules: number | null;
}

export interface Measured {
  readonly candidate: Candidate;
  readonly rounds: readonly Measurement[];
}

/** One that cannot be run at all, such as an engine that is not built. */
export interface Failed {
  readonly candidate: Candidate;
  readonly why: string;
}

/**
 * Runs all candidates once, then all once more, and so on, each round in the other direction: what else the machine does, and
 * that it gets warm, hits all alike. One that fails is left out from then on, and so is its engine.
 */
export async function measureInTurns(
  candidates: readonly Candidate[],
  options: { rounds: number; run: (candidate: Candidate) => Promise<Measurement>; step?: () => void },
): Promise<{ measured: Measured[]; failed: Failed[] }> {
  const failed: Failed[] = [];
  const rounds = new Map<Candidate, Measurement[]>(candidates.map((candidate) => [candidate, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const candidate of round % 2 === 0 ? candidates : candidates.toReversed()) {
      if (failed.some((one) => one.candidate.engine === candidate.engine)) continue;
      try {
        rounds.get(candidate)!.push(await options.run(candidate));
      } catch (error) {
        failed.push({ candidate, why: lastLine(error) });
      }
      options.step?.();
    }
  }
  const isWhole = ([, { length }]: [Candidate, Measurement[]]) => length === options.rounds;
  return { measured: [...rounds].filter(isWhole).map(([candidate, all]) => ({ candidate, rounds: all })), failed };
}

/** Runs a candidate as a process of its own. */
export function runSubject({ engine, threads, kernels, rate }: Candidate, model: string, seconds: number) {
  return runJson<Measurement>('env', [
    `OCELLUS_KERNELS=${kernels}`,
    ...launcher(),
    asset('dist', 'tools', 'cli', 'tune', 'subject.js'),
    ...['--model', model, '--engine', engine, '--threads', String(threads)],
    ...['--rate', String(rate), '--seconds', String(seconds)],
  ]);
}

const lastLine = (error: unknown) =>
  String((error as Error).message)
    .trim()
    .split('\n')
    .at(-1)!;
