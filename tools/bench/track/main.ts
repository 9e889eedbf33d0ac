// `npm run bench:track`: our tracker beside others on the same detections, scored by TrackEval.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printError } from '../../shared/output.ts';
import { Progress } from '../progress.ts';
import { readMot, writeMot } from './mot.ts';
import { type Options, optionsOf } from './options.ts';
import { asDetected, byFrame, ours } from './ours.ts';
import { type Peer, Peers, peers } from './peers.ts';
import { scenarioTables, scoreTables, sequenceTable, timesTable, tuningTable } from './report.ts';
import { scenarios } from './scenarios.ts';
import { type Scores, score, tudFile } from './score.ts';
import {
  type Layout,
  layout,
  perfect,
  pictureOf,
  type SeedSet,
  save,
  seedSets,
  sequencesOf,
  type Written,
  write,
} from './sequences.ts';
import { counts, times } from './times.ts';
import { tune } from './tune.ts';

/** Of a scene that is made; of one that is only there to tune others on. */
const seconds = 30;
const tuningSeconds = 15;
const rounds = 7;
/** Our tracks, with the boxes that the others report. */
const detectedBoxes = 'ours, detected boxes';

try {
  await bench(optionsOf(process.argv.slice(2)));
} catch (error) {
  printError(error);
  process.exit(1);
}

async function bench(options: Options): Promise<void> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'ocellus-track-'));
  const runner = new Peers();
  const { only } = options;
  const results: Record<string, unknown> = { options };
  try {
    const files = layout(folder);
    // What an earlier run left would be scored with the rest.
    for (const part of ['gt', 'trackers']) rmSync(join(folder, part), { recursive: true, force: true });
    if (only === 'tune') {
      await make(options.seeds, true, tuningSeconds, files);
      const tuned = await tune(folder, runner);
      results.tuned = tuned;
      console.log(tuningTable(tuned));
    }
    if (only === undefined || only === 'ours' || only === 'scores') {
      const sequences = await make(options.seeds, options.quick, seconds, files);
      const scores = await scored(sequences, files, only === 'ours' ? [] : peers, runner);
      Object.assign(results, { sequences, scores });
      const frames = sequences.reduce((sum, one) => sum + one.frames, 0);
      const objects = sequences.reduce((sum, one) => sum + one.objects, 0);
      console.log(
        `${sequences.length} sequences (seeds: ${options.seeds}), ${frames} frames, ${(objects / frames).toFixed(1)} objects a frame; means over sequences`,
      );
      console.log(scoreTables(scores, sequences));
      if (options.sequences) console.log(sequenceTable(scores, sequences));
    }
    if (only === undefined || only === 'times') {
      const progress = new Progress(counts.length * rounds);
      const taken = await times(folder, peers, runner, rounds, progress);
      results.times = taken;
      console.log(timesTable(taken));
    }
    if (only === undefined || only === 'scenarios') {
      const told = scenarios(options.quick);
      results.scenarios = told;
      console.log(scenarioTables(told));
    }
    writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
    console.log(`Written to ${options.json}`);
  } finally {
    runner.stop();
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function make(seeds: SeedSet, quick: boolean, seconds: number, files: Layout): Promise<Written[]> {
  const tud = await tudFile(seedSets[seeds].tud);
  return sequencesOf(seeds, quick).map((sequence) => write(sequence, seconds, tud, files));
}

/** Runs ours and the others over what was written. */
async function scored(
  sequences: readonly Written[],
  files: Layout,
  others: readonly Peer[],
  runner: Peers,
): Promise<Scores> {
  for (const sequence of sequences) {
    const { name, frames, rate } = sequence;
    const found = byFrame(readMot(readFileSync(files.detections(name), 'utf8'), name), frames);
    const tracks = ours(found, rate, pictureOf(sequence));
    save(files.results('ours', name), writeMot(tracks));
    save(files.results(detectedBoxes, name), writeMot(asDetected(tracks, found)));
  }
  const progress = new Progress(others.length + 1);
  await Promise.all(
    others.map(async (peer) => {
      await runner.track(files.folder, peer);
      progress.next(`${peer.name} has tracked`);
    }),
  );
  progress.next('scoring');
  const names = others.map(({ name }) => name);
  return score(
    files.folder,
    others.length === 0 ? ['ours', detectedBoxes] : ['ours', detectedBoxes, ...names, perfect],
  );
}
