import { resolve } from 'node:path';
import { InputError } from '../../../sdk/base/errors.ts';
import { findModel } from '../../../sdk/core/cards/model-file.ts';
import { chooseEngine } from '../../../sdk/core/choose-engine.ts';
import type { Spread } from '../../shared/run.ts';
import type { BenchResult } from './bench.ts';
import { equallyGood } from './decide.ts';
import { type BenchEngine, isOwn } from './task.ts';

/** A figure that may be limited or be the best. */
interface Figure {
  readonly unit: string;
  readonly isMost: boolean;
  readonly digits: number;
  readonly of: (one: BenchResult) => Spread | undefined;
  /** What to do where it is unknown. */
  readonly missing: string;
}

const exact = (value: number): Spread => ({ median: value, low: value, high: value });

const figures = {
  latency: { unit: 'ms', isMost: false, digits: 1, of: ({ latencyMs }) => latencyMs.p50, missing: '' },
  p99: { unit: 'ms p99', isMost: false, digits: 1, of: ({ latencyMs }) => latencyMs.p99, missing: '' },
  energy: {
    unit: 'J',
    isMost: false,
    digits: 3,
    of: ({ energy }) => energy?.joules,
    missing: 'nothing measures power here; --meter names what does',
  },
  memory: { unit: 'MB', isMost: false, digits: 0, of: ({ residentMb }) => residentMb, missing: '' },
  throughput: {
    unit: 'per second',
    isMost: true,
    digits: 1,
    of: ({ perSecond }) => perSecond ?? undefined,
    missing: 'it was not measured',
  },
  ap: {
    unit: 'AP',
    isMost: true,
    digits: 3,
    of: ({ accuracy }) => (accuracy?.kind === 'ap' ? exact(accuracy.value) : undefined),
    missing: '--on FOLDER with labelled pictures measures it',
  },
  accuracy: {
    unit: 'accuracy',
    isMost: true,
    digits: 3,
    of: ({ accuracy }) => (accuracy ? exact(accuracy.value) : undefined),
    missing: '--on FOLDER measures it',
  },
} as const satisfies Record<string, Figure>;

type FigureName = keyof typeof figures;

/** Words after `at most` and `at least`, and after `best`. */
const limitUnits: Readonly<Record<string, FigureName>> = {
  ms: 'latency',
  'ms p99': 'p99',
  j: 'energy',
  mb: 'memory',
  'per second': 'throughput',
  ap: 'ap',
  accuracy: 'accuracy',
};
const bestWords: Readonly<Record<string, FigureName>> = {
  ap: 'ap',
  accuracy: 'accuracy',
  latency: 'latency',
  energy: 'energy',
  memory: 'memory',
  throughput: 'throughput',
};

const understood =
  'understood are "at most N ms", "at most N ms p99", "at most N J", "at most N MB", "at least N AP", "at least N accuracy", "at least N per second", and "best AP", "best accuracy", "best latency", "best energy", "best memory", "best throughput", separated by commas';

export interface Limit {
  readonly figure: FigureName;
  readonly bound: number;
  /** As it was written. */
  readonly words: string;
}

export interface Wish {
  readonly limits: readonly Limit[];
  /** What is to be the best; among those that are equally good, the next. At least one. */
  readonly best: readonly FigureName[];
}

/**
 * Reads `at most 50 ms, at most 1 J, best AP`.
 *
 * @throws InputError that names the part that is not understood, and what is.
 */
export function readWish(text: string): Wish {
  const limits: Limit[] = [];
  const best: FigureName[] = [];
  for (const part of text.split(',')) {
    const words = part.trim().replace(/\s+/g, ' ');
    const wrong = (why: string) => new InputError(`--recommend: "${words}": ${why}; ${understood}`);
    const [, first = '', rest = ''] = /^(at most|at least|best)\b ?(.*)$/i.exec(words) ?? [];
    if (first === '') throw wrong('expected "at most", "at least" or "best" at its beginning');
    if (first.toLowerCase() === 'best') {
      const figure = bestOf(rest);
      if (!figure)
        throw wrong(rest === '' ? 'expected what is to be the best' : `"${rest}" is no figure that can be the best`);
      best.push(figure);
      continue;
    }
    const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?(.*)$/.exec(rest) ?? [];
    if (number === undefined) throw wrong('expected a number');
    const figure = Object.hasOwn(limitUnits, unit.toLowerCase()) ? limitUnits[unit.toLowerCase()] : undefined;
    if (!figure) throw wrong(unit === '' ? 'expected a unit after the number' : `"${unit}" is no unit`);
    const { isMost } = figures[figure];
    if (isMost !== (first.toLowerCase() === 'at least')) {
      throw wrong(`of ${unit}, ${isMost ? 'more is better: say "at least"' : 'less is better: say "at most"'}`);
    }
    if ((figure === 'ap' || figure === 'accuracy') && Number(number) > 1) throw wrong(`expected ${unit} from 0 to 1`);
    limits.push({ figure, bound: Number(number), words });
  }
  if (best.length === 0)
    throw new InputError(`--recommend: expected what is to be the best, as in "best AP"; ${understood}`);
  return { limits, best };
}

const bestOf = (word: string) =>
  Object.hasOwn(bestWords, word.toLowerCase()) ? bestWords[word.toLowerCase()] : undefined;

/** Which of the results is meant. */
export interface Named {
  readonly model: string;
  readonly engine: BenchEngine;
  readonly precision: string;
  readonly threads: number;
}

export interface RuledOut extends Named {
  /** The limit, as it was written, or what else rules it out. */
  readonly by: string;
  readonly why: string;
}

export interface Recommendation {
  readonly wish: string;
  readonly choice: Named | null;
  readonly reasons: readonly string[];
  readonly ruledOut: readonly RuledOut[];
  /** Where nothing fits: what comes closest, and what it lacks. */
  readonly nearest: (Named & { readonly why: string }) | null;
  /** For a settings file; null where there is no choice, or it is no detector. */
  readonly settings: {
    readonly core: { readonly model: string; readonly engine: string; readonly threads: number };
  } | null;
}

/** Chooses among results by a wish. Engines that `ocellus run` does not have are compared, and not chosen. */
export async function recommend(wish: string, results: readonly BenchResult[]): Promise<Recommendation> {
  const { limits, best } = readWish(wish);
  const ruledOut: RuledOut[] = [];
  const foreign = results.filter(({ engine }) => !isOwn(engine));
  for (const one of foreign) {
    ruledOut.push({ ...named(one), by: 'engine', why: `\`ocellus run\` has no engine ${one.engine}` });
  }
  const own = results.filter(({ engine }) => isOwn(engine));
  const fitting = own.filter((one) => {
    const broken = limits.find((limit) => !isKept(one, limit));
    if (broken) ruledOut.push({ ...named(one), by: broken.words, why: excessInWords(one, broken) });
    return !broken;
  });
  const { one: choice, reasons } = chooseBest(fitting, best);
  if (!choice) {
    const nearest = fitting.length > 0 ? undefined : nearestOf(own, limits);
    return {
      wish,
      choice: null,
      reasons: fitting.length > 0 ? reasons : [`none of ${own.length} keeps to all limits`],
      ruledOut,
      nearest: nearest ? { ...named(nearest), why: missesInWords(nearest, limits) } : null,
      settings: null,
    };
  }
  const better = betterElsewhere(choice, foreign, limits, best);
  return {
    wish,
    choice: named(choice),
    reasons: [...limits.map((limit) => `${limit.words}: ${inWords(choice, limit.figure)}`), ...reasons, ...better],
    ruledOut,
    nearest: null,
    settings: await settingsOf(choice),
  };
}

const named = ({ model, engine, precision, threads }: BenchResult): Named => ({ model, engine, precision, threads });

export const nameOf = ({ model, engine, precision, threads }: Named) =>
  `${model} by ${engine} (${precision}, ${threads} ${threads === 1 ? 'thread' : 'threads'})`;

const figureOf = (one: BenchResult, name: FigureName): Spread | undefined => figures[name].of(one);

function isKept(one: BenchResult, { figure, bound }: Limit): boolean {
  const median = figureOf(one, figure)?.median;
  if (median === undefined) return false;
  return figures[figure].isMost ? median >= bound : median <= bound;
}

function inWords(one: BenchResult, name: FigureName): string {
  const { unit, digits, missing } = figures[name];
  const figure = figureOf(one, name);
  if (!figure) return `its ${unit} is unknown: ${missing}`;
  const { median, low, high } = figure;
  const range = low === high ? '' : ` (${low.toFixed(digits)}-${high.toFixed(digits)})`;
  return `${median.toFixed(digits)} ${unit}${range}`;
}

const excessInWords = (one: BenchResult, { figure }: Limit) => inWords(one, figure);

const missesInWords = (one: BenchResult, limits: readonly Limit[]) =>
  limits
    .filter((limit) => !isKept(one, limit))
    .map((limit) => `${limit.words}: ${excessInWords(one, limit)}`)
    .join('; ');

/** The best by the first figure; among those that are as good, by the next; at last by latency. */
function chooseBest(fitting: readonly BenchResult[], best: readonly FigureName[]) {
  const reasons: string[] = [];
  let left = fitting;
  for (const name of best) {
    const { unit, isMost, digits } = figures[name];
    const known = left.filter((one) => figureOf(one, name));
    if (left.length > 0 && known.length === 0) {
      return { one: undefined, reasons: [`none can be called the best: ${inWords(left[0]!, name)}`] };
    }
    // Accuracy is the same each time: its differences are real.
    const good =
      name === 'ap' || name === 'accuracy'
        ? known.filter(
            (one) => figureOf(one, name)!.median === Math.max(...known.map((it) => figureOf(it, name)!.median)),
          )
        : equallyGood(known, (one) => figureOf(one, name), isMost);
    const next = known
      .filter((one) => !good.includes(one))
      .toSorted((a, b) => (isMost ? -1 : 1) * (figureOf(a, name)!.median - figureOf(b, name)!.median))[0];
    const others = good.length > 1 ? `, as good as ${good.length - 1} ${good.length === 2 ? 'other' : 'others'}` : '';
    const second = next ? `; the next, ${nameOf(next)}, has ${figureOf(next, name)!.median.toFixed(digits)}` : '';
    if (good.length > 0)
      reasons.push(
        `best ${unit === 'ms' ? 'latency' : name === 'ap' ? 'AP' : name}: ${inWords(good[0]!, name)}${others}${second}`,
      );
    left = good;
  }
  const one = left.toSorted((a, b) => a.threads - b.threads || a.latencyMs.p50.median - b.latencyMs.p50.median)[0];
  if (one && left.length > 1)
    reasons.push(`of those that are as good, the fewest threads, then the least latency: ${inWords(one, 'latency')}`);
  return { one, reasons };
}

/** Of those that keep to no less limits than others, the one whose largest excess is the smallest share of its limit. */
function nearestOf(own: readonly BenchResult[], limits: readonly Limit[]): BenchResult | undefined {
  const excess = (one: BenchResult) =>
    Math.max(
      ...limits.map((limit) => {
        const { figure, bound } = limit;
        const median = figureOf(one, figure)?.median;
        if (isKept(one, limit)) return 1;
        if (median === undefined || median === 0 || bound === 0) return Number.POSITIVE_INFINITY;
        return figures[figure].isMost ? bound / median : median / bound;
      }),
    );
  return own.toSorted((a, b) => excess(a) - excess(b) || a.latencyMs.p50.median - b.latencyMs.p50.median)[0];
}

/** Who could have another engine should know. */
function betterElsewhere(
  choice: BenchResult,
  foreign: readonly BenchResult[],
  limits: readonly Limit[],
  [first]: readonly FigureName[],
): string[] {
  const { isMost } = figures[first!];
  const own = figureOf(choice, first!)!;
  return foreign
    .filter((one) => limits.every((limit) => isKept(one, limit)))
    .filter((one) => {
      const its = figureOf(one, first!);
      return its && (isMost ? its.low > own.high : its.high < own.low);
    })
    .map((one) => `${nameOf(one)} would be better: ${inWords(one, first!)}; \`ocellus run\` has no such engine`);
}

/** What `core` of a settings file is to be; null where the model is no detector. */
async function settingsOf({ model, task, engine, threads }: BenchResult): Promise<Recommendation['settings']> {
  if (task === 'classify' || !isOwn(engine)) return null;
  const found = await findModel(model);
  const auto = await chooseEngine('auto', found);
  // By its path it is found from each folder; a name is one.
  const isPath = /[/\\]|\.(json|onnx|ocp)$/.test(model);
  // Another model may have no program: the automatic choice is kept.
  return { core: { model: isPath ? resolve(model) : model, engine: engine === auto ? 'auto' : engine, threads } };
}
