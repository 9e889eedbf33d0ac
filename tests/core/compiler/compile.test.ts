import { describe, expect, test } from 'vitest';
import { compile } from '../../../sdk/core/compiler/compile.ts';
import { readProgram, writeProgram } from '../../../sdk/core/program/format.ts';
import type { Program } from '../../../sdk/core/program/program.ts';
import { Interpreter } from '../../../sdk/core/program/reference.ts';
import { compareWithFloat, NetworkBuilder, pictures } from './networks.ts';

const opsOf = ({ steps }: Program) =>
  steps.map(({ op, epilogue, residual }) => `${op}:${epilogue}${residual ? '+' : ''}`);

/** A network with one output. */
function network(make: (net: NetworkBuilder, picture: string) => string, side = 16): Uint8Array<ArrayBuffer> {
  const net = new NetworkBuilder();
  net.output(make(net, net.picture()));
  return net.build(side);
}

const silu = (net: NetworkBuilder, x: string) => net.node('Mul', [x, net.node('Sigmoid', [x])]);
/** A convolution to the output: what comes before it is in 8 bits. */
const head = (net: NetworkBuilder, x: string, inputs: number) =>
  net.node('Transpose', [net.conv(x, [inputs, 5])], { ints: { perm: [0, 2, 3, 1] } });

/** Networks by what they are about: the steps that come of them, and how far they may be from the float network. */
const cases: Record<string, { make: (net: NetworkBuilder, x: string) => string; steps: string[]; within: number }> = {
  'a convolution with ReLU, normalisation of the picture and of a batch in it': {
    make: (net, x) => {
      const y = net.conv(x, [3, 8], 3);
      const [scale, bias, mean] = [net.random([8], 0.2, 1), net.random([8], 0.2), net.random([8], 0.2)];
      const normal = net.node('BatchNormalization', [y, scale, bias, mean, net.random([8], 0.1, 1)]);
      return head(net, net.node('Relu', [normal]), 8);
    },
    steps: ['input:linear', 'conv:linear', 'conv:float'],
    within: 0.03,
  },
  'SiLU written in parts, depthwise, added to what came before': {
    make: (net, x) => {
      const a = silu(net, net.conv(x, [3, 16], 3));
      const b = silu(net, net.conv(a, [16, 16], 3, { group: 16 }));
      return head(net, net.node('Add', [silu(net, net.conv(b, [16, 16])), a]), 16);
    },
    steps: ['input:linear', 'conv:silu', 'depthwise:silu', 'conv:silu+', 'conv:float'],
    within: 0.06,
  },
  'a sum before its ReLU, as in residual networks': {
    make: (net, x) => {
      const a = net.node('Relu', [net.conv(x, [3, 8], 3)]);
      return head(net, net.node('Relu', [net.node('Add', [a, net.conv(a, [8, 8], 3)])]), 8);
    },
    steps: ['input:linear', 'conv:linear', 'conv:linear+', 'conv:float'],
    within: 0.04,
  },
  'leaky ReLU, hard swish in parts, sigmoid, and a function that no step ends in': {
    make: (net, x) => {
      const a = net.node('LeakyRelu', [net.conv(x, [3, 8], 3)], { floats: { alpha: 0.1 } });
      const b = net.conv(a, [8, 8]);
      const [three, six] = [net.constant([], [3]), net.constant([], [6])];
      const clipped = net.node('Clip', [net.node('Add', [b, three]), net.constant([], [0]), six]);
      const c = net.node('Mul', [b, net.node('Div', [clipped, six])]);
      const d = net.node('Sigmoid', [net.conv(c, [8, 8])]);
      return head(net, net.node('Tanh', [net.conv(d, [8, 8])]), 8);
    },
    steps: [
      'input:linear',
      'conv:leaky',
      'conv:hardswish',
      'conv:sigmoid',
      'conv:linear',
      'table:linear',
      'conv:float',
    ],
    within: 0.06,
  },
  'hard swish by a hard sigmoid, and gates of hard sigmoids, as MobileNetV3 has them': {
    make: (net, x) => {
      const sixth = { floats: { alpha: 1 / 6, beta: 0.5 } };
      const a = net.conv(x, [3, 8], 3);
      const b = net.node('Mul', [a, net.node('HardSigmoid', [a], sixth)]);
      const fewer = net.node('Relu', [net.conv(net.node('GlobalAveragePool', [b]), [8, 4])]);
      const gate = net.node('HardSigmoid', [net.conv(fewer, [4, 8])], sixth);
      const c = net.node('Mul', [net.conv(b, [8, 8], 3, { group: 8 }), gate]);
      return head(net, net.node('HardSigmoid', [net.node('MaxPool', [c], { ints: { kernel_shape: [1, 1] } })]), 8);
    },
    steps: [
      ...['input:linear', 'conv:hardswish', 'average_pool:linear', 'conv:linear', 'conv:linear', 'depthwise:linear'],
      ...['multiply:linear', 'max_pool:linear', 'depthwise:linear', 'conv:float'],
    ],
    within: 0.06,
  },
  'every second pixel four times, as YOLOX begins': {
    make: (net, x) => {
      const quarter = (dy: number, dx: number) => {
        const ends = net.integers(2 ** 30);
        const rows = net.node('Slice', [x, net.integers(dy), ends, net.integers(2), net.integers(2)]);
        return net.node('Slice', [rows, net.integers(dx), ends, net.integers(3), net.integers(2)]);
      };
      const all = net.node('Concat', [quarter(0, 0), quarter(1, 0), quarter(0, 1), quarter(1, 1)], {
        ints: { axis: 1 },
      });
      return head(net, net.node('Relu', [net.conv(all, [12, 8], 3)]), 8);
    },
    steps: ['input:linear', 'conv:linear', 'conv:float'],
    within: 0.03,
  },
  'parts of a tensor, joined again with what was computed of them': {
    make: (net, x) => {
      const a = net.node('Relu', [net.conv(x, [3, 8], 3)]);
      const [b, c] = net.nodes('Split', [a, net.integers(4, 4)], 2, { ints: { axis: 1 } }) as [string, string];
      const d = net.node('Relu', [net.conv(c, [4, 4], 3)]);
      return head(net, net.node('Concat', [b, c, d], { ints: { axis: 1 } }), 12);
    },
    steps: ['input:linear', 'conv:linear', 'conv:linear', 'conv:float'],
    within: 0.03,
  },
  'shuffled channels, half of which go on as they are': {
    make: (net, x) => {
      const a = net.node('Relu', [net.conv(x, [3, 8], 3)]);
      const b = net.node('Relu', [net.conv(a, [8, 8])]);
      const both = net.node('Concat', [a, b], { ints: { axis: 1 } });
      const apart = net.node('Reshape', [both, net.integers(1, 2, 8, 16, 16)]);
      const turned = net.node('Transpose', [apart], { ints: { perm: [0, 2, 1, 3, 4] } });
      const shuffled = net.node('Reshape', [turned, net.integers(1, 16, 16, 16)]);
      const [c, d] = net.nodes('Split', [shuffled, net.integers(8, 8)], 2, { ints: { axis: 1 } }) as [string, string];
      const e = net.node('Relu', [net.conv(d, [8, 8])]);
      return head(net, net.node('Concat', [c, e], { ints: { axis: 1 } }), 16);
    },
    steps: ['input:linear', 'conv:linear', 'conv:linear', 'conv:linear', 'conv:linear', 'conv:float'],
    within: 0.04,
  },
  'pools and resizing': {
    make: (net, x) => {
      const a = net.node('Relu', [net.conv(x, [3, 8], 3)]);
      const b = net.node('MaxPool', [a], { ints: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] } });
      const c = net.node('AveragePool', [b], { ints: { kernel_shape: [2, 2], strides: [2, 2] } });
      const sizes = (factor: number) => ['', net.constant([4], [1, 1, factor, factor])];
      const centred = { mode: 'linear', coordinate_transformation_mode: 'half_pixel' };
      const d = net.node('Resize', [c, ...sizes(2)], { texts: centred });
      const floor = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
      const e = net.node('Resize', [d, ...sizes(2)], { texts: floor });
      return head(net, net.node('Resize', [e, ...sizes(0.5)], { texts: centred }), 8);
    },
    steps: [
      ...['input:linear', 'conv:linear', 'max_pool:linear', 'average_pool:linear', 'resize_bilinear:linear'],
      ...['resize_nearest:linear', 'average_pool:linear', 'conv:float'],
    ],
    within: 0.06,
  },
  'squeeze and excitation': {
    make: (net, x) => {
      const a = net.node('Relu', [net.conv(x, [3, 8], 3)]);
      const b = net.node('Relu', [net.conv(net.node('GlobalAveragePool', [a]), [8, 4])]);
      return head(net, net.node('Mul', [a, net.node('Sigmoid', [net.conv(b, [4, 8])])]), 8);
    },
    steps: [
      ...['input:linear', 'conv:linear', 'average_pool:linear', 'conv:linear', 'conv:sigmoid', 'multiply:linear'],
      'conv:float',
    ],
    within: 0.06,
  },
  'groups of channels': {
    make: (net, x) => head(net, net.node('Relu', [net.conv(net.conv(x, [3, 16], 3), [16, 16], 3, { group: 2 })]), 16),
    steps: ['input:linear', 'conv:linear', 'conv:linear', 'conv:linear', 'conv:float'],
    within: 0.04,
  },
  'a fully connected layer over the whole picture': {
    make: (net, x) => {
      const a = net.node('Relu', [net.conv(x, [3, 8], 3, { strides: [4, 4] })]);
      const flat = net.node('Flatten', [a], { ints: { axis: 1 } });
      return net.node('Gemm', [flat, net.random([10, 128], 0.2), net.random([10])], { ints: { transB: 1 } });
    },
    steps: ['input:linear', 'conv:linear', 'conv:float'],
    within: 0.05,
  },
  'lists of pixels of two sizes behind each other, scores beside boxes, as YOLOX ends': {
    make: (net, x) => {
      const list = (y: string, cells: number) => {
        const scores = net.node('Sigmoid', [net.conv(y, [8, 3])]);
        const all = net.node('Concat', [net.conv(y, [8, 4]), scores], { ints: { axis: 1 } });
        return net.node('Reshape', [all, net.integers(1, 7, cells)]);
      };
      const a = net.node('Relu', [net.conv(x, [3, 8], 3)]);
      const b = net.node('Relu', [net.conv(a, [8, 8], 3, { strides: [2, 2] })]);
      const both = net.node('Concat', [list(a, 256), list(b, 64)], { ints: { axis: 2 } });
      return net.node('Transpose', [both], { ints: { perm: [0, 2, 1] } });
    },
    steps: [
      ...['input:linear', 'conv:linear', 'conv:linear', 'conv:float', 'conv:float_sigmoid', 'conv:float'],
      'conv:float_sigmoid',
    ],
    within: 0.04,
  },
};

describe('a compiled network', () => {
  for (const [what, { make, steps, within }] of Object.entries(cases)) {
    test(`gives what the float one gives: ${what}`, async () => {
      const { program, errors } = await compareWithFloat(network(make));
      expect(opsOf(program).sort()).toEqual([...steps].sort());
      expect(errors[0]).toBeLessThan(within);
      // What is written is what is read.
      expect(readProgram(writeProgram(program)).steps.map(({ name }) => name)).toEqual(
        program.steps.map(({ name }) => name),
      );
    });
  }

  test('takes the picture as it is, where the network does', async () => {
    const net = new NetworkBuilder();
    net.output(head(net, net.node('Relu', [net.conv('images', [3, 8], 3)]), 8));
    const { program, errors } = await compareWithFloat(net.build());
    expect(opsOf(program)).toEqual(['input:linear', 'conv:linear', 'conv:float']);
    expect(errors[0]).toBeLessThan(0.03);
  });

  test('has its output in order where it is computed: nothing is moved', async () => {
    const { make } = cases['lists of pixels of two sizes behind each other, scores beside boxes, as YOLOX ends']!;
    const { program } = await compareWithFloat(network(make));
    const [output] = program.tensors.filter(({ direction }) => direction === 'output');
    expect(output).toMatchObject({ element: 'float32', shape: [1, 320, 7] });
  });
});

describe('what the compiler lacks', () => {
  const compiled = (make: Parameters<typeof network>[0], options = {}) => {
    const size = { width: 16, height: 16, layout: 'NCHW', mean: [0, 0, 0], std: [1, 1, 1] } as const;
    return compile({ bytes: network(make), weights: [] }, { ...size, ...options });
  };

  test('is named with the node', async () => {
    await expect(compiled((net, x) => net.node('CumSum', [x, net.constant([], [1], 'int64')]))).rejects.toThrow(
      /the node that gives t\d+ \(CumSum\) cannot be compiled: the compiler has no such operator/,
    );
    await expect(
      compiled((net, x) => net.nodes('TopK', [net.node('Flatten', [x]), net.integers(5)], 2)[0]!),
    ).rejects.toThrow(
      /\(TopK\) cannot be compiled: Ocellus itself keeps the best of boxes that overlap: export the network without that/,
    );
    await expect(
      compiled((net, x) => net.node('Resize', [x, '', net.constant([4], [1, 2, 1, 1])], { texts: { mode: 'linear' } })),
    ).rejects.toThrow(/\(Resize\) cannot be compiled: expected height and width to change, got \[1, 3, 16, 16\] to/);
  });

  test('are ranges where nobody says them', async () => {
    await expect(compiled((net, x) => net.node('Relu', [net.conv(x, [3, 4])]))).rejects.toThrow(
      /does not say the range of its numbers \(after Conv:t\d+\): give a folder of pictures/,
    );
    await expect(compiled((net, x) => net.node('Relu', [net.conv(x, [3, 4])]), { pictures: () => [] })).rejects.toThrow(
      /expected pictures to measure the ranges/,
    );
  });

  test('is said of a file that is none', async () => {
    const options = { width: 16, height: 16, layout: 'NCHW', mean: [0, 0, 0], std: [1, 1, 1] } as const;
    await expect(compile({ bytes: new Uint8Array(64), weights: [] }, options)).rejects.toThrow(
      /expected an ONNX network, got 64 bytes that are none, or a part of one/,
    );
  });
});

describe('a picture in whole numbers', () => {
  const side = 16;
  /** The same network with another front: what it takes, and how that becomes -2..2. */
  const fronts = {
    uint8: { mean: 0, front: (net: NetworkBuilder) => dequantised(net, net.constant([], [128], 'uint8')) },
    int8: { mean: 128, front: (net: NetworkBuilder) => dequantised(net, net.constant([], [0], 'int8')) },
    int32: {
      mean: 0,
      front: (net: NetworkBuilder) => normalised(net, net.node('Cast', ['images'], { ints: { to: 1 } })),
    },
    // Quantised by the network itself: what its own DequantizeLinear means was not the file's input.
    int64: {
      mean: 0,
      front(net: NetworkBuilder) {
        const quantisation = [net.constant([], [2]), net.constant([], [0], 'uint8')];
        const floats = net.node('Cast', ['images'], { ints: { to: 1 } });
        const bytes = net.node('QuantizeLinear', [floats, ...quantisation]);
        return normalised(net, net.node('DequantizeLinear', [bytes, ...quantisation]));
      },
    },
  } as const;
  const dequantised = (net: NetworkBuilder, zero: string) =>
    net.node('DequantizeLinear', ['images', net.constant([], [1 / 64]), zero]);
  const normalised = (net: NetworkBuilder, floats: string) =>
    net.node('Mul', [net.node('Add', [floats, net.constant([1], [-128])]), net.constant([1], [1 / 64])]);

  const compiled = async (type: keyof typeof fronts) => {
    const { mean, front } = fronts[type];
    const net = new NetworkBuilder();
    // Before the rest, so that the same random weights come in all of them.
    const weights = net.random([5, 3, 3, 3], 0.4);
    const convolved = net.node('Conv', [front(net), weights], { ints: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] } });
    net.output(net.node('Transpose', [convolved], { ints: { perm: [0, 2, 3, 1] } }));
    const card = { width: side, height: side, layout: 'NCHW', mean: [mean, mean, mean], std: [1, 1, 1] } as const;
    const shown = () =>
      pictures(8, side).map((picture) => (type === 'uint8' ? Uint8Array.from(picture) : picture.map((p) => p - mean)));
    const program = await compile({ bytes: net.build(side, type), weights: [] }, { ...card, pictures: shown });
    const interpreter = new Interpreter(program);
    const [picture] = pictures(1, side, 11);
    const bytes = interpreter.input('images');
    for (let i = 0; i < bytes.length; i++) bytes[i] = picture![(i % 3) * side * side + Math.floor(i / 3)]!;
    interpreter.run();
    return [...interpreter.output(net.outputs[0]!)];
  };

  test.each(['int8', 'int32', 'int64'] as const)('of %s gives what the same network of bytes gives', async (type) => {
    const [own, wanted] = [await compiled(type), await compiled('uint8')];
    expect(Math.max(...wanted)).toBeGreaterThan(0.5);
    const off = own.map((value, i) => Math.abs(value - wanted[i]!));
    expect(Math.max(...off)).toBeLessThan(0.01 * Math.max(...wanted.map(Math.abs)));
  });
});
