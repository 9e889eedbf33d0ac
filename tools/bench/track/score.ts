import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { asset } from '../../../sdk/base/assets.ts';
import { runJson } from '../../shared/run.ts';
import { preparePython } from '../python.ts';

/** Of one tracker on one sequence, by TrackEval; shares in per cent. */
export interface Score {
  hota: number;
  deta: number;
  assa: number;
  mota: number;
  idf1: number;
  switches: number;
  falsePositives: number;
  falseNegatives: number;
  fragments: number;
}

/** Tracker, sequence. */
export type Scores = Record<string, Record<string, Score>>;

const script = () => asset('tools', 'bench', 'peer', 'track-score.py');

/** The file with the truth of a public sequence, out of a Python package. */
export async function tudFile(name: string): Promise<string> {
  const folder = await runJson<string>(preparePython('track-score.txt'), [script(), '--tud']);
  return join(folder, name, 'gt.txt');
}

/** @param folder As `layout` describes it. */
export function score(folder: string, trackers: readonly string[]): Promise<Scores> {
  const processes = String(Math.min(4, availableParallelism()));
  return runJson<Scores>(preparePython('track-score.txt'), [script(), folder, JSON.stringify(trackers), processes]);
}
