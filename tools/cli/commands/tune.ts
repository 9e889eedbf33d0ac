import { loadavg } from 'node:os';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { stringify } from 'yaml';
import { describeBoard, findPower, readThrottling } from '../../../devices/index.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { byName } from '../../../sdk/base/wire.ts';
import { dataFolder } from '../../../sdk/config/data-folder.ts';
import { updateSettings } from '../../../sdk/config/edit-settings.ts';
import { engineNames, noModel, type Settings } from '../../../sdk/config/schema.ts';
import { readSettings, resolveSettings } from '../../../sdk/config/settings.ts';

import { findModel } from '../../../sdk/core/cards/model-file.ts';
import { chooseEngine } from '../../../sdk/core/choose-engine.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { loadAddon } from '../../../sdk/kernels/native.ts';
import { printJson, progress } from '../../shared/output.ts';
import { measureInTurns } from '../bench/turns.ts';
import { type Candidate, runCandidate } from '../tune/candidate.ts';
import { type Aim, aims, chooseRate, chooseWay, rates } from '../tune/decide.ts';
import { ratesInWords, waysInWords } from '../tune/report.ts';
import { streamAdvice } from '../tune/streams.ts';
import { atLeastOne } from '../values.ts';
import { assertWritable, tryToWrite } from '../writable.ts';
import { defaultFile } from './run.ts';

interface TuneOptions {
  config?: string;
  for: Aim;
  model?: string;
  rounds: number;
  seconds: number;
  write?: boolean;
  json?: boolean;
}

const mostThreads = 4;
/** Rate at which the ways to run the network are compared, frames per second. */
const comparedRate = 5;
/** From this load per core on, other programs affect the figures. */
const busyLoad = 0.3;

export function addTune(program: Command): void {
  program
    .command('tune')
    .description('measure which threads, engine and rate are best on this board, and print or write them')
    .option('-c, --config <file>', `settings file (default: ./${defaultFile}, if there is one)`)
    .addOption(
      new Option('--for <aim>', 'what to minimise: latency, processor time or energy per frame')
        .choices(aims)
        .default('latency'),
    )
    .option('--model <name or file>', 'detector (default: the one of the settings)')
    .option('--rounds <n>', 'number of measurements of each', atLeastOne, 3)
    .option('--seconds <n>', 'duration of each measurement', atLeastOne, 5)
    .option('--write', 'write the best to the settings file; comments stay')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nStop `ocellus run` first: it would distort the figures. docs/boards.md explains the rules.',
    )
    .action(tune);
}

async function tune(options: TuneOptions): Promise<void> {
  if (options.write) await assertWritable('--write', options.config ?? defaultFile);
  const { fault, ...report } = await examine(options);
  const { settings } = report;
  if (options.json) await printJson({ ...report, settings: { ...settings, cameras: byName(settings.cameras) } });
  else tell(report, options);
  if (fault) throw fault;
}

type Report = Omit<Awaited<ReturnType<typeof examine>>, 'fault'>;

async function examine(options: TuneOptions) {
  const name = options.config ?? defaultFile;
  const file = resolve(name);
  const board = describeBoard();
  const settings = resolveSettings(await readSettings(file, options.config !== undefined), name, board);
  const model = options.model ?? settings.core.model;
  if (model === noModel)
    throw new InputError('expected a detector to measure, core.model is off: name one with --model');
  const power = await findPower();
  if (options.for === 'energy' && !power.source) throw new InputError(`--for energy: ${power.why}`);
  const load = loadavg()[0]!;
  const cameras = enabledCameras(settings).length || 1;

  const found = await findModel(model);
  const auto = await chooseEngine('auto', found);
  const ways = await measured('ways to run it', waysToRun(board.cores), model, options);
  // The processor decides the kernels, not the settings: the others are for comparison.
  const own = ways.measured.filter(({ candidate }) => candidate.kernels === '');
  const way = chooseWay(own, options.for);
  if (!way) throw new InputError(`the model cannot be measured: ${ways.failed.map(({ why }) => why).join('; ')}`);
  const offered = rates.map((rate) => ({ ...way, rate: rate * cameras }));
  const pace = await measured('frames a second', offered, model, options);
  const [failure] = pace.failed;
  if (failure) throw new InputError(`the rates cannot be measured: ${failure.why}`);
  const fps = chooseRate(pace.measured, cameras);

  const { engine, threads } = way;
  // Another model may have no program: the automatic choice is kept.
  const named = engine === auto ? 'auto' : engine;
  const change = changeOf(settings, { engine: named, threads, fps: fps ?? rates[0]! });
  const fault = options.write ? await tryToWrite('--write', name, () => updateSettings(file, change)) : undefined;
  const throttling = await readThrottling();
  return {
    board,
    for: options.for,
    model,
    cameras,
    ways: ways.measured,
    failed: ways.failed,
    rates: pace.measured,
    best: { engine, threads, fps: fps ?? null },
    streams: await streamAdvice(settings, dataFolder(settings), found.card?.input.width ?? usualInput),
    settings: change,
    written: options.write && !fault ? file : null,
    fault,
    notes: notesOn({ fps, load, cores: board.cores, throttled: throttling?.now ?? [], power }),
  };
}

function tell(report: Report, { rounds, seconds, config = defaultFile }: TuneOptions): void {
  const { board, model, cameras, ways, failed, streams, written, notes, settings } = report;
  const where = written ? `Written to ${written}` : `For ${config}; --write puts it there`;
  const lines = [
    `${board.model}: ${board.cpu}, ${board.cores} cores; ${model}, kernels ${kernels.name}\n`,
    `Ways to run it, at ${comparedRate} frames a second:\n\n${waysInWords(ways, failed)}\n`,
    `The best of them at other rates:\n\n${ratesInWords(report.rates, cameras)}\n`,
    `Medians of ${rounds} rounds of ${seconds} s (smallest-largest).`,
    ...streams.map(({ words }) => words),
    ...notes,
    `\nBest for ${report.for}. ${where}:\n\n${stringify(settings).trimEnd()}`,
  ];
  console.log(lines.join('\n'));
}

/** Of a network whose card does not say it: that of most. */
const usualInput = 416;

function waysToRun(cores: number): Candidate[] {
  const threads = Array.from({ length: Math.min(cores, mostThreads) }, (_, i) => i + 1);
  const own = engineNames
    .filter((engine) => engine !== 'auto')
    .flatMap((engine) =>
      threads.map((count): Candidate => ({ engine, threads: count, kernels: '', rate: comparedRate })),
    );
  const others = ['typescript', ...(loadAddon().addon?.variants ?? [])].filter(
    (name) => kernels.name !== `native ${name}`,
  );
  const compared = others.map(
    // Not every engine has them all.
    (name): Candidate => ({ engine: 'auto', threads: 1, kernels: name, rate: comparedRate }),
  );
  return [...own, ...(kernels.name.startsWith('native') ? compared : [])];
}

async function measured(
  label: string,
  candidates: readonly Candidate[],
  model: string,
  { rounds, seconds }: Pick<TuneOptions, 'rounds' | 'seconds'>,
) {
  const bar = progress(label, candidates.length * rounds);
  try {
    return await measureInTurns(candidates, {
      rounds,
      run: (candidate) => runCandidate(candidate, model, seconds),
      // What one thread cannot load, two cannot.
      kindOf: ({ engine }) => engine,
      step: () => bar.step(),
    });
  } finally {
    bar.done();
  }
}

const enabledCameras = ({ cameras }: Settings) =>
  Object.entries(cameras).flatMap(([name, { enabled }]) => (enabled ? [name] : []));

/** Cameras of the settings file. A camera that is off gets its rate too, for when it is switched on. */
function changeOf({ cameras }: Settings, best: { engine: string; threads: number; fps: number }) {
  const { engine, threads, fps } = best;
  return {
    core: { engine, threads },
    cameras: Object.fromEntries(Object.keys(cameras).map((name) => [name, { detect: { fps } }])),
  };
}

/** Reasons to doubt the figures, or the board. */
function notesOn(found: {
  fps: number | undefined;
  /** Processes that wanted to run in the minute before it was measured. */
  load: number;
  cores: number;
  throttled: readonly string[];
  power: { why?: string };
}): string[] {
  const { fps, load, cores, throttled, power } = found;
  const notes: string[] = [];
  if (fps === undefined)
    notes.push(`This board does not keep up with ${rates[0]} frame per second: try a smaller model.`);
  if (load > cores * busyLoad) {
    notes.push(
      `The board was busy (load ${load.toFixed(1)} on ${cores} cores): these are the figures of a busy board.`,
    );
  }
  if (throttled.length > 0) {
    notes.push(
      `The board is throttled (${throttled.join(', ')}): cool it or use a better power supply, and measure again.`,
    );
  }
  if (power.why !== undefined) notes.push(`Energy is unknown: ${power.why}.`);
  return notes;
}
