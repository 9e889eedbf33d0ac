import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { InputError } from '../../../sdk/base/errors.ts';
import { updateSettings } from '../../../sdk/config/edit-settings.ts';

import { printJson, progress } from '../../shared/output.ts';
import { type BenchEngine, benchEngines } from '../bench/task.ts';
import { atLeastOne, threads } from '../values.ts';
import { assertWritable, tryToWrite } from '../writable.ts';
import { writeResult } from '../write-result.ts';

interface BenchCommandOptions {
  on?: string;
  engine?: BenchEngine[];
  threads: number[];
  rounds: number;
  seconds: number;
  energySeconds: number;
  python: string;
  meter?: string;
  json?: boolean;
  page?: string;
  recommend?: string;
  write?: string;
}

export function addBench(program: Command): void {
  program
    .command('bench')
    .description('measure models in all engines that are here, side by side, and recommend one')
    .argument('<model...>', 'names of `ocellus models`, ONNX files, or cards')
    .option('--on <dir>', 'pictures, for accuracy too: with YOLO labels beside them, or in a folder for each label')
    .option('--engine <names>', `of ${benchEngines.join(', ')}, separated by commas (default: all)`, engines)
    .option('--threads <numbers>', 'threads of one inference, separated by commas', threadList, [
      Math.min(2, availableParallelism()),
    ])
    .option('--rounds <n>', 'number of measurements of each', atLeastOne, 3)
    .option('--seconds <n>', 'duration of each measurement', atLeastOne, 5)
    .option('--energy-seconds <n>', 'duration of each measurement of energy', atLeastOne, 30)
    .option('--python <file>', 'interpreter with the packages ncnn or ai-edge-litert', 'python3')
    .option('--meter <url>', 'power in watts from a plug: mqtt://HOST/TOPIC#FIELD.FIELD (default: the board’s sensor)')
    .option('--recommend <wish>', 'choose one: "at most 50 ms, at most 1 J, best AP"')
    .option('--write <file>', 'with --recommend: write the choice to this settings file; comments stay')
    .option('--page <file>', 'write a page with plots (HTML)')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      '\nWhat cannot be measured is listed with the reason, and the exit code is 1 where nothing could be, 2 where no model can be read. docs/bench.md explains the figures.',
    )
    .action(run);
}

async function run(models: string[], options: BenchCommandOptions): Promise<void> {
  const { json, page, recommend: wish, write, engine = benchEngines, ...how } = options;
  const { bench } = await import('../bench/bench.ts');
  const { assertMeter } = await import('../bench/meters.ts');
  const { readWish, recommend } = await import('../bench/recommend.ts');
  // What is wrong is said before minutes of measuring.
  if (write !== undefined && wish === undefined)
    throw new InputError('--write: expected --recommend with it, which chooses what to write');
  if (wish !== undefined) readWish(wish);
  if (how.meter !== undefined) assertMeter(how.meter);
  if (page !== undefined) await assertWritable('--page', page);
  if (write !== undefined) await assertWritable('--write', write);
  const report = await bench({ ...how, models, engines: engine, onStep: stepper() });
  const recommendation = wish === undefined ? undefined : await recommend(wish, report.results);
  const settings = recommendation?.settings;
  const faults: (InputError | undefined)[] = [];
  let written: string | undefined;
  if (write !== undefined && settings) {
    const fault = await tryToWrite('--write', write, () => updateSettings(resolve(write), settings));
    if (!fault) written = resolve(write);
    faults.push(fault);
  }
  if (page !== undefined) {
    const { benchPage } = await import('../bench/page.ts');
    const html = benchPage(report, recommendation);
    faults.push(await tryToWrite('--page', page, () => writeResult(page, html)));
  }
  if (json) {
    await printJson(rounded({ ...report, recommendation: recommendation ?? null, written: written ?? null }));
  } else {
    const { reportInWords } = await import('../bench/report.ts');
    console.log(reportInWords(report, recommendation, written));
  }
  const fault = faults.find((one) => one !== undefined);
  if (fault) throw fault;
  if (report.results.length === 0 && report.failed.every(({ engine }) => engine === null)) process.exitCode = 2;
  else if (report.results.length === 0 || (recommendation && !recommendation.choice)) process.exitCode = 1;
}

/** A bar for each kind of run. */
function stepper() {
  let current = '';
  let bar: ReturnType<typeof progress> | undefined;
  return (phase: string, done: number, of: number) => {
    if (phase !== current) {
      bar?.done();
      bar = progress(phase, of);
      current = phase;
    }
    bar!.step();
    if (done === of) bar!.done();
  };
}

/** Five digits are more than any of them is good for. */
function rounded<T>(value: T): T {
  if (typeof value === 'number') return (Number.isInteger(value) ? value : Number(value.toPrecision(5))) as T;
  if (Array.isArray(value)) return value.map(rounded) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, rounded(one)])) as T;
}

function engines(text: string): BenchEngine[] {
  return text.split(',').map((part) => {
    const name = part.trim();
    const known = benchEngines.find((one) => one === name);
    if (!known) throw new InvalidArgumentError(`Expected names of ${benchEngines.join(', ')}, got ${name}.`);
    return known;
  });
}

const threadList = (text: string): number[] => [...new Set(text.split(',').map(threads))];
