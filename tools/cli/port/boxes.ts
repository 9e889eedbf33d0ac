import type { DetectorCard } from '../../../sdk/core/cards/card.ts';
import { makeDecoder } from '../../../sdk/core/decoders/registry.ts';
import type { Engine, Tensor, TensorInfo } from '../../../sdk/core/engines/engine.ts';
import { NetworkDetector } from '../../../sdk/core/network-detector.ts';
import { readPicture } from '../../../sdk/picture/picture.ts';
import { averagePrecision, type EvaluatedPicture } from '../../../sdk/vision/average-precision.ts';
import { Detections } from '../../../sdk/vision/detections.ts';
import { labelFileOf, YoloLabels } from '../yolo-labels.ts';
import type { Tensors } from './compare.ts';
import type { FedPicture } from './feed.ts';

/** What two networks find in the same pictures. */
export interface BoxAgreement {
  readonly source: number;
  readonly target: number;
  /** Boxes of the source that the target has as well: of the same class, and one over the other. */
  readonly matched: number;
  /** Boxes of one alone whose score is clearly above the threshold. */
  readonly alone: number;
  /** Least and mean IoU of those that match; undefined where none does. */
  readonly leastIou: number | undefined;
  readonly meanIou: number | undefined;
  /** AP of each, where labels lie beside the pictures. */
  readonly ap?: { readonly source: number; readonly target: number; readonly pictures: number } | undefined;
}

/** A network that was run already: it gives what is stored. */
class StoredEngine implements Engine {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  now: Tensors;

  constructor(card: DetectorCard, first: Tensors) {
    const { layout, width, height, type } = card.input;
    const shape = layout === 'NCHW' ? [1, 3, height, width] : [1, height, width, 3];
    this.inputs = [{ name: card.input.name ?? 'images', type, shape }];
    this.outputs = [...first].map(([name, tensor]) => ({ name, type: 'float32', shape: tensor.shape }));
    this.now = first;
  }

  async load(): Promise<void> {}

  bind(_: string, type: 'uint8' | 'float32', shape: readonly number[]): Uint8Array | Float32Array {
    const length = shape.reduce((product, side) => product * side, 1);
    return type === 'uint8' ? new Uint8Array(length) : new Float32Array(length);
  }

  async run(): Promise<ReadonlyMap<string, Tensor>> {
    // A decoder may write into them.
    return new Map([...this.now].map(([name, { shape, data }]) => [name, { shape, data: data.slice() }]));
  }

  async close(): Promise<void> {}
}

/** Scores this close to the threshold may pass in one and not in the other. */
const margin = 0.02;
/** Below it two boxes are not the same thing. */
const leastOverlap = 0.5;
const defaultScore = 0.4;
const maxDetections = 300;
/** As `ocellus eval` counts. */
const evaluatedScore = 0.01;

/**
 * Decodes both networks' outputs with the card's decoder, and compares what they find.
 *
 * @throws InputError when the outputs do not fit the card.
 */
export async function compareBoxes(
  card: DetectorCard,
  pictures: readonly FedPicture[],
  source: readonly Tensors[],
  target: readonly Tensors[],
): Promise<BoxAgreement> {
  const threshold = card.thresholds?.score ?? defaultScore;
  const [own, theirs] = [
    await decoded(card, pictures, source, threshold),
    await decoded(card, pictures, target, threshold),
  ];
  const ious: number[] = [];
  let alone = 0;
  for (const [i, boxes] of own.entries()) {
    const free = new Set([...theirs[i]!]);
    for (const one of boxes) {
      let best: { readonly iou: number; readonly other: typeof one } | undefined;
      for (const other of free) {
        const iou = other.label === one.label ? overlap(one.box, other.box) : 0;
        if (iou >= leastOverlap && iou > (best?.iou ?? 0)) best = { iou, other };
      }
      if (best) {
        ious.push(best.iou);
        free.delete(best.other);
      } else if (one.score > threshold + margin) alone++;
    }
    for (const one of free) if (one.score > threshold + margin) alone++;
  }
  const count = (all: readonly Detections[]) => all.reduce((sum, { length }) => sum + length, 0);
  return {
    source: count(own),
    target: count(theirs),
    matched: ious.length,
    alone,
    leastIou: ious.length === 0 ? undefined : Math.min(...ious),
    meanIou: ious.length === 0 ? undefined : ious.reduce((sum, iou) => sum + iou, 0) / ious.length,
    ap: await precision(card, pictures, source, target),
  };
}

async function decoded(
  card: DetectorCard,
  pictures: readonly FedPicture[],
  runs: readonly Tensors[],
  scoreThreshold: number,
  multiLabel = false,
): Promise<Detections[]> {
  const { decoder } = card;
  // It is a module of a program's own, which the command does not have.
  if (decoder.type === 'custom') return [];
  const engine = new StoredEngine(card, runs[0]!);
  const detector = new NetworkDetector(engine, card, (model, outputs) => makeDecoder(decoder, model, outputs));
  const found: Detections[] = [];
  for (const [i, { file }] of pictures.entries()) {
    engine.now = runs[i]!;
    const frame = await readPicture(file);
    try {
      const request = {
        type: 'detect',
        frame,
        scoreThreshold,
        iouThreshold: card.thresholds?.iou,
        maxDetections,
        multiLabel,
        regions: undefined,
      } as const;
      const { xyxy, score, classId } = await detector.detect(request);
      found.push(new Detections({ xyxy, score, classId, labels: card.labels }));
    } finally {
      frame.release();
    }
  }
  return found;
}

/** Where every picture has its labels beside it. */
async function precision(
  card: DetectorCard,
  pictures: readonly FedPicture[],
  source: readonly Tensors[],
  target: readonly Tensors[],
): Promise<BoxAgreement['ap']> {
  const truths: EvaluatedPicture['truth'][] = [];
  const reader = new YoloLabels(card.labels);
  for (const picture of pictures) {
    const labels = await labelFileOf(picture.file);
    if (labels === undefined) return undefined;
    truths.push(await reader.read(labels, picture));
  }
  reader.tell();
  const apOf = async (runs: readonly Tensors[]) => {
    const found = await decoded(card, pictures, runs, evaluatedScore, true);
    return averagePrecision(found.map((detections, i) => ({ detections, truth: truths[i]! }))).ap;
  };
  return { source: await apOf(source), target: await apOf(target), pictures: pictures.length };
}

type Box = readonly [number, number, number, number];

function overlap(one: Box, other: Box): number {
  const width = Math.min(one[2], other[2]) - Math.max(one[0], other[0]);
  const height = Math.min(one[3], other[3]) - Math.max(one[1], other[1]);
  if (width <= 0 || height <= 0) return 0;
  const area = (box: Box) => (box[2] - box[0]) * (box[3] - box[1]);
  return (width * height) / (area(one) + area(other) - width * height);
}
