import { kernels } from '../../kernels/kernels.ts';
import type { Calibration } from '../compiler/calibrate.ts';
import type { Compilation } from '../compiler/compile.ts';
import { type Recipe, standardRecipe } from '../compiler/recipe.ts';
import { isFloatStep, type Program } from '../program/program.ts';
import type { Agreement, Reference } from './agreement.ts';
import { type LayerError, layerErrors } from './layer-errors.ts';
import { openProgram, type RunningNetwork } from './networks.ts';
import type { Pixels } from './pictures.ts';

/** A recipe that was tried. */
export interface TriedRecipe extends Agreement {
  readonly recipe: Recipe;
  /**
   * How weights were rounded: each to its nearest integer, which takes a second, or so that they make up for each other's errors, as
   * in the program that is written, which can take a minute.
   */
  readonly rounding: 'nearest' | 'compensated';
  /** Of one picture, milliseconds, the least of several; undefined without native kernels. */
  readonly milliseconds: number | undefined;
  /** The part of all multiply-adds that is computed in floats. */
  readonly inFloats: number;
}

type Next = (recipe: Recipe, rounding: TriedRecipe['rounding']) => Promise<TriedRecipe>;

export interface Found {
  readonly best: TriedRecipe;
  readonly tried: readonly TriedRecipe[];
}

/** Beside the standard one. */
const rules: readonly Pick<Recipe, 'range' | 'share'>[] = [
  { range: 'widened', share: 1 },
  { range: 'widened', share: 0.6 },
  { range: 'min_max', share: 0.8 },
  { range: 'percentile', share: 0.8 },
  { range: 'least_squares', share: 0.8 },
];
/** So many layers are tried in floats, the ones that hurt most. */
const kept = [1, 2, 4] as const;
/** A layer in floats is tried only where it adds at least this to the error. */
const hurts = 0.02;
/** What another recipe has to agree better by: less is chance, on a few pictures. */
const clearly = 0.01;
/** How much better it has to agree where all multiply-adds were in floats: they take about four times as long. */
const forFloats = 0.3;
/** So many of those that agree best are compared as they would be written. */
const finalists = 2;

/** What the outputs have to be closer by where another program costs as much, as a part of the error. */
const closer = 0.05;
/** And more where all multiply-adds were in floats: a hundredth of them for a twentieth of the error. */
const closerForFloats = 5;
/** What is found may agree less by this, where the outputs are that much closer: it is chance, on a few pictures. */
const chance = 0.02;
/** So many of the layers that hurt most are kept in floats together with what they read. */
const withInputs = [1, 2] as const;

/** Which recipe the network is held best by, against the time that it takes. */
export class RecipeSearch {
  readonly #compilation: Compilation;
  readonly #calibration: Calibration;
  readonly #reference: Reference;
  readonly #pictures: readonly Pixels[];
  readonly #tried: TriedRecipe[] = [];

  constructor(compilation: Compilation, calibration: Calibration, reference: Reference, pictures: readonly Pixels[]) {
    this.#compilation = compilation;
    this.#calibration = calibration;
    this.#reference = reference;
    this.#pictures = pictures;
  }

  /**
   * Compares recipes with weights rounded one by one; then the best of them with the standard one as they would be written, and the
   * best of all with some layers in floats beside those that they read.
   *
   * @param told After each recipe: how many are to come at most.
   */
  async find(weightBits: Recipe['weightBits'], told: (left: number) => void = () => {}): Promise<Found> {
    const start: Recipe = { ...standardRecipe, weightBits };
    let left = rules.length + kept.length + finalists + withInputs.length + 3;
    const next = async (recipe: Recipe, rounding: TriedRecipe['rounding'] = 'nearest') => {
      const tried = await this.#try(recipe, rounding);
      told(--left);
      return tried;
    };
    let best = await next(start);
    for (const rule of rules) best = better(best, await next({ ...start, ...rule }));
    const quick = { ...this.#calibration, moments: new Map() };
    const layers = await layerErrors(this.#compilation, quick, best.recipe, this.#pictures);
    const worst = worstOf(layers);
    const { recipe } = best;
    for (const count of kept) {
      if (count > worst.length) break;
      const floats = new Set(worst.slice(0, count).map(({ name }) => name));
      best = better(best, await next({ ...recipe, floats }));
    }
    const others = this.#tried.filter((tried) => tried.recipe !== start && worth(tried) > worth(this.#tried[0]!));
    others.sort((a, b) => worth(b) - worth(a));
    best = await next(start, 'compensated');
    for (const other of others.slice(0, finalists)) best = better(best, await next(other.recipe, 'compensated'));
    best = await this.#withInputs(best, next);
    told(0);
    return { best, tried: this.#tried };
  }

  /**
   * A layer that makes much of small differences is helped little by floats of its own while what it reads are bytes: both are kept in
   * floats. First what those read that are in floats already, then the layers that hurt most.
   */
  async #withInputs(found: TriedRecipe, next: Next): Promise<TriedRecipe> {
    const { recipe } = found;
    const layers = await layerErrors(this.#compilation, this.#calibration, recipe, this.#pictures);
    const worst = worstOf(layers).map(({ name }) => name);
    const read = this.#compilation.floatable();
    const counts = withInputs.filter((count) => count <= worst.length);
    let best = found;
    for (const more of [[...recipe.floats], ...counts.map((count) => worst.slice(0, count))]) {
      const { floats } = best.recipe;
      const names = more.flatMap((name) => [name, ...(read.get(name) ?? [])]);
      if (names.every((name) => floats.has(name))) continue;
      const other = await next({ ...recipe, floats: new Set([...floats, ...names]) }, 'compensated');
      if (isCloser(best, other)) best = other;
    }
    return best;
  }

  async #try(recipe: Recipe, rounding: TriedRecipe['rounding']): Promise<TriedRecipe> {
    const calibration = rounding === 'nearest' ? { ...this.#calibration, moments: new Map() } : this.#calibration;
    const program = this.#compilation.program(calibration, recipe);
    const network = openProgram(program);
    try {
      const agreement = await this.#reference.compare(network);
      const milliseconds = kernels.programs ? await timeOf(network, this.#pictures[0]!) : undefined;
      const tried = { recipe, rounding, ...agreement, milliseconds, inFloats: floatsOf(program) };
      this.#tried.push(tried);
      return tried;
    } finally {
      await network.close();
    }
  }
}

/** An average precision of fewer objects is chance. */
export const enoughObjects = 8;

/** Does the outputs' error say what a recipe is worth? A cosine moves by a thousandth where the error doubles, and an AP of few objects is chance. */
const isByError = ({ accuracy, objects = 0 }: Agreement) => accuracy === undefined && objects < enoughObjects;

/** How accurate it is by labels, how well it agrees where there are none, or how small its error is, for what it takes. Not by the time: that is another one each time on a busy board. */
function worth(tried: TriedRecipe): number {
  const { agreement, accuracy = agreement, error, inFloats } = tried;
  return isByError(tried) ? -error * (1 + closerForFloats * inFloats) : accuracy - inFloats * forFloats;
}

/**
 * The other one where it is clearly worth more and, unless labels say so, its outputs are not further from the float network's; else the
 * first.
 */
export function better(one: TriedRecipe, other: TriedRecipe): TriedRecipe {
  if (isByError(other)) {
    const isCloserByFar = worth(other) >= worth(one) * (1 - closer);
    return isCloserByFar && other.agreement >= one.agreement - chance ? other : one;
  }
  const isSure = other.accuracy !== undefined || other.error <= one.error;
  return worth(other) - worth(one) >= clearly && isSure ? other : one;
}

/**
 * Is another one so much closer to the float network that it is worth its time? The outputs' error says so, which varies less with the
 * pictures than what is found in them; where there are labels, these do.
 */
export function isCloser(one: TriedRecipe, other: TriedRecipe): boolean {
  if (other.accuracy !== undefined) return better(one, other) === other;
  const wanted = closer + closerForFloats * Math.max(0, other.inFloats - one.inFloats);
  return other.error <= one.error * (1 - wanted) && other.agreement >= one.agreement - chance;
}

/** Those that could be in floats and hurt, the worst first. */
function worstOf(layers: readonly LayerError[]): LayerError[] {
  return layers
    .filter(({ canBeFloat, own, heldIn }) => canBeFloat && heldIn === 'bytes' && own.relative > hurts)
    .sort((a, b) => b.own.relative - a.own.relative);
}

function floatsOf({ steps }: Program): number {
  const all = steps.reduce((sum, { macs }) => sum + macs, 0);
  return steps.reduce((sum, { op, macs }) => (isFloatStep(op) ? sum + macs : sum), 0) / Math.max(1, all);
}

const runs = 5;

/** The least of several runs: other programs only add to it. */
async function timeOf(network: RunningNetwork, picture: Pixels): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const started = performance.now();
    await network.run(picture);
    least = Math.min(least, performance.now() - started);
  }
  return least;
}
