import type { DetectorCard } from '../../../sdk/core/cards/card.ts';
import { type BoxAgreement, compareBoxes } from './boxes.ts';
import {
  compare,
  compareLayers,
  type Difference,
  inOrderOf,
  isWithin,
  type LayerDifference,
  pairOutputs,
  type Tensors,
  type Tolerance,
} from './compare.ts';
import type { FedPicture } from './feed.ts';
import type { Run } from './run.ts';
import type { PortTensor } from './tensors.ts';

export interface ProvenOutput extends Difference {
  readonly isWithin: boolean;
  /** Pairs of numbers of the source and the target, evenly taken, for a plot. */
  readonly sample: readonly (readonly [number, number])[];
}

/** What a comparison of two networks on the same pictures gave. */
export interface Proof {
  readonly tolerance: Tolerance;
  readonly outputs: readonly ProvenOutput[];
  /** Tensors that both name, in the order in which they are computed. */
  readonly layers: readonly LayerDifference[];
  /** The first of them that is beyond the tolerance; undefined where none is, or where the outputs are equal all the same. */
  readonly firstLayer: LayerDifference | undefined;
  readonly boxes: BoxAgreement | undefined;
  /** What is beyond the tolerance. Empty: the two are equal. */
  readonly problems: readonly string[];
}

/** What the target gave, under the source's names and in the order of its axes. */
export function alignedTo(source: readonly Tensors[], target: readonly Tensors[]): Tensors[] {
  const pairs = pairOutputs(source[0]!, target[0]!);
  return target.map(
    (tensors, i) =>
      new Map([...source[i]!].map(([name, own]) => [name, inShapeOf(own, tensors.get(pairs.get(name)!)!)])),
  );
}

/** Compared again by `compare`, which says so where the axes are in another order. */
function inShapeOf({ shape }: PortTensor, tensor: PortTensor): PortTensor {
  const found = inOrderOf(shape, tensor);
  return found ? { shape, data: found.data } : tensor;
}

/** A row of scores, of which the greatest counts. */
const isRow = (shape: readonly number[]) =>
  Math.max(...shape, 1) > 1 && shape.reduce((product, side) => product * side, 1) === Math.max(...shape);

/**
 * Compares two runs on the same pictures.
 *
 * @param card Decodes boxes, where it is a detector's.
 * @throws InputError when they have not the same outputs.
 */
export async function prove(
  source: Run,
  target: Run,
  pictures: readonly FedPicture[],
  tolerance: Tolerance,
  card?: DetectorCard,
): Promise<Proof> {
  const outputs = compareOutputs(source.outputs, target.outputs, tolerance);
  const problems = outputs
    .filter((one) => !one.isWithin)
    .map((one) => beyond(`the output ${one.name}`, one, tolerance));
  const layers = compareLayers(source.layers, target.layers, tolerance);
  const boxes = card && (await compareBoxes(card, pictures, source.outputs, alignedTo(source.outputs, target.outputs)));
  if (boxes && boxes.alone > 0) {
    problems.push(
      `boxes: expected the same of both, ${boxes.alone} are found by one alone (${boxes.source} and ${boxes.target})`,
    );
  }
  // Where the outputs are equal, a converter gave one name to another tensor: what an operation was taken apart into.
  const firstLayer = problems.length > 0 ? layers.find((one) => !one.isWithin) : undefined;
  return { tolerance, outputs, layers, firstLayer, boxes, problems };
}

/** @throws InputError when they have not the same outputs. */
export function compareOutputs(
  source: readonly Tensors[],
  target: readonly Tensors[],
  tolerance: Tolerance,
): ProvenOutput[] {
  const pairs = pairOutputs(source[0]!, target[0]!);
  return [...pairs].map(([name, other]) => {
    const own = source.map((tensors) => tensors.get(name)!);
    const theirs = target.map((tensors) => tensors.get(other)!);
    const difference = compare(name, own, theirs, isRow(own[0]!.shape));
    const aligned = alignedTo([new Map([[name, own[0]!]])], [new Map([[name, theirs[0]!]])])[0]!.get(name)!;
    return { ...difference, isWithin: isWithin(difference, tolerance), sample: sampleOf(own[0]!, aligned) };
  });
}

export function beyond(what: string, { share, cosine, maxAbs, greatest }: Difference, tolerance: Tolerance): string {
  const told = (value: number) => Number(value.toPrecision(3));
  return (
    `${what}: expected a difference of at most ${tolerance.share} of its greatest number and a cosine of at least ${tolerance.cosine}, ` +
    `got ${told(share)} (${told(maxAbs)} of ${told(greatest)}) and ${cosine.toFixed(6)}`
  );
}

const sampled = 400;

function sampleOf(source: PortTensor, target: PortTensor): [number, number][] {
  const step = Math.max(1, Math.floor(source.data.length / sampled));
  const places = Array.from({ length: Math.min(sampled, source.data.length) }, (_, i) => i * step);
  return places.map((at) => [source.data[at]!, target.data[at]!]);
}

/** Outputs that say nothing of the pictures: one number everywhere, or the same numbers for all of them. */
export function deadOutputs(runs: readonly Tensors[]): string[] {
  return [...runs[0]!.keys()].filter((name) => {
    const [first, ...others] = runs.map((tensors) => tensors.get(name)!.data);
    const isSame = others.length > 0 && others.every((data) => data.every((value, at) => value === first![at]));
    return isSame || (first!.length > 1 && others.length === 0 && first!.every((value) => value === first![0]));
  });
}

/** The picture on which two runs differ most: its layers are looked at. */
export function worstPicture(source: readonly Tensors[], target: readonly Tensors[], tolerance: Tolerance): number {
  const shares = source.map((tensors, i) =>
    Math.max(...compareOutputs([tensors], [target[i]!], tolerance).map(({ share }) => share)),
  );
  return shares.indexOf(Math.max(...shares));
}
