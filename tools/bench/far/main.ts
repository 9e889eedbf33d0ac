// `npm run bench:far`: visits found in a clip that is shown small in a large view: looking at the whole view, looking closer
// where it moves, and a pipeline of motion regions as one would write it in Python, in turns.
import { existsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asset } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { watchedByDefault } from '../../../sdk/config/schema.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { printError, table } from '../../shared/output.ts';
import { inWords, launcher, runJson, spread } from '../../shared/run.ts';
import { Progress } from '../progress.ts';
import { preparePython } from '../python.ts';
import { type Canvas, canvases, clipOf, type Score, scoreOf, type Told } from './clips.ts';

interface Run {
  frames: number;
  looks: number;
  cpuSeconds: number;
  events: Told[];
}

interface Row {
  canvas: string;
  set: string;
  runs: Record<string, Run[]>;
  scores: Record<string, Score>;
}

const { values } = parseArgs({
  options: {
    clip: { type: 'string', default: asset('..', 'shared', 'data', 'video', 'one-by-one-person-detection.mp4') },
    folder: { type: 'string', default: join(tmpdir(), 'ocellus-far') },
    rounds: { type: 'string', default: '1' },
    /** A regular expression. */
    only: { type: 'string', default: '.' },
    json: { type: 'string', default: join(tmpdir(), 'ocellus-far.json') },
  },
});
const [whole, closer, python] = ['whole view', 'closer', 'motion regions in Python'] as const;

try {
  await bench(Number(values.rounds));
} catch (error) {
  printError(error);
  process.exit(1);
}

async function bench(rounds: number): Promise<void> {
  if (!existsSync(values.clip)) throw new InputError(`--clip: expected a video file, ${values.clip} does not exist`);
  if (!(Number.isInteger(rounds) && rounds > 0)) throw new InputError(`--rounds: expected a whole number above 0`);
  const interpreter = preparePython('far.txt');
  const wanted = canvases.filter(({ name }) => new RegExp(values.only).test(name));
  const progress = new Progress(wanted.length * (1 + 3 * rounds));
  const rows: Row[] = [];
  for (const canvas of wanted) {
    progress.next(`${canvas.name}: the clip`);
    const file = clipOf(canvas, values.clip, values.folder);
    const isPlain = canvas.shown.length === 0;
    const subjects: Record<string, () => Promise<Run>> = {
      [whole]: () => ours(file, 'off'),
      // Where the picture is hardly larger than the network's input, it has to be asked for.
      [closer]: () => ours(file, isPlain ? 'on' : 'auto'),
      [python]: () => peer(interpreter, file),
    };
    const runs: Row['runs'] = {};
    for (let round = 0; round < rounds; round++) {
      const turn = Object.entries(subjects);
      for (const [name, run] of round % 2 ? turn.reverse() : turn) {
        progress.next(`${canvas.name}: ${name}, round ${round + 1} of ${rounds}`);
        runs[name] = [...(runs[name] ?? []), await run()];
      }
    }
    rows.push({ canvas: canvas.name, set: canvas.set, runs, scores: scores(canvas, runs) });
    // After each clip: what follows takes long.
    writeFileSync(values.json, `${JSON.stringify(rows, null, 2)}\n`);
  }
  print(rows, rounds);
}

function ours(file: string, far: string): Promise<Run> {
  const script = asset('dist', 'tools', 'bench', 'far', 'subject.js');
  return runJson<Run>('env', [...launcher(), script, '--clip', file, '--far', far]);
}

function peer(interpreter: string, file: string): Promise<Run> {
  return runJson<Run>(interpreter, [
    asset('tools', 'bench', 'peer', 'far.py'),
    ...['--clip', file, '--labels', watchedByDefault.join(',')],
    // The same network: ours is compiled of it.
    ...['--model', asset('sdk', 'models', 'yolox-nano-416-fp32.onnx')],
    ...['--card', asset('sdk', 'models', 'yolox-nano-416-int8.card.json')],
  ]);
}

/** Of the first round: each of them gives the same. */
function scores(canvas: Canvas, runs: Row['runs']): Row['scores'] {
  return Object.fromEntries(Object.entries(runs).map(([name, [first]]) => [name, scoreOf(canvas, first!.events)]));
}

function print(rows: readonly Row[], rounds: number): void {
  const names = [whole, closer, python];
  const score = ({ found, visits, wrong, more }: Score) =>
    `${found} of ${visits}${wrong ? `, ${wrong} wrong` : ''}${more ? `, ${more} more` : ''}`;
  console.log('Visits with an event; events that are none of a visit (wrong); further events of a visit (more).');
  for (const set of ['chosen', 'other']) {
    const some = rows.filter((row) => row.set === set);
    if (some.length === 0) continue;
    console.log(set === 'chosen' ? '\nSizes that the gaze was made with:' : '\nSizes and places that it was not:');
    console.log(
      table([
        [
          'CLIP',
          ...names.map((name) => name.toUpperCase()),
          'LOOKS A FRAME',
          'CPU ms A FRAME',
          'CPU, CLOSER / WHOLE',
          'PYTHON / CLOSER',
        ],
        ...some.map((row) => {
          const first = names.map((name) => row.runs[name]![0]!);
          return [
            row.canvas,
            ...names.map((name) => score(row.scores[name]!)),
            first.map(({ looks, frames }) => (looks / frames).toFixed(2)).join(' / '),
            first.map((run) => perFrame(run).toFixed(1)).join(' / '),
            ratio(row, closer, whole),
            ratio(row, python, closer),
          ];
        }),
      ]),
    );
  }
  console.log(
    `\n${rounds === 1 ? 'One round' : `${rounds} rounds: medians (smallest-largest)`}, one thread each. Kernels: ${kernels.name}.`,
  );
  console.log(`Written to ${values.json}`);
}

function ratio({ runs }: Row, of: string, to: string): string {
  const all = spread(runs[of]!.map((run, i) => perFrame(run) / perFrame(runs[to]![i]!)));
  return runs[of]!.length === 1 ? all.median.toFixed(2) : inWords(all);
}

function perFrame({ cpuSeconds, frames }: Run): number {
  return (cpuSeconds / frames) * 1000;
}
