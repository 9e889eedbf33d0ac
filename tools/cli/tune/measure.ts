import { asset } from '../../../sdk/base/assets.ts';
import type { EngineName } from '../../../sdk/config/schema.ts';

import { launcher, runJson } from '../../shared/run.ts';

/** One way to run the network. */
export interface Candidate {
  readonly engine: EngineName;
  readonly threads: number;
  /** Value of OCELLUS_KERNELS; empty: the automatic choice. */
  readonly kernels: string;
  /** Frames per second that are offered. */
  readonly rate: number;
}

/** The result of a run over some seconds, with the same frames each time. */
export interface Measurement {
  /** Which one it was, where `auto` was asked for. */
  readonly engine: EngineName;
  /** The kernels in use. */
  readonly kernels: string;
  readonly frames: number;
  /** Frames that arrived while another was processed. */
  readonly missed: number;
  /** From a frame to its boxes, ms. */
  readonly latencyMs: { readonly median: number; readonly p95: number };
  /** CPU time per frame, of this process and its threads, ms. */
  readonly cpuMs: number;
  /**
   * Energy per frame, of all that the power source supplies, including the pause until the next frame; null if not
   * measured.
   */
  readonly joules: number | null;
}

export interface Measured {
  readonly candidate: Candidate;
  readonly rounds: readonly Measurement[];
}

/** A candidate that cannot be run, such as an engine that is not built. */
export interface Failed {
  readonly candidate: Candidate;
  readonly why: string;
}

/**
 * Runs all candidates in rounds, each in the opposite order of the last: other load and warming up then affect all
 * alike. One that fails is skipped from then on, and so is its engine.
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

/** Runs a candidate in a separate process. */
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
