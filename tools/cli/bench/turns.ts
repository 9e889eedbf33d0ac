export interface Measured<C, M> {
  readonly candidate: C;
  readonly rounds: readonly M[];
}

/** A candidate that cannot be run, such as an engine that is not built. */
export interface Failed<C> {
  readonly candidate: C;
  readonly why: string;
}

export interface Turns<C, M> {
  readonly rounds: number;
  readonly run: (candidate: C) => Promise<M>;
  readonly step?: () => void;
  /** Once one has failed, the others of the same kind are not tried. Default: each is of its own kind. */
  readonly kindOf?: (candidate: C) => unknown;
}

/**
 * Runs all candidates in rounds, each in the opposite order of the last: other load and warming up then affect all
 * alike. One that fails is skipped from then on, and so are those of its kind.
 */
export async function measureInTurns<C, M>(
  candidates: readonly C[],
  { rounds: count, run, step, kindOf = (candidate) => candidate }: Turns<C, M>,
): Promise<{ measured: Measured<C, M>[]; failed: Failed<C>[] }> {
  const failed: Failed<C>[] = [];
  const rounds = new Map<C, M[]>(candidates.map((candidate) => [candidate, []]));
  for (let round = 0; round < count; round++) {
    for (const candidate of round % 2 === 0 ? candidates : candidates.toReversed()) {
      if (!failed.some((one) => kindOf(one.candidate) === kindOf(candidate))) {
        try {
          rounds.get(candidate)!.push(await run(candidate));
        } catch (error) {
          failed.push({ candidate, why: lastLine(error) });
        }
      }
      step?.();
    }
  }
  const isWhole = ([, { length }]: [C, M[]]) => length === count;
  return { measured: [...rounds].filter(isWhole).map(([candidate, all]) => ({ candidate, rounds: all })), failed };
}

/** Of what a process said: its last line is what it ended with. */
export const lastLine = (error: unknown) =>
  String((error as Error).message)
    .trim()
    .split('\n')
    .at(-1)!;

/** Of an error that goes on with an example. */
export const firstLine = (text: string) => text.split('\n')[0]!;
