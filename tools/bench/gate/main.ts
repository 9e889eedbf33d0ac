// `npm run bench:gate`: the motion gate beside OpenCV's background subtraction, on the same drawn clips: how many frames are
// taken for motion, rightly and wrongly, and what a frame costs.
import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { asset } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { printError, table } from '../../shared/output.ts';
import { inWords } from '../../shared/run.ts';
import { Progress } from '../progress.ts';
import { background } from './backgrounds.ts';
import { type Chosen, candidates, choose } from './choice.ts';
import { compress } from './compress.ts';
import { costs } from './cost.ts';
import { ours } from './gates.ts';
import { Peers } from './peers.ts';
import { type Clip, draw, type Scene, scenes } from './scenes.ts';
import { overArea, right, type Score, scoreOf, sum } from './score.ts';

const { values } = parseArgs({
  options: {
    /** The peers' rules are chosen on these, at one rate. */
    choosing: { type: 'string', default: '1,2' },
    /** The JSON of an earlier run, whose choice is taken. */
    chosen: { type: 'string' },
    seeds: { type: 'string', default: '101,102,103' },
    rates: { type: 'string', default: '5,10,25' },
    scenes: { type: 'string', default: '.' },
    rounds: { type: 'string', default: '15' },
    photos: { type: 'string', default: asset('..', 'shared', 'data', 'coco') },
    json: { type: 'string', default: join(tmpdir(), 'ocellus-gate.json') },
  },
});
const [width, height] = [640, 360];
const choosingRate = 5;

try {
  await bench(numbers('choosing'), numbers('seeds'), numbers('rates'));
} catch (error) {
  printError(error);
  process.exit(1);
}

function numbers(name: 'choosing' | 'seeds' | 'rates'): number[] {
  const all = values[name].split(',').map(Number);
  if (all.every((value) => Number.isInteger(value) && value > 0)) return all;
  throw new InputError(`--${name}: expected whole numbers above 0 with commas between, got ${values[name]}`);
}

async function bench(choosing: number[], seeds: number[], rates: number[]): Promise<void> {
  const wanted = scenes.filter(({ name }) => new RegExp(values.scenes).test(name));
  const rounds = Number(values.rounds);
  const progress = new Progress(
    wanted.length * ((values.chosen ? 0 : choosing.length) + seeds.length * rates.length) + rounds,
  );
  const peers = await Peers.start(candidates);
  try {
    const chosen = values.chosen
      ? earlier(values.chosen)
      : await choose(peers, async function* () {
          for (const scene of wanted) {
            for (const seed of choosing) {
              progress.next(`choosing: ${scene.name}, seed ${seed}`);
              yield clipOf(scene, seed, choosingRate, 'calibration');
            }
          }
        });
    // It takes longest: what comes after can be done again without it.
    if (!values.chosen) save({ choosing, chosen });
    const rows: { scene: string; fps: number; scores: Record<string, Score> }[] = [];
    for (const scene of wanted) {
      for (const fps of rates) {
        const scores: Record<string, Score[]> = {};
        for (const seed of seeds) {
          progress.next(`${scene.name}, ${fps} frames a second, seed ${seed}`);
          const clip = await clipOf(scene, seed, fps, 'validation');
          for (const [name, flags] of Object.entries(await flagsOf(peers, clip, chosen))) {
            scores[name] ??= [];
            scores[name].push(scoreOf(clip, flags));
          }
        }
        const summed = Object.fromEntries(Object.entries(scores).map(([name, all]) => [name, sum(all)]));
        rows.push({ scene: scene.name, fps, scores: summed });
      }
    }
    const cost = await costs(peers, chosen, rounds, progress);
    save({ choosing, seeds, chosen, rows, cost });
    const names = Object.keys(rows[0]!.scores);
    console.log('Frames taken for motion, of those in which something moves / of those in which nothing does, %');
    console.log(
      table([
        ['SCENE', ...rates.flatMap((fps) => names.map((name) => `${name}, ${fps}/s`))],
        ...wanted.map(({ name }) => [
          name,
          ...rows
            .filter(({ scene }) => scene === name)
            .flatMap(({ scores }) => names.map((who) => inShares(scores[who]!))),
        ]),
        [
          'right, mean of all',
          ...rates.flatMap((fps) =>
            names.map((who) =>
              percent(mean(rows.filter((row) => row.fps === fps).map(({ scores }) => right(scores[who]!)))),
            ),
          ),
        ],
      ]),
    );
    for (const { rule, least } of chosen) console.log(`${rule.method}: ${JSON.stringify({ ...rule, least })}`);
    console.log(
      `\nOne frame of ${width} x ${height}, one thread, in turns: median (smallest-largest) of ${rounds} rounds`,
    );
    console.log(
      table([
        ['GATE', 'µs', 'TIMES AS FAST'],
        ...cost.map(({ name, us, ratio }) => [name, inWords(us, 1), ratio ? inWords(ratio, 0) : '']),
      ]),
    );
    console.log(`OpenCV ${peers.version}. Kernels: ${kernels.name}.`);
    console.log(`Written to ${values.json}`);
  } finally {
    peers.stop();
  }
}

/** @throws InputError when it chose what is no candidate any more. */
function earlier(file: string): Chosen[] {
  const { chosen } = JSON.parse(readFileSync(file, 'utf8')) as { chosen: Chosen[] };
  return chosen.map(({ rule, least }) => {
    const same = candidates.find((one) => isDeepStrictEqual(one, rule));
    if (same) return { rule: same, least };
    throw new InputError(`--chosen: expected rules that are candidates, got ${JSON.stringify(rule)}`);
  });
}

function save(results: object): void {
  writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
}

async function clipOf(scene: Scene, seed: number, fps: number, photos: string): Promise<Clip> {
  const clip = draw(scene, await background(seed, width, height, join(values.photos, photos)), fps, seed);
  return scene.kbits ? compress(clip, scene.kbits) : clip;
}

async function flagsOf(peers: Peers, clip: Clip, chosen: readonly Chosen[]): Promise<Record<string, boolean[]>> {
  const indices = chosen.map(({ rule }) => candidates.indexOf(rule));
  const { areas } = await peers.areas(clip, indices);
  return {
    ours: ours(clip),
    ...Object.fromEntries(
      chosen.map(({ rule, least }, i) => [rule.method, overArea(clip, areas[indices[i]!]!, least)]),
    ),
  };
}

function mean(all: readonly number[]): number {
  return all.reduce((total, one) => total + one, 0) / all.length;
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}

function inShares({ moving, seen, still, falsely }: Score): string {
  const share = (part: number, whole: number) => (whole > 0 ? ((100 * part) / whole).toFixed(0) : '-');
  return `${share(seen, moving)} / ${share(falsely, still)}`;
}
