import type { Baseline } from './card.ts';

/** What a node says of itself, again and again, in a file of its run folder. */
export interface HealthReport {
  readonly version: string;
  readonly uptimeSeconds: number;
  /** Frames that each enabled camera has given so far, by name. */
  readonly cameras: ReadonlyMap<string, number>;
  /**
   * The way to the broker. `refused`: its machine answers, and the broker takes nobody or not us; `unreachable`: nothing
   * answers, or there is no network.
   */
  readonly broker: 'off' | 'connected' | 'refused' | 'unreachable';
  /** The kernels in use: `typescript`, or the instruction set of the native ones. */
  readonly kernels: string;
}

export type Verdict =
  | { readonly state: 'good' }
  /** Not good yet: what is missing. */
  | { readonly state: 'waiting'; readonly missing: readonly string[] };

/** Frames that a camera has to give between two reports to count as flowing. */
const leastFrames = 1;

/** What a system can do, for an update to keep. */
export function baselineOf(earlier: HealthReport | undefined, later: HealthReport | undefined): Baseline {
  return {
    cameras: later ? flowing(earlier, later) : [],
    broker: later?.broker === 'connected',
    native: later !== undefined && later.kernels !== 'typescript',
  };
}

/**
 * Judges a new version by two reports of it that lie some seconds apart. What did not work before is not asked for: a
 * camera that was unplugged, a broker that was away. A broker that is known to be away now, because its machine answers
 * and it does not, is no reason either; one that nothing is known of is, where it was connected before: the network may be
 * what the new version cannot.
 *
 * @param before Undefined where nobody wrote it down: then one camera has to give frames, if there is one.
 */
export function judge(
  earlier: HealthReport | undefined,
  later: HealthReport | undefined,
  before: Baseline | undefined,
): Verdict {
  if (!later) return { state: 'waiting', missing: ['ocellus does not run'] };
  if (!earlier || later.uptimeSeconds <= earlier.uptimeSeconds)
    return { state: 'waiting', missing: ['ocellus has just started'] };
  const missing: string[] = [];
  const flow = new Set(flowing(earlier, later));
  if (before) {
    for (const name of before.cameras)
      if (!flow.has(name)) missing.push(`the camera ${name} gave frames before and gives none`);
  } else if (later.cameras.size > 0 && flow.size === 0) missing.push('no camera gives frames');
  if (before?.broker && (later.broker === 'unreachable' || later.broker === 'off'))
    missing.push('the broker was connected before and nothing answers there');
  if (before?.native !== false && later.kernels === 'typescript') missing.push('the native kernels do not load');
  return missing.length === 0 ? { state: 'good' } : { state: 'waiting', missing };
}

function flowing(earlier: HealthReport | undefined, later: HealthReport): string[] {
  return [...later.cameras]
    .filter(([name, frames]) => frames - (earlier?.cameras.get(name) ?? 0) >= leastFrames)
    .map(([name]) => name);
}
