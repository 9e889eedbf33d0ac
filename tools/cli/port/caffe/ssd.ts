import { assertReads, count, type LayerKind, type Shape, wrong } from './kind.ts';
import type { CaffeLayer } from './network.ts';
import { assertPicture } from './windows.ts';

interface Priors {
  /** Width and height of the boxes around each cell, in pixels of the picture. */
  readonly sizes: readonly (readonly [number, number])[];
  readonly variance: readonly number[];
  readonly offset: number;
  readonly step: readonly [number, number] | undefined;
  readonly isClipped: boolean;
}

function priorsOf(layer: CaffeLayer): Priors {
  const own = layer.settings.message('prior_box_param');
  const least = own.numbers('min_size');
  const most = own.numbers('max_size');
  if (least.length === 0 || (most.length > 0 && most.length !== least.length)) {
    throw wrong(layer, 'min_size, and as many max_size or none', `${least.length} and ${most.length}`);
  }
  const ratios: number[] = [];
  for (const ratio of own.numbers('aspect_ratio')) {
    if (!(ratio > 0)) throw wrong(layer, 'an aspect_ratio above 0', `${ratio}`);
    if ([1, ...ratios].some((one) => Math.abs(one - ratio) < 1e-6)) continue;
    ratios.push(ratio);
    if (own.flag('flip', true)) ratios.push(1 / ratio);
  }
  const sizes = least.flatMap((size, i): [number, number][] => {
    const own = Math.sqrt(size * (most[i] ?? 0));
    const square: [number, number][] = most.length > 0 ? [[own, own]] : [];
    const others = ratios.map((ratio): [number, number] => [size * Math.sqrt(ratio), size / Math.sqrt(ratio)]);
    return [[size, size], ...square, ...others];
  });
  const variance = own.numbers('variance');
  const step = own.number('step') ?? own.number('step_h');
  return {
    sizes,
    variance: variance.length === 4 ? variance : new Array<number>(4).fill(variance[0] ?? 0.1),
    offset: own.number('offset') ?? 0.5,
    step: step === undefined ? undefined : [step, own.number('step_w') ?? step],
    isClipped: own.flag('clip', false),
  };
}

/** SSD's boxes around each cell, as corners in fractions of the picture, and what their distances are multiplied by. */
export const priorBox: LayerKind = {
  shapes(layer, inputs) {
    assertReads(layer, inputs, 2);
    const [cells, picture] = inputs;
    assertPicture(layer, cells);
    assertPicture(layer, picture);
    return [[1, 2, cells[2]! * cells[3]! * priorsOf(layer).sizes.length * 4]];
  },
  write(layer, graph) {
    const shapes = layer.reads.map((name) => graph.shapeOf(name));
    const data = priorNumbers(layer, shapes);
    const name = graph.constant(layer, 'boxes', graph.shapeOf(layer.writes[0]!), data);
    graph.node(layer, 'Identity', [name], layer.writes);
  },
  run: (layer, inputs) => [
    priorNumbers(
      layer,
      inputs.map(({ shape }) => shape),
    ),
  ],
};

function priorNumbers(layer: CaffeLayer, [cells, picture]: readonly Shape[]): Float32Array {
  const { sizes, variance, offset, step, isClipped } = priorsOf(layer);
  const [, , rows, columns] = cells as [number, number, number, number];
  const [, , height, width] = picture as [number, number, number, number];
  const [down, right] = step ?? [height / rows, width / columns];
  const boxes: number[] = [];
  for (let cell = 0; cell < rows * columns; cell++) {
    const x = ((cell % columns) + offset) * right;
    const y = (Math.floor(cell / columns) + offset) * down;
    for (const [w, h] of sizes) {
      boxes.push((x - w / 2) / width, (y - h / 2) / height, (x + w / 2) / width, (y + h / 2) / height);
    }
  }
  const corners = isClipped ? boxes.map((side) => Math.min(1, Math.max(0, side))) : boxes;
  const spread = boxes.map((_, i) => variance[i % 4]!);
  return Float32Array.from([...corners, ...spread]);
}

interface Output {
  readonly classes: number;
  readonly boxes: number;
}

function outputOf(layer: CaffeLayer, [places, scores, priors]: readonly (Shape | undefined)[]): Output {
  const own = layer.settings.message('detection_output_param');
  const classes = own.number('num_classes') ?? 0;
  const code = own.text('code_type') ?? 'CORNER';
  if (code !== 'CENTER_SIZE' && code !== '2') throw wrong(layer, 'the code_type CENTER_SIZE', code);
  if (!own.flag('share_location', true)) throw wrong(layer, 'share_location: true', 'false');
  if (own.flag('variance_encoded_in_target', false)) {
    throw wrong(layer, 'variance_encoded_in_target: false', 'true');
  }
  const boxes = count(priors ?? []) / 8;
  if (priors?.length === 3 && count(places!) === boxes * 4 && count(scores!) === boxes * classes)
    return { classes, boxes };
  throw wrong(
    layer,
    'distances, scores and prior boxes of as many boxes',
    [places, scores, priors].map((shape) => `[${shape?.join(', ') ?? ''}]`).join(', '),
  );
}

/** Prior boxes as centre and size, and their variances. */
function centred(priors: Float32Array): {
  readonly centre: number[][];
  readonly size: number[][];
  readonly variance: number[][];
} {
  const boxes = Array.from({ length: priors.length / 8 }, (_, i) => Array.from(priors.subarray(4 * i, 4 * i + 4)));
  return {
    centre: boxes.map(([x1, y1, x2, y2]) => [(x1! + x2!) / 2, (y1! + y2!) / 2]),
    size: boxes.map(([x1, y1, x2, y2]) => [x2! - x1!, y2! - y1!]),
    variance: boxes.map((_, i) =>
      Array.from(priors.subarray(priors.length / 2 + 4 * i, priors.length / 2 + 4 * i + 4)),
    ),
  };
}

/**
 * SSD's last layer without its suppression, which Ocellus' decoder does: `boxes` [1, N, 4], centre and size in fractions of the
 * picture, and `scores` [1, N, classes], the first of which is the background's.
 */
export const detectionOutput: LayerKind = {
  shapes(layer, inputs) {
    assertReads(layer, inputs, 3, 4);
    const { boxes, classes } = outputOf(layer, inputs);
    return [
      [1, boxes, 4],
      [1, boxes, classes],
    ];
  },
  write(layer, graph) {
    const [places, scores, priors] = layer.reads as [string, string, string];
    const [boxesTo, scoresTo] = layer.writes as [string, string];
    const known = graph.known.get(priors);
    if (!known) throw wrong(layer, 'prior boxes that PriorBox layers make', priors);
    const { centre, size, variance } = centred(known);
    const length = centre.length;
    const reshape = (from: string, to: string, sides: Shape) => {
      const name = graph.constant(layer, 'shape', [sides.length], BigInt64Array.from(sides, BigInt));
      graph.node(layer, 'Reshape', [from, name], [to]);
    };
    const pairs = (role: string, of: (box: number) => readonly number[]) =>
      graph.constant(layer, role, [1, length, 2], Float32Array.from(centre.flatMap((_, box) => of(box))));
    const inner = (role: string) => graph.inner(layer, role);
    const [rows, offsets, logs, moved, middles, scaled, powers, sides] = [
      ...['rows', 'offsets', 'logs', 'moved', 'middles', 'scaled', 'powers', 'sides'].map(inner),
    ] as [string, string, string, string, string, string, string, string];
    reshape(places, rows, [1, length, 4]);
    const halves = graph.constant(layer, 'halves', [2], BigInt64Array.of(2n, 2n));
    graph.node(layer, 'Split', [rows, halves], [offsets, logs], { axis: 2 });
    const steps = pairs('steps', (box) => [0, 1].map((i) => variance[box]![i]! * size[box]![i]!));
    graph.node(layer, 'Mul', [offsets, steps], [moved]);
    graph.node(layer, 'Add', [moved, pairs('centres', (box) => centre[box]!)], [middles]);
    graph.node(layer, 'Mul', [logs, pairs('variances', (box) => variance[box]!.slice(2))], [scaled]);
    graph.node(layer, 'Exp', [scaled], [powers]);
    graph.node(layer, 'Mul', [powers, pairs('sizes', (box) => size[box]!)], [sides]);
    graph.node(layer, 'Concat', [middles, sides], [boxesTo], { axis: 2 });
    reshape(scores, scoresTo, graph.shapeOf(scoresTo));
  },
  run(_, [places, scores, priors]) {
    const { centre, size, variance } = centred(priors!.data);
    const boxes = places!.data.map((value, at) => {
      const box = Math.floor(at / 4);
      const i = at % 4;
      const scaled = value * variance[box]![i]!;
      return i < 2 ? centre[box]![i]! + scaled * size[box]![i]! : Math.exp(scaled) * size[box]![i - 2]!;
    });
    return [boxes, scores!.data];
  },
};
