import { type Spread, spread } from '../../shared/run.ts';
import { burstMs, Running, type Subject } from './running.ts';

/** How many times as fast, by the clock. */
export interface Gain {
  /** One run by several threads, of one run by one. */
  readonly threads: Spread;
  /** As many processes of one thread each at once, all their runs together: what the machine has to give. */
  readonly processes: Spread;
}

/**
 * What threads gain, in turns: one thread, several threads, and as many processes of one thread at once.
 *
 * @param subject Of how many threads.
 */
export async function gainsOf(
  subject: (threads: number) => Subject,
  threads: number,
  rounds: number,
  env: Record<string, string>,
): Promise<Gain> {
  const running: Running[] = [];
  try {
    for (let i = 0; i < threads; i++) running.push(await Running.start(subject(1), env));
    const shared = await Running.start(subject(threads), env);
    running.push(shared);
    const [one, ...others] = running.slice(0, threads) as [Running, ...Running[]];
    const { wallMs } = await one.run(3);
    const repeat = Math.max(1, Math.round(burstMs / wallMs));
    const gains: { threads: number; processes: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      const alone = await one.run(repeat);
      const byThreads = await shared.run(repeat);
      const began = performance.now();
      await Promise.all([one, ...others].map((process) => process.run(repeat)));
      const eachMs = (performance.now() - began) / (threads * repeat);
      gains.push({ threads: alone.wallMs / byThreads.wallMs, processes: alone.wallMs / eachMs });
    }
    return {
      threads: spread(gains.map((gain) => gain.threads)),
      processes: spread(gains.map((gain) => gain.processes)),
    };
  } finally {
    for (const process of running) process.end();
  }
}
