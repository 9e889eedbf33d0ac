import { type Peer, type Peers, peers } from './peers.ts';
import { type Score, score } from './score.ts';

type Settings = Peer['settings'];
export type Grid = Readonly<Record<string, readonly (number | string)[]>>;

/** What is tried of each tracker's settings, its own default first. */
export const grids: Readonly<Record<string, Grid>> = {
  bytetrack: {
    track_activation_threshold: [0.7, 0.6, 0.5],
    high_conf_det_threshold: [0.6, 0.5, 0.4],
    minimum_iou_threshold: [0.1, 0.05, 0.2, 0.3],
    minimum_consecutive_frames: [2, 1, 3],
    lost_track_buffer: [30, 60, 90],
  },
  sort: {
    track_activation_threshold: [0.25, 0.4, 0.5, 0.6],
    minimum_iou_threshold: [0.3, 0.2, 0.1, 0.05],
    minimum_consecutive_frames: [3, 2, 1],
    lost_track_buffer: [30, 60],
  },
  ocsort: {
    high_conf_det_threshold: [0.6, 0.5, 0.4, 0.3],
    minimum_consecutive_frames: [3, 2, 1],
    minimum_iou_threshold: [0.3, 0.2, 0.1],
    direction_consistency_weight: [0.2, 0.1, 0],
    delta_t: [3, 1],
    lost_track_buffer: [30, 60],
  },
  cbiou: {
    track_activation_threshold: [0.7, 0.6, 0.5],
    high_conf_det_threshold: [0.6, 0.5, 0.4],
    minimum_consecutive_frames: [2, 1, 3],
    minimum_iou_threshold_second_assoc: [0.5, 0.3],
    buffer_ratio_first: [0.3, 0.15, 0.5, 0.7],
    lost_track_buffer: [30, 60],
  },
  supervision: {
    track_activation_threshold: [0.25, 0.4, 0.5, 0.6],
    minimum_matching_threshold: [0.8, 0.7, 0.9, 0.95],
    minimum_consecutive_frames: [1, 2, 3],
    lost_track_buffer: [30, 60],
  },
  norfair: {
    distance_function: ['iou'],
    distance_threshold: [0.7, 0.8, 0.9],
    seconds: [0.5, 1, 2],
    initialization_delay: [3, 2, 1],
    score: [0.5, 0.4, 0.3, 0.2],
  },
};

/**
 * Looks for the best settings one after the other: each takes the value that was best with the others as they are by then.
 *
 * @param sweeps How often over.
 * @param rate How good each of these is; the more the better.
 */
export async function descend(
  grid: Grid,
  sweeps: number,
  rate: (trials: readonly Settings[]) => Promise<readonly number[]>,
) {
  let best: Settings = Object.fromEntries(Object.entries(grid).map(([name, [first]]) => [name, first!]));
  let value = (await rate([best]))[0]!;
  const byDefault = value;
  const known = new Set([JSON.stringify(best)]);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    for (const [name, values] of Object.entries(grid)) {
      const trials = values.map((one) => ({ ...best, [name]: one })).filter((one) => !known.has(JSON.stringify(one)));
      if (trials.length === 0) continue;
      const found = await rate(trials);
      for (const [i, trial] of trials.entries()) {
        known.add(JSON.stringify(trial));
        if (found[i]! <= value) continue;
        best = trial;
        value = found[i]!;
      }
    }
  }
  return { best, value, byDefault, trials: known.size };
}

export interface Tuned {
  readonly tracker: string;
  readonly best: Settings;
  /** Mean HOTA over the sequences: with these settings and with the first ones. */
  readonly value: number;
  readonly byDefault: number;
  readonly trials: number;
}

/** Tunes the other trackers on the sequences of a folder: those of the seeds for choosing. */
export async function tune(folder: string, runner: Peers): Promise<Tuned[]> {
  const results: Tuned[] = [];
  for (const [tracker, grid] of Object.entries(grids)) {
    const { requirements } = peers.find((one) => one.tracker === tracker)!;
    // What is called tuned in the table had a second look.
    const found = await descend(grid, tracker === 'bytetrack' ? 2 : 1, async (trials) => {
      const named = trials.map((settings, i) => ({ settings, name: `trial-${i}` }));
      for (const { settings, name } of named) await runner.track(folder, { name, tracker, settings, requirements });
      const scores = await score(
        folder,
        named.map(({ name }) => name),
      );
      return named.map(({ name, settings }) => {
        const hota = meanHota(Object.values(scores[name]!));
        console.error(`${tracker} ${hota.toFixed(2)} ${JSON.stringify(settings)}`);
        return hota;
      });
    });
    results.push({ tracker, ...found });
  }
  return results;
}

const meanHota = (scores: readonly Score[]) => scores.reduce((sum, { hota }) => sum + hota, 0) / scores.length;
