import type { EngineName } from '../../../sdk/config/schema.ts';
import { type Measurement, runSubject } from '../bench/task.ts';
import type * as turns from '../bench/turns.ts';

/** One way to run the network. */
export interface Candidate {
  readonly engine: EngineName;
  readonly threads: number;
  /** Value of OCELLUS_KERNELS; empty: the automatic choice. */
  readonly kernels: string;
  /** Frames per second that are offered. */
  readonly rate: number;
}

/** What is decided by, of a measurement. */
export interface TunedRun extends Pick<Measurement, 'engine' | 'kernels' | 'frames' | 'missed' | 'cpuMs' | 'joules'> {
  readonly latencyMs: Pick<Measurement['latencyMs'], 'median' | 'p95'>;
}

export type Measured = turns.Measured<Candidate, TunedRun>;
export type Failed = turns.Failed<Candidate>;

/** Runs a candidate at its rate on views of the scene, in a separate process. */
export function runCandidate({ rate, ...way }: Candidate, model: string, seconds: number): Promise<TunedRun> {
  return runSubject({ model, ...way }, { kind: 'timed', rate, seconds, power: 'board' });
}
