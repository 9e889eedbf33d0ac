// `npm run bench:track`: our tracker beside others on the same detections, scored by TrackEval.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printError } from '../../cli/output.ts';
import { readMot, writeMot } from './mot.ts';
import { type Options, optionsOf } from './options.ts';
import { byFrame, ours } from './ours.ts';
import { scoreTables, sequenceTable } from './report.ts';
import { score, tudFile } from './score.ts';
import { type Layout, layout, perfect, save, seedSets, sequencesOf, type Written, write } from './sequences.ts';

/** Of a scene that is made. */
const seconds = 30;

try {
  await bench(optionsOf(process.argv.slice(2)));
} catch (error) {
  printError(error);
  process.exit(1);
}

async function bench(options: Options): Promise<void> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'ocellus-track-'));
  try {
    const files = layout(folder);
    // What an earlier run left would be scored with the rest.
    for (const part of ['gt', 'trackers']) rmSync(join(folder, part), { recursive: true, force: true });
    const sequences = await make(options, files);
    for (const sequence of sequences) {
      const found = byFrame(
        readMot(readFileSync(files.detections(sequence.name), 'utf8'), sequence.name),
        sequence.frames,
      );
      save(files.results('ours', sequence.name), writeMot(ours(found, sequence.rate)));
    }
    const scores = await score(folder, options.only === 'ours' ? ['ours'] : ['ours', perfect]);
    const frames = sequences.reduce((sum, one) => sum + one.frames, 0);
    const objects = sequences.reduce((sum, one) => sum + one.objects, 0);
    console.log(
      `${sequences.length} sequences (seeds: ${options.seeds}), ${frames} frames, ${(objects / frames).toFixed(1)} objects a frame; means over sequences`,
    );
    console.log(scoreTables(scores, sequences));
    if (options.sequences) console.log(sequenceTable(scores, sequences));
    writeFileSync(options.json, `${JSON.stringify({ options, sequences, scores }, null, 2)}\n`);
    console.log(`Written to ${options.json}`);
  } finally {
    if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function make({ seeds, quick }: Options, files: Layout): Promise<Written[]> {
  const tud = await tudFile(seedSets[seeds].tud);
  return sequencesOf(seeds, quick).map((sequence) => write(sequence, seconds, tud, files));
}
