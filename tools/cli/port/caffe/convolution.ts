import {
  assertReads,
  count,
  type GraphWriter,
  type LayerKind,
  type Numbers,
  type Shape,
  weightsOf,
  wrong,
} from './kind.ts';
import type { CaffeLayer } from './network.ts';
import { assertPicture, assertSides, type Windows, windowsOf } from './windows.ts';

interface Convolution extends Windows {
  readonly outputs: number;
  readonly group: number;
  readonly hasBias: boolean;
}

function settingsOf(layer: CaffeLayer): Convolution {
  const settings = layer.settings.message('convolution_param');
  const outputs = settings.number('num_output') ?? 0;
  const group = settings.number('group') ?? 1;
  if (!Number.isInteger(outputs) || outputs < 1) throw wrong(layer, 'num_output of at least 1', `${outputs}`);
  if (!Number.isInteger(group) || group < 1) throw wrong(layer, 'a group of at least 1', `${group}`);
  return { ...windowsOf(layer, settings), outputs, group, hasBias: settings.flag('bias_term', true) };
}

function assertGroups(layer: CaffeLayer, channels: number, { outputs, group }: Convolution): void {
  if (channels % group === 0 && outputs % group === 0) return;
  throw wrong(layer, `channels that ${group} groups share`, `${channels} in, ${outputs} out`);
}

/** Weights and bias as the node's inputs. */
function written(layer: CaffeLayer, graph: GraphWriter, shape: Shape, { outputs, hasBias }: Convolution): string[] {
  const names = [graph.constant(layer, 'weights', shape, weightsOf(layer, 0, count(shape), 'weights').data)];
  if (hasBias) names.push(graph.constant(layer, 'bias', [outputs], weightsOf(layer, 1, outputs, 'bias').data));
  return names;
}

const attributes = ({ kernel, stride, pad, dilation, group }: Convolution) => ({
  kernel_shape: kernel,
  strides: stride,
  pads: [...pad, ...pad],
  dilations: dilation,
  group,
});

/** What a side of the picture becomes: `extent` is that of the kernel with its dilation. */
type SideOf = (side: number, windows: { extent: number; stride: number; pad: number }) => number;

/** The shapes that a convolution gives, as both kinds of it check them. */
const shapesBy =
  (sideOf: SideOf): LayerKind['shapes'] =>
  (layer, inputs) => {
    assertReads(layer, inputs, 1);
    const [shape] = inputs;
    assertPicture(layer, shape);
    const settings = settingsOf(layer);
    assertGroups(layer, shape[1]!, settings);
    const sides = [0, 1].map((i) => {
      const extent = settings.dilation[i]! * (settings.kernel[i]! - 1) + 1;
      return sideOf(shape[i + 2]!, { extent, stride: settings.stride[i]!, pad: settings.pad[i]! });
    });
    assertSides(layer, sides);
    return [[shape[0]!, settings.outputs, ...sides]];
  };

/** Weights are those of each output, and of a deconvolution those of each input: shared by groups on the other side. */
const writeAs =
  (op: 'Conv' | 'ConvTranspose'): LayerKind['write'] =>
  (layer, graph) => {
    const settings = settingsOf(layer);
    const { outputs, group, kernel } = settings;
    const [from] = layer.reads as [string];
    const channels = graph.shapeOf(from)[1]!;
    const sides = op === 'Conv' ? [outputs, channels / group] : [channels, outputs / group];
    const names = written(layer, graph, [...sides, ...kernel], settings);
    graph.node(layer, op, [from, ...names], layer.writes, attributes(settings));
  };

export const convolution: LayerKind = {
  // Rounded down, unlike pooling.
  shapes: shapesBy((side, { extent, stride, pad }) => Math.floor((side + 2 * pad - extent) / stride) + 1),
  write: writeAs('Conv'),
  run(layer, [input], [shape]) {
    const settings = settingsOf(layer);
    const [batch, channels, height, width] = input!.shape as [number, number, number, number];
    const [, outputs, rows, columns] = shape as [number, number, number, number];
    const { kernel, stride, pad, dilation, group } = settings;
    const perGroup = channels / group;
    const size = kernel[0] * kernel[1];
    const { data: weights } = weightsOf(layer, 0, outputs * perGroup * size, 'weights');
    const result = biased(layer, settings, shape!);
    for (let to = 0; to < batch * outputs; to++) {
      const output = to % outputs;
      const first = Math.floor(to / outputs) * channels + Math.floor(output / (outputs / group)) * perGroup;
      for (let i = 0; i < perGroup; i++) {
        const plane = input!.data.subarray((first + i) * height * width, (first + i + 1) * height * width);
        for (let k = 0; k < size; k++) {
          const weight = weights[(output * perGroup + i) * size + k]!;
          const down = Math.floor(k / kernel[1]) * dilation[0] - pad[0];
          const right = (k % kernel[1]) * dilation[1] - pad[1];
          for (let y = 0; y < rows; y++) {
            const row = y * stride[0] + down;
            if (row < 0 || row >= height) continue;
            const at = (to * rows + y) * columns;
            for (let x = 0; x < columns; x++) {
              const column = x * stride[1] + right;
              if (column >= 0 && column < width) result[at + x]! += weight * plane[row * width + column]!;
            }
          }
        }
      }
    }
    return [result];
  },
};

/** An output that holds the bias, to which products are added. */
function biased(layer: CaffeLayer, { outputs, hasBias }: Convolution, shape: Shape): Float32Array {
  const result = new Float32Array(count(shape));
  if (!hasBias) return result;
  const { data: bias } = weightsOf(layer, 1, outputs, 'bias');
  const plane = count(shape.slice(2));
  for (let to = 0; to < result.length / plane; to++) result.fill(bias[to % outputs]!, to * plane, (to + 1) * plane);
  return result;
}

export const deconvolution: LayerKind = {
  shapes: shapesBy((side, { extent, stride, pad }) => stride * (side - 1) + extent - 2 * pad),
  write: writeAs('ConvTranspose'),
  run(layer, [input], [shape]) {
    const settings = settingsOf(layer);
    const { kernel, stride, pad, dilation, group } = settings;
    const [batch, channels, height, width] = input!.shape as [number, number, number, number];
    const [, outputs, rows, columns] = shape as [number, number, number, number];
    const perGroup = outputs / group;
    const size = kernel[0] * kernel[1];
    const { data: weights } = weightsOf(layer, 0, channels * perGroup * size, 'weights');
    const result = biased(layer, settings, shape!);
    for (let from = 0; from < batch * channels; from++) {
      const channel = from % channels;
      const first = Math.floor(from / channels) * outputs + Math.floor(channel / (channels / group)) * perGroup;
      for (let i = 0; i < perGroup; i++) {
        const at = (first + i) * rows * columns;
        for (let k = 0; k < size; k++) {
          const weight = weights[(channel * perGroup + i) * size + k]!;
          const down = Math.floor(k / kernel[1]) * dilation[0] - pad[0];
          const right = (k % kernel[1]) * dilation[1] - pad[1];
          for (let place = 0; place < height * width; place++) {
            const row = Math.floor(place / width) * stride[0] + down;
            const column = (place % width) * stride[1] + right;
            if (row < 0 || row >= rows || column < 0 || column >= columns) continue;
            result[at + row * columns + column]! += weight * input!.data[from * height * width + place]!;
          }
        }
      }
    }
    return [result];
  },
};

interface InnerProduct {
  readonly outputs: number;
  readonly axis: number;
  readonly numbers: number;
  readonly isTransposed: boolean;
  readonly hasBias: boolean;
}

function productOf(layer: CaffeLayer, shape: Shape): InnerProduct {
  const settings = layer.settings.message('inner_product_param');
  const outputs = settings.number('num_output') ?? 0;
  if (!Number.isInteger(outputs) || outputs < 1) throw wrong(layer, 'num_output of at least 1', `${outputs}`);
  const axis = settings.number('axis') ?? 1;
  if (axis !== 1) throw wrong(layer, 'the axis 1', `${axis}`);
  return {
    outputs,
    axis,
    numbers: count(shape.slice(1)),
    isTransposed: settings.flag('transpose', false),
    hasBias: settings.flag('bias_term', true),
  };
}

export const innerProduct: LayerKind = {
  shapes(layer, inputs) {
    assertReads(layer, inputs, 1);
    return [[inputs[0]![0]!, productOf(layer, inputs[0]!).outputs]];
  },
  write(layer, graph) {
    const [from] = layer.reads as [string];
    const shape = graph.shapeOf(from);
    const { outputs, numbers, isTransposed, hasBias } = productOf(layer, shape);
    const { data } = weightsOf(layer, 0, outputs * numbers, 'weights');
    const flat = shape.length === 2 ? from : graph.inner(layer, 'flat');
    if (flat !== from) graph.node(layer, 'Flatten', [from], [flat], { axis: 1 });
    const names = [
      graph.constant(layer, 'weights', isTransposed ? [numbers, outputs] : [outputs, numbers], data),
      ...(hasBias ? [graph.constant(layer, 'bias', [outputs], weightsOf(layer, 1, outputs, 'bias').data)] : []),
    ];
    graph.node(layer, 'Gemm', [flat, ...names], layer.writes, { transB: isTransposed ? 0 : 1 });
  },
  run(layer, [input], [shape]) {
    const { outputs, numbers, isTransposed, hasBias } = productOf(layer, (input as Numbers).shape);
    const { data: weights } = weightsOf(layer, 0, outputs * numbers, 'weights');
    const bias = hasBias ? weightsOf(layer, 1, outputs, 'bias').data : undefined;
    const result = new Float32Array(count(shape!));
    result.forEach((_, to) => {
      const output = to % outputs;
      const first = Math.floor(to / outputs) * numbers;
      let sum = bias?.[output] ?? 0;
      for (let i = 0; i < numbers; i++) {
        sum += input!.data[first + i]! * weights[isTransposed ? i * outputs + output : output * numbers + i]!;
      }
      result[to] = sum;
    });
    return [result];
  },
};
