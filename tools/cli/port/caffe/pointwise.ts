import { around, assertReads, type GraphWriter, type LayerKind, weightsOf, wrong } from './kind.ts';
import type { CaffeLayer } from './network.ts';
import type { TextMessage } from './text-format.ts';

/** A layer that makes of each number another. */
function pointwise(
  write: (layer: CaffeLayer, graph: GraphWriter) => void,
  functionOf: (layer: CaffeLayer) => (value: number) => number,
): LayerKind {
  return {
    shapes(layer, inputs) {
      assertReads(layer, inputs, 1);
      return layer.writes.map(() => inputs[0]!);
    },
    write,
    run(layer, [input]) {
      const result = input!.data.map(functionOf(layer));
      return layer.writes.map(() => result);
    },
  };
}

/** One ONNX operator without settings. */
const operator = (op: string, of: (value: number) => number): LayerKind =>
  pointwise(
    (layer, graph) => graph.node(layer, op, layer.reads, layer.writes),
    () => of,
  );

const slopeOf = ({ settings }: CaffeLayer) => settings.message('relu_param').number('negative_slope') ?? 0;
const alphaOf = ({ settings }: CaffeLayer) => settings.message('elu_param').number('alpha') ?? 1;

const relu = pointwise(
  (layer, graph) => {
    const slope = slopeOf(layer);
    const leaky = { alpha: { float: slope } };
    graph.node(layer, slope === 0 ? 'Relu' : 'LeakyRelu', layer.reads, layer.writes, slope === 0 ? {} : leaky);
  },
  (layer) => {
    const slope = slopeOf(layer);
    return (value) => (value > 0 ? value : value * slope);
  },
);

const elu = pointwise(
  (layer, graph) => graph.node(layer, 'Elu', layer.reads, layer.writes, { alpha: { float: alphaOf(layer) } }),
  (layer) => {
    const alpha = alphaOf(layer);
    return (value) => (value > 0 ? value : alpha * (Math.exp(value) - 1));
  },
);

/** @param limits Of a layer's numbers. */
function clipped(limits: (layer: CaffeLayer) => readonly [number, number]): LayerKind {
  return pointwise(
    (layer, graph) => {
      const [least, most] = limits(layer).map((value, i) =>
        graph.constant(layer, i === 0 ? 'least' : 'most', [], Float32Array.of(value)),
      );
      graph.node(layer, 'Clip', [layer.reads[0]!, least!, most!], layer.writes);
    },
    (layer) => {
      const [least, most] = limits(layer);
      return (value) => Math.min(most, Math.max(least, value));
    },
  );
}

interface Power {
  readonly power: number;
  readonly scale: number;
  readonly shift: number;
}

function powerOf({ settings }: CaffeLayer): Power {
  const own: TextMessage = settings.message('power_param');
  return { power: own.number('power') ?? 1, scale: own.number('scale') ?? 1, shift: own.number('shift') ?? 0 };
}

const power = pointwise(
  (layer, graph) => {
    const { power: exponent, scale, shift } = powerOf(layer);
    const steps: [string, number][] = [];
    if (scale !== 1) steps.push(['Mul', scale]);
    if (shift !== 0) steps.push(['Add', shift]);
    if (exponent !== 1) steps.push(['Pow', exponent]);
    if (steps.length === 0) graph.node(layer, 'Identity', layer.reads, layer.writes);
    let from = layer.reads[0]!;
    steps.forEach(([op, value], i) => {
      const to = i === steps.length - 1 ? layer.writes[0]! : graph.inner(layer, op.toLowerCase());
      graph.node(layer, op, [from, graph.constant(layer, `by${i}`, [], Float32Array.of(value))], [to]);
      from = to;
    });
  },
  (layer) => {
    const { power: exponent, scale, shift } = powerOf(layer);
    return (value) => (scale * value + shift) ** exponent;
  },
);

/** Does nothing once a network is trained. */
const identity = pointwise(
  (layer, graph) => {
    for (const to of layer.writes) graph.node(layer, 'Identity', layer.reads, [to]);
  },
  () => (value) => value,
);

const prelu: LayerKind = {
  shapes(layer, inputs) {
    assertReads(layer, inputs, 1);
    if (inputs[0]!.length < 2) throw wrong(layer, 'a bottom with channels', `[${inputs[0]!.join(', ')}]`);
    return [inputs[0]!];
  },
  write(layer, graph) {
    const shape = graph.shapeOf(layer.reads[0]!);
    const isShared = layer.settings.message('prelu_param').flag('channel_shared', false);
    const slopes = weightsOf(layer, 0, isShared ? 1 : shape[1]!, 'slopes');
    const sides = isShared ? [] : [shape[1]!, ...shape.slice(2).map(() => 1)];
    graph.node(layer, 'PRelu', [layer.reads[0]!, graph.constant(layer, 'slopes', sides, slopes.data)], layer.writes);
  },
  run(layer, [input]) {
    const { side, inner } = around(input!.shape, 1);
    const isShared = layer.settings.message('prelu_param').flag('channel_shared', false);
    const { data: slopes } = weightsOf(layer, 0, isShared ? 1 : side, 'slopes');
    const result = input!.data.map((value, i) => {
      const channel = Math.floor(i / inner) % side;
      return value > 0 ? value : value * slopes[isShared ? 0 : channel]!;
    });
    return [result];
  },
};

const clipLimits = (layer: CaffeLayer) => {
  const own = layer.settings.message('clip_param');
  return [own.number('min') ?? -Infinity, own.number('max') ?? Infinity] as const;
};

export const pointwiseKinds: Readonly<Record<string, LayerKind>> = {
  ReLU: relu,
  ReLU6: clipped(() => [0, 6]),
  Clip: clipped(clipLimits),
  ELU: elu,
  PReLU: prelu,
  Power: power,
  Sigmoid: operator('Sigmoid', (value) => 1 / (1 + Math.exp(-value))),
  TanH: operator('Tanh', Math.tanh),
  AbsVal: operator('Abs', Math.abs),
  BNLL: operator('Softplus', (value) =>
    value > 0 ? value + Math.log1p(Math.exp(-value)) : Math.log1p(Math.exp(value)),
  ),
  Dropout: identity,
  Split: identity,
};
