import { describe, expect, test } from 'vitest';
import { compile } from '../../../sdk/core/compiler/compile.ts';
import { Interpreter } from '../../../sdk/core/program/reference.ts';
import { compareWithFloat, NetworkBuilder, pictures } from './networks.ts';

const side = 16;

/** A convolution of 8 channels of 16 x 16, and what networks from elsewhere do with it, up to an output. */
const structures: Readonly<Record<string, (net: NetworkBuilder, x: string) => string>> = {
  'a layer normalisation of channels': (net, x) => {
    const last = net.node('Transpose', [x], { ints: { perm: [0, 2, 3, 1] } });
    return net.node('LayerNormalization', [last, net.random([8], 1, 2), net.random([8])], { ints: { axis: -1 } });
  },
  'a layer normalisation of several dimensions without a bias': (net, x) =>
    net.node('LayerNormalization', [x, net.random([8, 16, 16], 1, 2)], { ints: { axis: 1 } }),
  'a layer normalisation in parts': (net, x) => {
    const last = net.node('Transpose', [x], { ints: { perm: [0, 2, 3, 1] } });
    const mean = (of: string) => net.node('ReduceMean', [of], { ints: { axes: [-1] } });
    const apart = net.node('Sub', [last, mean(last)]);
    const square = net.node('Pow', [apart, net.constant([], [2])]);
    const deviation = net.node('Sqrt', [net.node('Add', [mean(square), net.constant([], [1e-5])])]);
    return net.node('Mul', [net.node('Div', [apart, deviation]), net.random([8])]);
  },
  'an instance normalisation before a convolution': (net, x) =>
    net.conv(net.node('InstanceNormalization', [x, net.random([8], 1, 2), net.random([8])]), [8, 4], 3),
  'a mean of channels as a gate': (net, x) =>
    net.node('Mul', [x, net.node('Sigmoid', [net.node('ReduceMean', [x], { ints: { axes: [1] } })])]),
  'a mean of rows': (net, x) => net.node('ReduceMean', [x], { ints: { axes: [2], keepdims: 0 } }),
  'a sum of pixels': (net, x) => net.node('ReduceSum', [x, net.integers(2, 3)], { ints: { keepdims: 0 } }),
  'a length that others are divided by': (net, x) => {
    const rows = net.node('Reshape', [x, net.integers(1, 8, 256)]);
    const length = net.node('ReduceL2', [rows], { ints: { axes: [-1] } });
    const least = net.node('Clip', [length, net.constant([], [1e-3]), net.constant([], [3e38])]);
    return net.node('Div', [rows, net.node('Expand', [least, net.integers(1, 8, 256)])]);
  },
  'one of several dimensions, and every second': (net, x) => {
    const parts = net.node('Reshape', [x, net.integers(1, 2, 4, 256)]);
    const one = net.node('Gather', [parts, net.constant([], [1], 'int64')], { ints: { axis: 1 } });
    return net.node('Gather', [one, net.integers(0, 2)], { ints: { axis: 1 } });
  },
  'the larger of two tensors, before a convolution': (net, x) =>
    net.conv(net.node('Max', [net.conv(x, [8, 8]), net.conv(x, [8, 8], 3)]), [8, 4], 3),
  'the smallest of two tensors and a constant for each channel': (net, x) =>
    net.node('Min', [net.conv(x, [8, 8]), net.random([8, 1, 1], 0.5), net.conv(x, [8, 8], 3)]),
  'the larger one of a tensor and a constant for each column': (net, x) =>
    net.node('Max', [net.conv(x, [8, 8]), net.random([16], 0.5)]),
  'a sum of three tensors, of which one is a number for each channel': (net, x) =>
    net.node('Sum', [net.node('GlobalAveragePool', [x]), net.conv(x, [8, 8]), net.conv(x, [8, 8], 3)]),
  'a mean of three tensors before a convolution': (net, x) =>
    net.conv(net.node('Mean', [x, net.conv(x, [8, 8]), net.conv(x, [8, 8], 3)]), [8, 4], 3),
  'the largest of each odd number of channels': (net, x) =>
    net.node('Mul', [x, net.node('ReduceMax', [net.conv(x, [8, 7])], { ints: { axes: [1] } })]),
  'the largest of lists of pixels that were made of rows': (net, x) => {
    const list = net.node('Reshape', [
      net.node('Slice', [x, ...[0, 13, 2].map((at) => net.integers(at))]),
      net.integers(1, 8, 208),
    ]);
    return net.node('ReduceMax', [list], { ints: { axes: [-1], keepdims: 0 } });
  },
  'the smallest of rows and channels': (net, x) =>
    net.node('ReduceMin', [net.conv(x, [8, 8])], { ints: { axes: [1, 2], keepdims: 0 } }),
  'the largest of all pixels': (net, x) => net.node('GlobalMaxPool', [x]),
  'a mean of neighbours without zeros beside the picture': (net, x) =>
    net.node('AveragePool', [x], { ints: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] } }),
  // As PyTorch's AvgPool2d(3, stride=2, padding=1, ceil_mode=True) is written.
  'a mean with zeros beside the picture, and windows that reach beyond those': (net, x) =>
    net.node('AveragePool', [x], {
      ints: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1, count_include_pad: 1 },
    }),
  'a mean whose windows reach beyond the picture': (net, x) =>
    net.node('AveragePool', [x], {
      ints: { kernel_shape: [3, 3], strides: [2, 2], ceil_mode: 1, count_include_pad: 1 },
    }),
  'a mean of the zeros of a Pad, without those of its own': (net, x) =>
    net.node('AveragePool', [net.node('Pad', [x, net.integers(0, 0, 1, 0, 0, 0, 0, 2)])], {
      ints: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] },
    }),
  // One tensor in two layers, in which other dimensions are the channels.
  'a function between a picture in another order and a convolution': (net, x) =>
    net.conv(net.node('Tanh', [resized(net, x, 1.5, { mode: 'linear' })]), [8, 4], 3),
  'a root after a sum, before a convolution': (net, x) => {
    const sum = net.node('Add', [net.node('Abs', [x]), net.constant([], [0.3])]);
    return net.conv(net.node('Sqrt', [sum]), [8, 4]);
  },
  'powers of a convolution, before another': (net, x) => net.conv(net.node('Exp', [net.conv(x, [8, 8])]), [8, 4]),
  'a mean of channels of pictures below each other': (net, x) => {
    const both = net.node('Concat', [x, net.conv(x, [8, 8], 3)], { ints: { axis: 2 } });
    return net.node('Mul', [both, net.node('ReduceMean', [both], { ints: { keepdims: 1, axes: [1] } })]);
  },
  'a normalisation of channels that lie as blocks of pixels': (net, x) => {
    const blocks = net.node('DepthToSpace', [x], { ints: { blocksize: 2 } });
    return net.node('BatchNormalization', [
      blocks,
      ...[1, 0.5, 0.3].map((at) => net.random([2], 0.3, at)),
      net.random([2], 0.3, 1),
    ]);
  },
  'slopes of channels that lie as blocks of pixels': (net, x) => {
    const blocks = net.node('DepthToSpace', [net.conv(x, [8, 8])], { ints: { blocksize: 2 } });
    return net.node('PRelu', [blocks, net.constant([2, 1, 1], [0.1, 2])]);
  },
  'channels that lie between others, through a function': (net, x) => {
    const groups = net.node('Transpose', [net.node('Reshape', [x, net.integers(1, 2, 4, 16, 16)])], {
      ints: { perm: [0, 2, 1, 3, 4] },
    });
    const [a, b] = net.nodes(
      'Split',
      [net.node('Reshape', [groups, net.integers(1, 8, 16, 16)]), net.integers(6, 2)],
      2,
      {
        ints: { axis: 1 },
      },
    );
    return net.node('Concat', [b!, net.node('Relu', [a!])], { ints: { axis: 1 } });
  },
  'every second channel, enlarged': (net, x) => {
    const ends = [1, 8, 1, 2].map((at) => net.integers(at));
    return net.conv(resized(net, net.node('Tanh', [net.node('Slice', [x, ...ends])]), 2, {}), [4, 8], 3);
  },
  'numbers that are all zero, beside others': (net, x) => {
    const low = net.node('Min', [net.conv(x, [8, 8]), net.constant([], [-1])]);
    return net.conv(net.node('Concat', [net.node('Relu', [low]), x], { ints: { axis: 1 } }), [16, 8]);
  },
  'a part of what has a constant for each row, beside a convolution of it': (net, x) => {
    const rows = net.node('Div', [x, net.random([16], 0.5, 2)]);
    const part = net.node('Slice', [rows, net.integers(7), net.integers(15), net.integers(3)]);
    return net.conv(net.node('Concat', [net.conv(part, [8, 6], 3), part], { ints: { axis: 1 } }), [14, 8], 3);
  },
  'a mean over a dimension of one, which goes': (net, x) => {
    const line = net.node('Reshape', [net.node('GlobalMaxPool', [x]), net.integers(1, 1, 8)]);
    return net.node('ReduceMean', [line], { ints: { axes: [1], keepdims: 0 } });
  },
  'a convolution of rows and columns that changed places with channels': (net, x) => {
    const turned = net.node('Transpose', [x], { ints: { perm: [0, 3, 1, 2] } });
    return net.node('Relu', [net.conv(turned, [16, 6], 3)]);
  },
  'lists of pixels of different scales behind each other, before a matrix': (net, x) => {
    const small = net.node('Reshape', [net.conv(x, [8, 8]), net.integers(1, 8, 256)]);
    const large = net.node('Mul', [net.conv(x, [8, 8], 3, { strides: [2, 2] }), net.constant([1], [30])]);
    const both = net.node('Concat', [small, net.node('Reshape', [large, net.integers(1, 8, 64)])], {
      ints: { axis: 2 },
    });
    const rows = net.node('Transpose', [both], { ints: { perm: [0, 2, 1] } });
    return net.node('MatMul', [net.node('Relu', [rows]), net.random([8, 5])]);
  },
  // As PyTorch's newer exporter writes what as_strided makes of a mean of all pixels.
  'indices in four dimensions that keep a list as it is': (net, x) => {
    const list = net.node('Reshape', [net.node('GlobalAveragePool', [x]), net.integers(-1)]);
    const places = Array.from({ length: 8 }, (_, i) => i);
    return net.conv(net.node('Gather', [list, net.constant([1, 8, 1, 1], places, 'int64')]), [8, 4]);
  },
  'windows of rows and columns, by indices in two dimensions': (net, x) => {
    const places = net.constant(
      [3, 7],
      [0, 1, 2].flatMap((k) => [0, 2, 4, 6, 8, 10, 12].map((at) => at + k)),
      'int64',
    );
    const rows = net.node('Gather', [x, places], { ints: { axis: 2 } });
    return net.node('Gather', [rows, places], { ints: { axis: 4 } });
  },
  'indices in two dimensions that are a slice, some of them from the end': (net, x) =>
    net.node('Gather', [x, net.constant([2, 2], [-8, -7, -6, -5], 'int64')], { ints: { axis: 3 } }),
  // As PyTorch's newer exporter writes an adaptive pool to more pixels than there are.
  'a grid of rows and columns that overlap, before a mean of each window': (net, x) => {
    const firsts = net.node('Transpose', [x], { ints: { perm: [2, 3, 0, 1] } });
    const at = [0, 1, 1, 2, 9, 15];
    const pairs = at.flatMap((row) => at.flatMap((column) => [row, column]));
    const grid = net.node('GatherND', [firsts, net.constant([3, 2, 3, 2, 2], pairs, 'int64')]);
    const windows = net.node('Transpose', [grid], { ints: { perm: [4, 5, 0, 1, 2, 3] } });
    return net.node('ReduceMean', [windows], { ints: { axes: [-3, -1], keepdims: 0 } });
  },
  'a grid whose columns come before its rows': (net, x) => {
    const firsts = net.node('Transpose', [x], { ints: { perm: [2, 3, 0, 1] } });
    const pairs = [3, 0, 7].flatMap((column) => [2, 4].flatMap((row) => [row, column]));
    return net.node('GatherND', [firsts, net.constant([3, 2, 2], pairs, 'int64')]);
  },
  'pixels that are no grid': (net, x) => {
    const firsts = net.node('Transpose', [x], { ints: { perm: [2, 3, 0, 1] } });
    return net.node('GatherND', [firsts, net.constant([4, 2], [0, 0, 3, 5, 5, 3, -1, -2], 'int64')]);
  },
  'a mask that is chosen by constants': (net, x) => {
    const mask = net.constant([4, 1], [0, 1, 0, 0], 'uint8');
    const chosen = net.node('Cast', [mask], { ints: { to: 9 } });
    const rows = net.node('Reshape', [x, net.integers(1, 8, 64, 4)]);
    const squares = net.node('Reshape', [rows, net.integers(1, 8, 64, 4, 1)]);
    return net.node('Where', [chosen, net.constant([], [0.5]), squares]);
  },
  'one of two tensors by a mask': (net, x) => {
    const mask = net.node('Cast', [net.constant([16], [0, 1, 1, 0, ...Array(12).fill(1)], 'uint8')], {
      ints: { to: 9 },
    });
    return net.node('Where', [mask, net.conv(x, [8, 8]), x]);
  },
  'a mean of neighbours on a line': (net, x) =>
    net.node('AveragePool', [net.node('Reshape', [x, net.integers(1, 8, 256)])], {
      ints: { kernel_shape: [16], strides: [16], pads: [0, 0], count_include_pad: 1 },
    }),
  'the largest of neighbours on a line, padded': (net, x) =>
    net.node('MaxPool', [net.node('Reshape', [x, net.integers(1, 8, 256)])], {
      ints: { kernel_shape: [3], strides: [2], pads: [1, 0] },
    }),
  'the mean and the largest of a line': (net, x) => {
    const line = net.node('Reshape', [x, net.integers(1, 8, 256)]);
    return net.node('Add', [net.node('GlobalAveragePool', [line]), net.node('GlobalMaxPool', [line])]);
  },
  'a mean over dimensions of one': (net, x) => {
    const apart = net.node('Reshape', [net.conv(x, [8, 8]), net.integers(1, 8, 16, 1, 16, 1)]);
    return net.conv(net.node('ReduceMean', [apart], { ints: { axes: [-3, -1], keepdims: 0 } }), [8, 4], 3);
  },
  'more inputs in a line than a step has channels': (net, x) => {
    const wide = net.node('Transpose', [net.conv(x, [8, 32])], { ints: { perm: [0, 3, 1, 2] } });
    return net.node('Gemm', [net.node('Flatten', [wide]), net.random([8192, 6], 0.05), net.random([6])]);
  },
  'all of a line that is longer than a window': (net, x) => {
    const line = net.node('Reshape', [net.node('ReduceMean', [x], { ints: { axes: [1, 2] } }), net.integers(1, 16)]);
    const long = net.node('Concat', Array<string>(5).fill(line), { ints: { axis: 1 } });
    return net.node('Gemm', [long, net.random([80, 6], 0.3), net.random([6])]);
  },
  'more outputs than a step has channels': (net, x) => {
    const pooled = net.node('Flatten', [net.node('GlobalAveragePool', [x])]);
    return net.node('Gemm', [pooled, net.random([8, 4100]), net.random([4100])]);
  },
};

/** What a tensor becomes where it is quantised and made floats again. */
function quantised(net: NetworkBuilder, x: string, scale: number, zero: number, type: 'uint8' | 'int8' = 'uint8') {
  const ends = [net.constant([], [scale]), net.constant([], [zero], type)];
  return net.node('DequantizeLinear', [net.node('QuantizeLinear', [x, ...ends]), ...ends]);
}

const resized = (net: NetworkBuilder, x: string, factor: number, texts: Record<string, string>, ints = {}) =>
  net.node('Resize', [x, '', net.constant([4], [1, 1, factor, factor])], { texts, ints });

/** With the opset that has it. */
const newer: Readonly<Record<string, readonly [number, (net: NetworkBuilder, x: string) => string]>> = {
  'bytes from 0 on in place of a Relu, which only the output wants': [
    13,
    (net, x) => quantised(net, net.conv(x, [8, 8], 3), 0.02, 0),
  ],
  'bytes from 0 on in place of a Relu, signed, before a softmax': [
    13,
    (net, x) =>
      net.node('Softmax', [quantised(net, net.conv(x, [8, 8], 3), 0.02, -128, 'int8')], { ints: { axis: 1 } }),
  ],
  'signed bytes whose type only an attribute says': [
    21,
    (net, x) => {
      const scale = net.constant([], [0.05]);
      const bytes = net.node('QuantizeLinear', [net.conv(x, [8, 8], 3), scale], { ints: { output_dtype: 3 } });
      return net.conv(net.node('DequantizeLinear', [bytes, scale]), [8, 4]);
    },
  ],
  'signed bytes whose zero point is computed': [
    13,
    (net, x) => {
      const ends = [net.constant([], [0.05]), net.node('Identity', [net.constant([], [0], 'int8')])];
      const bytes = net.node('QuantizeLinear', [net.conv(x, [8, 8], 3), ...ends]);
      return net.conv(net.node('DequantizeLinear', [bytes, ...ends]), [8, 4]);
    },
  ],
  'bytes that are multiplied by a factor, which no scale is said of': [
    13,
    (net, x) => {
      const large = net.node('Mul', [quantised(net, net.conv(x, [8, 8], 3), 0.05, 128), net.constant([1], [8])]);
      return net.conv(net.node('MaxPool', [large], { ints: { kernel_shape: [2, 2], strides: [2, 2] } }), [8, 4]);
    },
  ],
  'bytes that larger numbers are added to, which no scale is said of': [
    13,
    (net, x) => {
      const large = net.node('Mul', [x, net.constant([1], [10])]);
      const sum = net.node('Add', [quantised(net, net.conv(x, [8, 8], 3), 0.05, 128), large]);
      return net.conv(net.node('Relu', [sum]), [8, 4]);
    },
  ],
  'bytes of fewer bits, which a Clip between the integers says': [
    13,
    (net, x) => {
      const ends = [net.constant([], [0.1]), net.constant([], [0], 'int8')];
      const limits = [net.constant([], [-8], 'int8'), net.constant([], [7], 'int8')];
      const bytes = net.node('QuantizeLinear', [net.conv(x, [8, 8], 3), ...ends]);
      return net.conv(net.node('DequantizeLinear', [net.node('Clip', [bytes, ...limits]), ...ends]), [8, 4]);
    },
  ],
  'weights of 4 bits, which the graph makes of floats': [
    21,
    (net, x) => {
      const scale = net.constant([], [0.07]);
      const four = net.node('QuantizeLinear', [net.random([4, 8, 1, 1], 0.5), scale], { ints: { output_dtype: 22 } });
      return net.node('Conv', [x, net.node('DequantizeLinear', [four, scale])], { ints: { kernel_shape: [1, 1] } });
    },
  ],
  'numbers of 16 bits, whose scale is none for bytes': [
    21,
    (net, x) => {
      const ends = [net.constant([], [0.0005]), net.constant([], [-20000], 'int16')];
      const words = net.node('QuantizeLinear', [net.conv(x, [8, 8], 3), ...ends]);
      return net.conv(net.node('DequantizeLinear', [words, ...ends]), [8, 4]);
    },
  ],
  'numbers of 16 bits that begin with 0 in place of a Relu, and end before others do': [
    21,
    (net, x) => {
      const scale = net.constant([], [1 / 65535]);
      const words = net.node('QuantizeLinear', [net.conv(x, [8, 8], 3), scale], { ints: { output_dtype: 4 } });
      return net.conv(net.node('DequantizeLinear', [words, scale]), [8, 4]);
    },
  ],
  'quantised zeros around a quantised picture': [
    13,
    (net, x) => {
      const around = net.node('Pad', [quantised(net, x, 0.03, 0), net.integers(0, 0, 0, 0, 0, 0, 1, 1)]);
      return net.conv(quantised(net, around, 0.03, 0), [8, 4], 3, { strides: [2, 2], pads: [0, 0, 0, 0] });
    },
  ],
  'nothing around a picture': [
    13,
    (net, x) => net.node('Add', [x, net.node('Pad', [x, net.integers(0, 0, 0, 0, 0, 0, 0, 0)])]),
  ],
  'zeros around a picture, which an addition takes': [
    13,
    (net, x) => {
      const inner = net.conv(x, [8, 8], 3, { pads: [0, 0, 0, 0] });
      return net.node('Add', [net.conv(x, [8, 8]), net.node('Pad', [inner, net.integers(0, 0, 1, 1, 0, 0, 1, 1)])]);
    },
  ],
  'less than nothing around a picture, which is cut off': [
    13,
    (net, x) => net.conv(net.node('Pad', [x, net.integers(0, 0, -1, 0, 0, 0, -2, -3)]), [8, 4], 3),
  ],
  'a picture that is moved, with twos where it was': [
    13,
    (net, x) => {
      const moved = net.node('Pad', [x, net.integers(0, 0, 2, -1, 0, 0, -2, 1), net.constant([], [2])]);
      return net.node('Sub', [x, moved]);
    },
  ],
  'a picture that is moved, with zeros where it was, before a convolution': [
    13,
    (net, x) => net.conv(net.node('Pad', [x, net.integers(0, -2, 1, -1, 0, 0, -1, 1)]), [6, 4], 3),
  ],
  'fewer of lists of pixels': [
    13,
    (net, x) => {
      const list = net.node('Transpose', [net.node('Reshape', [x, net.integers(1, 8, 256)])], {
        ints: { perm: [0, 2, 1] },
      });
      return net.node('Pad', [list, net.integers(0, -5, 0, 0, -7, 0)]);
    },
  ],
  'channels, rows and columns again and again': [
    13,
    (net, x) => net.conv(net.node('Tile', [x, net.integers(1, 2, 1, 2)]), [16, 4], 3),
  ],
  'columns again, and one number for many rows': [
    13,
    (net, x) => {
      const means = net.node('ReduceMean', [x], { ints: { axes: [2] } });
      return net.node('Tile', [means, net.integers(1, 1, 5, 3)]);
    },
  ],
  ...Object.fromEntries(
    [
      ['nhid,nhjd->nhij', [2, 4, 16, 16], [2, 4, 16, 16], 0],
      ['nhij,nhjd->nhid', [1, 8, 16, 16], [1, 8, 16, 16], 0],
      ['bij,bkj->bik', [8, 16, 16], [8, 16, 16], 0],
      ['bchw,bkhw->bck', [1, 8, 16, 16], [1, 8, 16, 16], 0],
      ['bhwc,bkhc->bhkw', [1, 8, 16, 16], [1, 16, 8, 16], 0],
      ['nchw,kc->nkhw', [1, 8, 16, 16], [5, 8], 1],
      ['nchw,nc->nchw', [1, 8, 16, 16], [1, 8], 1],
      ['nchw,wv', [1, 8, 16, 16], [16, 4], 1],
    ].map(([equation, first, second, isConstant]) => [
      `the sums ${equation}`,
      [
        13,
        (net: NetworkBuilder, x: string) => {
          const one = net.node('Reshape', [x, net.integers(...(first as number[]))]);
          const other = isConstant
            ? net.random(second as number[])
            : net.node('Reshape', [net.conv(x, [8, 8]), net.integers(...(second as number[]))]);
          return net.node('Einsum', [one, other], { texts: { equation: equation as string } });
        },
      ] as const,
    ]),
  ),
  'dimensions in another order, by letters': [
    13,
    (net, x) => net.node('Einsum', [x], { texts: { equation: 'n c h w -> n h w c' } }),
  ],
  'twos around a picture': [
    13,
    (net, x) => {
      const around = net.node('Pad', [x, net.integers(0, 0, 1, 1, 0, 0, 1, 1), net.constant([], [2])]);
      return net.conv(around, [8, 4], 3, { pads: [0, 0, 0, 0] });
    },
  ],
  'ones behind channels': [
    13,
    (net, x) => net.node('Pad', [x, net.integers(0, 0, 0, 0, 0, 4, 0, 0), net.constant([], [1])]),
  ],
  ...Object.fromEntries(
    ['reflect', 'edge'].map((mode) => [
      `around a picture what is beside it: ${mode}`,
      [
        13,
        (net: NetworkBuilder, x: string) => {
          const around = net.node('Pad', [x, net.integers(0, 0, 2, 1, 0, 0, 1, 2)], { texts: { mode } });
          return net.conv(around, [8, 4], 3, { pads: [0, 0, 0, 0] });
        },
      ] as const,
    ]),
  ),
  'resized by 4 between pixels': [13, (net, x) => resized(net, x, 4, { mode: 'linear' })],
  'resized by 2 with corners on corners': [
    13,
    (net, x) =>
      net.conv(resized(net, x, 2, { mode: 'linear', coordinate_transformation_mode: 'align_corners' }), [8, 4], 3),
  ],
  'resized by 2 from the corner': [
    13,
    (net, x) => resized(net, x, 2, { mode: 'linear', coordinate_transformation_mode: 'asymmetric' }),
  ],
  // 4 / 0.8 is 5 in floats, and just below that with more digits.
  'the nearest pixels by a factor that no float is exactly': [
    13,
    (net, x) => resized(net, x, 0.8, { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }),
  ],
  'the nearest pixels of half ones by such a factor': [
    13,
    (net, x) => resized(net, x, 0.6, { coordinate_transformation_mode: 'half_pixel', nearest_mode: 'floor' }),
  ],
  // 32 pixels of 16 as well, but other ones than by 2.
  'resized by 2.05 between pixels': [13, (net, x) => resized(net, x, 2.05, { mode: 'linear' })],
  'made smaller with a filter against aliasing, whose edges are repeated': [
    18,
    (net, x) => resized(net, x, 0.375, { mode: 'linear' }, { antialias: 1 }),
  ],
  'resized to no more than a size, by the factor that keeps its ratio': [
    18,
    (net, x) =>
      net.node(
        'Resize',
        [net.node('Slice', [x, ...[0, 13, 3].map((at) => net.integers(at))]), '', '', net.integers(21, 21)],
        {
          texts: { mode: 'linear', keep_aspect_ratio_policy: 'not_larger' },
          ints: { axes: [2, 3] },
        },
      ),
  ],
  'resized by 2 by a curve': [13, (net, x) => resized(net, x, 2, { mode: 'cubic' })],
  'every second pixel': [
    13,
    (net, x) => resized(net, x, 0.5, { coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }),
  ],
  'resized to odd sides': [
    13,
    (net, x) => net.node('Resize', [x, '', '', net.integers(1, 8, 24, 20)], { texts: { mode: 'linear' } }),
  ],
  'halved with a filter against aliasing': [
    18,
    (net, x) => resized(net, net.conv(x, [8, 8]), 0.5, { mode: 'linear' }, { antialias: 1 }),
  ],
  'one number that becomes many, as an output': [
    13,
    (net, x) => net.node('Expand', [net.node('GlobalAveragePool', [x]), net.integers(1, 8, 4, 4)]),
  ],
  'one number that becomes many, before a convolution': [
    13,
    (net, x) => net.conv(net.node('Tile', [net.node('GlobalAveragePool', [x]), net.integers(1, 1, 4, 4)]), [8, 4], 3),
  ],
  'channels as blocks of pixels': [
    13,
    (net, x) => net.node('DepthToSpace', [net.conv(x, [8, 8])], { ints: { blocksize: 2 } }),
  ],
  'channels as blocks of pixels, each its own': [
    13,
    (net, x) => net.node('DepthToSpace', [net.conv(x, [8, 8])], { ints: { blocksize: 2 }, texts: { mode: 'CRD' } }),
  ],
  'blocks of pixels as channels': [
    13,
    (net, x) => net.conv(net.node('SpaceToDepth', [net.conv(x, [8, 8])], { ints: { blocksize: 2 } }), [32, 4]),
  ],
  'colours in the other order': [
    13,
    (net) => {
      const turned = net.node('Gather', [net.picture(), net.integers(2, 1, 0)], { ints: { axis: 1 } });
      return net.node('Relu', [net.conv(turned, [3, 8], 3)]);
    },
  ],
  'colours backwards': [
    13,
    (net) => {
      const ends = [net.integers(-1), net.integers(-9), net.integers(1), net.integers(-1)];
      return net.node('Relu', [net.conv(net.node('Slice', [net.picture(), ...ends]), [3, 8], 3)]);
    },
  ],
  'columns backwards': [
    13,
    (net, x) => {
      const ends = [net.integers(-1), net.integers(-99), net.integers(3), net.integers(-1)];
      return net.conv(net.node('Slice', [x, ...ends]), [8, 4], 3);
    },
  ],
  'the largest of all pixels, by their dimensions': [
    13,
    (net, x) => net.node('ReduceMax', [net.conv(x, [8, 8])], { ints: { axes: [2, 3], keepdims: 0 } }),
  ],
  'slopes in as many dimensions as the picture': [
    13,
    (net, x) => net.node('PRelu', [net.conv(x, [8, 16]), net.random([1, 16, 1, 1])]),
  ],
  'no less than a number': [13, (net, x) => net.node('Max', [net.conv(x, [8, 8]), net.constant([], [0.5])])],
  'no more than a negative number': [13, (net, x) => net.node('Min', [x, net.constant([1], [-0.8])])],
  'numbers between negative ones, before a convolution': [
    13,
    (net, x) => net.conv(net.node('Clip', [x, net.constant([], [-1.2]), net.constant([], [-0.3])]), [8, 4]),
  ],
  'numbers between positive ones': [
    13,
    (net, x) => net.node('Clip', [x, net.constant([], [0.3]), net.constant([], [1.2])]),
  ],
  'no more than a number': [13, (net, x) => net.node('Min', [net.constant([], [0.5]), x])],
  ...Object.fromEntries(
    ['Selu', 'Celu', 'Softsign', 'Sin', 'Cos'].map((op) => [
      `the function ${op}`,
      [13, (net: NetworkBuilder, x: string) => net.node(op, [net.conv(x, [8, 8])])] as const,
    ]),
  ),
  ...Object.fromEntries(
    ['Abs', 'Tanh', 'LeakyRelu'].map((op) => [
      `the function ${op} of HardSigmoid, whose line goes into no convolution`,
      [13, (net: NetworkBuilder, x: string) => net.conv(net.node(op, [net.node('HardSigmoid', [x])]), [8, 4])] as const,
    ]),
  ),
  ...Object.fromEntries(
    ['Reciprocal', 'Log'].map((op) => [
      `the function ${op}`,
      [13, (net: NetworkBuilder, x: string) => net.node(op, [net.node('Add', [x, net.constant([1], [1])])])] as const,
    ]),
  ),
  'the function Swish': [24, (net, x) => net.node('Swish', [net.conv(x, [8, 8])])],
  'the function ThresholdedRelu': [
    13,
    (net, x) => net.node('ThresholdedRelu', [net.conv(x, [8, 8])], { floats: { alpha: 0.01 } }),
  ],
  ...Object.fromEntries(
    [1, 2, 4, 8].flatMap((groups) =>
      ([18, 21] as const).map((opset) => [
        `a normalisation of ${groups} groups of channels, opset ${opset}`,
        [
          opset,
          (net: NetworkBuilder, x: string) => {
            const constants = opset === 18 ? groups : 8;
            const inputs = [x, net.random([constants], 0.5, 1), net.random([constants])];
            return net.conv(net.node('GroupNormalization', inputs, { ints: { num_groups: groups } }), [8, 4], 3);
          },
        ] as const,
      ]),
    ),
  ),
  'a normalisation of groups of channels that lie in another order': [
    21,
    (net, x) => {
      const parts = net.node('Transpose', [net.node('Reshape', [x, net.integers(1, 2, 4, 16, 16)])], {
        ints: { perm: [0, 2, 1, 3, 4] },
      });
      const inputs = [
        net.node('Reshape', [parts, net.integers(1, 8, 16, 16)]),
        net.random([8], 0.5, 1),
        net.random([8]),
      ];
      return net.node('GroupNormalization', inputs, { ints: { num_groups: 4 } });
    },
  ],
  'a normalisation of groups of a line': [
    21,
    (net, x) => {
      const line = net.node('Reshape', [x, net.integers(1, 8, 256)]);
      const inputs = [line, net.random([8], 0.5, 1), net.random([8])];
      return net.node('GroupNormalization', inputs, { ints: { num_groups: 2 } });
    },
  ],
  ...Object.fromEntries(
    (
      [
        [5, 0.02, 0.75, 1],
        [3, 2, 0.6, 2],
        [15, 1, 1, 1],
      ] as const
    ).map(([size, alpha, beta, bias]) => [
      `channels over a power of ${beta} of the squares of ${size} neighbours`,
      [
        13,
        (net: NetworkBuilder, x: string) => {
          const attributes = { ints: { size }, floats: { alpha, beta, bias } };
          return net.conv(net.node('LRN', [net.conv(x, [8, 8])], attributes), [8, 4], 3);
        },
      ] as const,
    ]),
  ),
  ...Object.fromEntries(
    [1, 2, -1].map((axis) => [
      `logarithms of parts along dimension ${axis}`,
      [
        13,
        (net: NetworkBuilder, x: string) => net.node('LogSoftmax', [net.conv(x, [8, 8], 3)], { ints: { axis } }),
      ] as const,
    ]),
  ),
  // Parts of less than a float has.
  'logarithms of parts that are nearly 0': [
    13,
    (net, x) => {
      const large = net.node('Mul', [net.node('GlobalAveragePool', [x]), net.constant([1], [500])]);
      return net.node('LogSoftmax', [net.node('Flatten', [large])]);
    },
  ],
  // As PyTorch's older exporter writes GroupNorm.
  'a normalisation of groups as one of instances': [
    17,
    (net, x) => {
      const groups = net.node('Reshape', [x, net.integers(0, 4, -1)]);
      const even = net.node('InstanceNormalization', [
        groups,
        net.constant([4], [1, 1, 1, 1]),
        net.constant([4], [0, 0, 0, 0]),
      ]);
      const back = net.node('Reshape', [even, net.integers(1, 8, 16, 16)]);
      const scaled = net.node('Mul', [back, net.random([8, 1, 1], 0.5, 1)]);
      return net.conv(net.node('Relu', [net.node('Add', [scaled, net.random([8, 1, 1])])]), [8, 4], 3);
    },
  ],
  'a picture that is brought above 0 before zeros are put around': [
    13,
    (net) => {
      const above = net.node('Add', [net.node('Mul', ['images', net.constant([1], [1 / 64])]), net.constant([1], [3])]);
      return net.node('Relu', [net.conv(above, [3, 8], 3)]);
    },
  ],
  'a picture that is brought below 0 before zeros are put around': [
    13,
    (net) => {
      const below = net.node('Sub', [net.node('Mul', ['images', net.constant([1], [1 / 64])]), net.constant([1], [6])]);
      return net.node('Relu', [net.conv(below, [3, 8], 3)]);
    },
  ],
};

/** A transposed convolution: kernel, stride, attributes, groups. */
const transposed = [
  ['2 x 2 by 2', [2, 2], [2, 2], {}, 1],
  ['4 x 4 by 2, cut by 1', [4, 4], [2, 2], { pads: [1, 1, 1, 1] }, 1],
  ['3 x 3 by 2, one more at the end', [3, 3], [2, 2], { pads: [1, 1, 1, 1], output_padding: [1, 1] }, 1],
  ['3 x 3 by 2, of odd size', [3, 3], [2, 2], { pads: [1, 1, 1, 1] }, 1],
  ['2 x 2 by 2, cut within its kernel', [2, 2], [2, 2], { pads: [1, 1, 1, 1] }, 1],
  ['5 x 2 by 3 and 1', [5, 2], [3, 1], { pads: [1, 0, 0, 1] }, 1],
  ['2 x 3 by 1 and 2, of odd size', [2, 3], [1, 2], {}, 1],
  ['2 x 2 by 3, with pixels that no input reaches', [2, 2], [3, 3], {}, 1],
  ['3 x 3 by 1', [3, 3], [1, 1], { pads: [1, 1, 1, 1] }, 1],
  ['4 x 4 by 2, each channel by itself', [4, 4], [2, 2], { pads: [1, 1, 1, 1] }, 8],
  ['2 x 2 by 2, in two groups', [2, 2], [2, 2], {}, 2],
  ['3 x 3 by 2, of the size that is said', [3, 3], [2, 2], { output_shape: [32, 31] }, 1],
  ['4 x 3 by 2, of the size that is said, cut by an odd number', [4, 3], [2, 2], { output_shape: [31, 30] }, 1],
  ['2 x 2 by 3, of a size that no input reaches', [2, 2], [3, 3], { output_shape: [48, 49] }, 1],
  ['3 x 3 by 2, with holes', [3, 3], [2, 2], { dilations: [2, 2], pads: [1, 1, 1, 1] }, 1],
  ['3 x 2 by 3 and 2, with holes, in two groups', [3, 2], [3, 2], { dilations: [2, 3], pads: [2, 0, 1, 1] }, 2],
  ['3 x 3 by 1, with holes', [3, 3], [1, 1], { dilations: [2, 3], pads: [2, 3, 2, 3] }, 1],
] as const;

const convolved = (net: NetworkBuilder) => net.node('Relu', [net.conv(net.picture(), [3, 8], 3)]);

describe('what networks from elsewhere are made of', () => {
  test.each(Object.entries(structures))('%s', async (_, make) => {
    const net = new NetworkBuilder();
    net.output(make(net, convolved(net)));
    const { errors } = await compareWithFloat(net.build(side), side);
    expect(errors[0]).toBeLessThan(0.03);
  });

  test.each(Object.entries(newer))('%s', async (_, [opset, make]) => {
    const net = new NetworkBuilder();
    net.output(make(net, convolved(net)));
    const { errors } = await compareWithFloat(net.build(side, 'float32', opset), side);
    expect(errors[0]).toBeLessThan(0.045);
  });

  // As many channels as columns and rows: only their places in the shape tell them apart.
  test.each(
    ['Mul', 'Add', 'Sub', 'Div'].flatMap((op) => [[16], [16, 1], [16, 1, 1]].map((shape) => [op, shape] as const)),
  )('%s with constants of shape %j, as many as channels, columns and rows', async (op, shape) => {
    const net = new NetworkBuilder();
    const all = net.node(op, [net.conv(net.picture(), [3, 16], 3), net.random(shape, 0.5, 1)]);
    net.output(all);
    net.output(net.conv(all, [16, 8], 3));
    const { errors } = await compareWithFloat(net.build(side), side);
    for (const error of errors) expect(error).toBeLessThan(0.03);
  });

  test.each(transposed)('a transposed convolution, %s', async (_, kernel, strides, ints, group) => {
    const net = new NetworkBuilder();
    const weights = net.random([8, (group === 8 ? 8 : 6) / group, ...kernel], 0.5);
    const bias = net.random([group === 8 ? 8 : 6]);
    const up = net.node('ConvTranspose', [convolved(net), weights, bias], {
      ints: { kernel_shape: [...kernel], strides: [...strides], group, ...ints },
    });
    net.output(up);
    // Also as bytes, with an activation, by a convolution that pads.
    net.output(net.conv(net.node('Relu', [up]), [group === 8 ? 8 : 6, 4], 3));
    const { errors } = await compareWithFloat(net.build(side), side);
    for (const error of errors) expect(error).toBeLessThan(0.04);
  });

  test.each(
    ['SAME_UPPER', 'SAME_LOWER', 'VALID'].flatMap((way) =>
      [2, 3, 5].map((kernel) => [way, kernel, kernel === 5 ? 3 : 2] as const),
    ),
  )('a transposed convolution, %s, %i by %i', async (auto_pad, kernel, stride) => {
    const net = new NetworkBuilder();
    const weights = net.random([8, 6, kernel, kernel], 0.5);
    const ints = { kernel_shape: [kernel, kernel], strides: [stride, stride] };
    net.output(net.node('ConvTranspose', [convolved(net), weights], { ints, texts: { auto_pad } }));
    const { errors } = await compareWithFloat(net.build(side), side);
    expect(errors[0]).toBeLessThan(0.04);
  });

  test('a transposed convolution along a line', async () => {
    const net = new NetworkBuilder();
    const line = net.node('Reshape', [convolved(net), net.integers(1, 8, 256)]);
    const ints = { kernel_shape: [4], strides: [2], pads: [1, 1] };
    const up = net.node('ConvTranspose', [line, net.random([8, 6, 4], 0.5), net.random([6])], { ints });
    net.output(net.node('Conv', [net.node('Relu', [up]), net.random([4, 6, 3], 0.4)], { ints: { pads: [1, 1] } }));
    const { errors } = await compareWithFloat(net.build(side), side);
    expect(errors[0]).toBeLessThan(0.04);
  });

  test('a convolution of pixels that lie as more channels than a step has is not one of all of them', async () => {
    const net = new NetworkBuilder();
    const all = net.node('Reshape', [net.conv(convolved(net), [8, 24]), net.integers(1, 1, 6144)]);
    const even = net.node('InstanceNormalization', [all, net.constant([1], [1]), net.constant([1], [0])]);
    net.output(net.conv(net.node('Reshape', [even, net.integers(1, 24, 16, 16)]), [24, 4]));
    const { errors, program } = await compareWithFloat(net.build(side), side);
    expect(errors[0]).toBeLessThan(0.03);
    // With zeros between them they were 6,144 x 1,024.
    expect(program.steps.reduce((sum, { macs }) => sum + macs, 0)).toBeLessThan(500_000);
  });

  test.each<[string, (net: NetworkBuilder, x: string) => string]>([
    ['the largest of all pixels', (net, x) => net.node('GlobalMaxPool', [x])],
    ['a mean by a window', (net, x) => net.node('AveragePool', [x], { ints: { kernel_shape: [70, 70] } })],
    ['the largest by a window', (net, x) => net.node('MaxPool', [x], { ints: { kernel_shape: [70, 70] } })],
  ])('%s of a picture larger than a window takes is computed of all of it', async (_, make) => {
    const net = new NetworkBuilder();
    net.output(make(net, net.conv(convolved(net), [8, 8])));
    const { errors } = await compareWithFloat(net.build(70), 70);
    expect(errors[0]).toBeLessThan(0.03);
  });

  test('the mean of a picture larger than a window is computed of all of it', async () => {
    const net = new NetworkBuilder();
    const mean = net.node('GlobalAveragePool', [convolved(net)]);
    net.output(net.node('Mul', [net.conv(net.picture(), [3, 8]), net.node('Sigmoid', [net.conv(mean, [8, 8])])]));
    const { errors } = await compareWithFloat(net.build(70), 70);
    expect(errors[0]).toBeLessThan(0.03);
  });
});

test('numbers of 16 bits between nodes are read as what they are', async () => {
  const net = new NetworkBuilder();
  const half = net.node('Cast', [net.picture()], { ints: { to: 10 } });
  const weights = net.node('Cast', [net.random([8, 3, 3, 3], 0.4)], { ints: { to: 10 } });
  const inside = net.node('Relu', [net.node('Conv', [half, weights])]);
  net.output(net.node('Cast', [inside], { ints: { to: 1 } }));
  const { errors } = await compareWithFloat(net.build(side), side);
  expect(errors[0]).toBeLessThan(0.03);
});

test('nodes that stand before those that give their inputs are computed after them', async () => {
  const net = new NetworkBuilder();
  const x = net.node('Relu', [net.conv(net.picture(), [3, 8], 3)]);
  net.output(net.conv(x, [8, 4], 3));
  net.operations.reverse();
  const { errors } = await compareWithFloat(net.build(side), side);
  expect(errors[0]).toBeLessThan(0.03);
});

test('a grey picture is compiled as one channel', async () => {
  const net = new NetworkBuilder();
  const scaled = net.node('Mul', ['images', net.constant([1], [1 / 64])]);
  net.output(net.conv(net.node('Relu', [net.conv(scaled, [1, 8], 3, { strides: [2, 2] })]), [8, 4], 3));
  const { errors, program } = await compareWithFloat(net.build([1, 1, side, side]), side, 1);
  expect(program.tensors[0]!.shape).toEqual([1, side, side, 1]);
  expect(errors[0]).toBeLessThan(0.03);
});

describe('which one is the largest', () => {
  const cases = [
    ['of channels', 'ArgMax', { axis: 1, keepdims: 0 }],
    ['of channels, the last of several', 'ArgMax', { axis: 1, select_last_index: 1 }],
    ['of channels, the smallest', 'ArgMin', { axis: 1 }],
    ['of columns', 'ArgMax', { axis: -1 }],
    ['of rows, the last of several', 'ArgMin', { axis: 2, keepdims: 0, select_last_index: 1 }],
  ] as const;

  // Beside the numbers that the program itself has: by rounding another one of two that are nearly alike may be the largest.
  test.each(cases)('%s', async (_, op, ints) => {
    const net = new NetworkBuilder();
    // Many of them are 0 or 1.
    const levels = net.node('Clip', [net.conv(convolved(net), [8, 5]), net.constant([], [0]), net.constant([], [1])]);
    net.output(levels);
    net.output(net.node('Cast', [net.node(op, [levels], { ints })], { ints: { to: 1 } }));
    const options = { width: side, height: side, layout: 'NCHW', mean: [0, 0, 0], std: [1, 1, 1] } as const;
    const source = { bytes: net.build(side), weights: [] };
    const program = await compile(source, { ...options, pictures: () => pictures(4, side) });
    const interpreter = new Interpreter(program);
    const [picture] = pictures(1, side, 11);
    interpreter.input('images').set(picture!.map((_one, i) => picture![(i % 3) * side * side + Math.floor(i / 3)]!));
    interpreter.run();
    const [numbers, found] = net.outputs.map((name) => interpreter.output(name));
    const axis = ints.axis < 0 ? ints.axis + 4 : ints.axis;
    const sides = [1, 5, side, side];
    const inner = sides.slice(axis + 1).reduce((product, one) => product * one, 1);
    const expected = Array.from({ length: numbers!.length / sides[axis]! }, (_one, i) => {
      const first = Math.floor(i / inner) * inner * sides[axis]! + (i % inner);
      const line = Array.from({ length: sides[axis]! }, (_each, k) => numbers![first + k * inner]!);
      const most = op === 'ArgMax' ? Math.max(...line) : Math.min(...line);
      return 'select_last_index' in ints ? line.lastIndexOf(most) : line.indexOf(most);
    });
    expect([...found!]).toEqual(expected);
    expect(new Set(expected).size).toBeGreaterThan(2);
  });
});

describe('what is refused before anything is computed', () => {
  const refused = (bytes: Uint8Array<ArrayBuffer>, size = side) =>
    compile(
      { bytes, weights: [] },
      { width: size, height: size, layout: 'NCHW', mean: [0, 0, 0], std: [1, 1, 1], pictures: () => pictures(1, size) },
    );
  const plain = (shape: readonly number[]) => {
    const net = new NetworkBuilder();
    net.output(net.node('Relu', ['images']));
    return net.build(shape);
  };

  test.each([
    [
      [10, 3, 16, 16],
      /images is \[10, 3, 16, 16\], 10 pictures at once: expected one picture .*export it with a batch of 1/,
    ],
    [
      [1, 1, 16, 16],
      /images is \[1, 1, 16, 16\]: expected one picture of three colours, \[1, 3, 16, 16\] by its card; .*GRAY/,
    ],
    [[1, 512], /images is \[1, 512\]: expected one picture/],
    [[1, 3, 32, 32], /images is \[1, 3, 32, 32\]: expected one picture of three colours, \[1, 3, 16, 16\] by its card/],
  ])('an input %j', async (shape, message) => {
    await expect(refused(plain(shape))).rejects.toThrow(message);
  });

  test('a network of operators on integers', async () => {
    const net = new NetworkBuilder();
    const zero = net.constant([], [0], 'uint8');
    net.nodes('DynamicQuantizeLinear', [net.picture()], 3).forEach((name, i) => {
      if (i === 0) net.output(net.node('DequantizeLinear', [name, net.constant([], [1]), zero]));
    });
    await expect(refused(net.build(side))).rejects.toThrow(
      /\(DynamicQuantizeLinear\) cannot be compiled: compile the network of floats/,
    );
  });

  test.each<[string, RegExp, number, (net: NetworkBuilder, x: string) => string]>([
    [
      'fractions that are cut off',
      /\(Cast\) cannot be compiled: it makes int32 of float32, which would change numbers/,
      13,
      (net, x) => net.node('Cast', [net.node('Cast', [x], { ints: { to: 6 } })], { ints: { to: 1 } }),
    ],
    [
      'numbers of 4 bits',
      /\(QuantizeLinear\) cannot be compiled: it makes numbers of int4: expected 8 or 16 bits, int8, uint8, int16, uint16/,
      21,
      (net, x) => {
        const scale = net.constant([], [0.5]);
        const four = net.node('QuantizeLinear', [x, scale], { ints: { output_dtype: 22 } });
        return net.conv(net.node('DequantizeLinear', [four, scale]), [8, 4]);
      },
    ],
    [
      'a slope for each column',
      /\(PRelu\) cannot be compiled: expected one slope, or one for each channel, got \[16\]/,
      13,
      (net, x) => net.node('PRelu', [net.conv(x, [8, 16]), net.random([16])]),
    ],
    [
      'sums of integers that stand for numbers',
      /\(Cast\) cannot be compiled: it makes float32 of what a QuantizeLinear gives: expected a DequantizeLinear/,
      13,
      (net, x) => {
        const bytes = net.node('QuantizeLinear', [x, net.constant([], [0.03]), net.constant([], [0], 'uint8')]);
        return net.node('Mul', [net.node('Cast', [bytes], { ints: { to: 1 } }), net.constant([1], [0.03])]);
      },
    ],
    [
      'a Relu of integers that stand for numbers',
      /\(Relu\) cannot be compiled: it computes with integers that a QuantizeLinear gives/,
      14,
      (net, x) => {
        const ends = [net.constant([], [0.03]), net.constant([], [-20], 'int8')];
        return net.node('DequantizeLinear', [net.node('Relu', [net.node('QuantizeLinear', [x, ...ends])]), ...ends]);
      },
    ],
    [
      'infinite numbers that a mask chooses',
      /\(Where\) cannot be compiled: expected finite numbers where its mask chooses a constant/,
      13,
      (net, x) => {
        const mask = net.node('Cast', [net.constant([16], Array(16).fill(1), 'uint8')], { ints: { to: 9 } });
        return net.node('Where', [mask, net.constant([], [Number.NEGATIVE_INFINITY]), x]);
      },
    ],
    [
      'what there is no operator for',
      /\(Det\) cannot be compiled: the compiler has no such operator; onnxruntime runs the network as it is/,
      13,
      (net, x) => net.node('Det', [x]),
    ],
    [
      'sums over what one tensor alone has',
      /\(Einsum\) cannot be compiled: it sums over w, which only one of its tensors has: nchw,nc->nch/,
      13,
      (net, x) => net.node('Einsum', [x, net.random([1, 8])], { texts: { equation: 'nchw,nc->nch' } }),
    ],
    [
      'dimensions without letters',
      /\(Einsum\) cannot be compiled: expected one or two tensors, each dimension with a letter of its own, got \.\.\.hw,wv->\.\.\.hv/,
      13,
      (net, x) => net.node('Einsum', [x, net.random([16, 4])], { texts: { equation: '...hw,wv->...hv' } }),
    ],
    [
      'what is suppressed, before what there is no operator for',
      /\(TopK\) cannot be compiled: Ocellus itself keeps the best/,
      13,
      (net, x) => {
        const [values] = net.nodes('TopK', [net.node('Floor', [x]), net.integers(3)], 2, { ints: { axis: 1 } });
        return values!;
      },
    ],
    [
      'what a layer with weights goes on with, which no export is without',
      /\(TopK\) cannot be compiled: the rest of the network computes with what it chooses there .*onnxruntime runs the network as it is/,
      13,
      (net, x) => {
        const rows = net.node('Reshape', [x, net.integers(1, 4, -1)]);
        const [values] = net.nodes('TopK', [rows, net.integers(8)], 2, { ints: { axis: 2 } });
        return net.node('MatMul', [net.node('Relu', [values!]), net.random([8, 4], 0.3)]);
      },
    ],
    [
      'what is multiplied by no weights after it was chosen, as masks are of their coefficients',
      /\(TopK\) cannot be compiled: Ocellus itself keeps the best/,
      13,
      (net, x) => {
        const rows = net.node('Reshape', [x, net.integers(1, 4, -1)]);
        const [values] = net.nodes('TopK', [rows, net.integers(8)], 2, { ints: { axis: 2 } });
        return net.node('MatMul', [net.node('Transpose', [values!], { ints: { perm: [0, 2, 1] } }), rows]);
      },
    ],
  ])('%s', async (_, message, opset, make) => {
    const net = new NetworkBuilder();
    net.output(make(net, convolved(net)));
    await expect(refused(net.build(side, 'float32', opset))).rejects.toThrow(message);
  });

  test('a window larger than any kernel takes', async () => {
    const net = new NetworkBuilder();
    net.output(net.node('AveragePool', [net.picture()], { ints: { kernel_shape: [66, 1] } }));
    await expect(refused(net.build(70), 70)).rejects.toThrow(
      /cannot be compiled: expected a window .* 64 x 64 pixels, got 66 x 1 by 1 x 1/,
    );
  });
});
