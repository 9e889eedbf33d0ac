import { describe, expect, test } from 'vitest';
import { compile } from '../../../sdk/core/compiler/compile.ts';
import { writeProgram } from '../../../sdk/core/program/format.ts';
import type { Program } from '../../../sdk/core/program/program.ts';
import { Interpreter } from '../../../sdk/core/program/reference.ts';
import { Program as NativeProgram } from '../../../sdk/kernels/program/native.ts';
import { needsAddon, sameBits, variants } from '../../kernels/variants.ts';
import { families, familySide } from './families.ts';
import { NetworkBuilder, pictures } from './networks.ts';

const side = 20;

/** A detector in small: what a network of today is made of, at sizes and channel counts that fill no vector. */
function smallDetector(): Uint8Array<ArrayBuffer> {
  const net = new NetworkBuilder();
  const silu = (x: string) => net.node('Mul', [x, net.node('Sigmoid', [x])]);
  const conv = (x: string, channels: readonly [number, number], kernel = 1, ints = {}) =>
    silu(net.conv(x, channels, kernel, ints));
  const stem = conv(net.picture(), [3, 20], 3, { strides: [2, 2] });
  // A bottleneck that is added to what came before, beside a way around it.
  const around = conv(stem, [20, 9]);
  const before = conv(stem, [20, 17]);
  const inside = conv(before, [17, 17], 3, { group: 17 });
  const added = net.node('Add', [conv(inside, [17, 17]), before]);
  const joined = conv(net.node('Concat', [added, around], { ints: { axis: 1 } }), [26, 24]);
  const pool = (x: string, size: number) =>
    net.node('MaxPool', [x], { ints: { kernel_shape: [size, size], strides: [1, 1], pads: Array(4).fill(size >> 1) } });
  const half = conv(joined, [24, 19], 3, { strides: [2, 2] });
  const pooled = conv(net.node('Concat', [half, pool(half, 3), pool(half, 5)], { ints: { axis: 1 } }), [57, 24]);
  const doubled = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' };
  const up = net.node('Resize', [pooled, '', net.constant([4], [1, 1, 2, 2])], { texts: doubled });
  const neck = conv(net.node('Concat', [up, joined], { ints: { axis: 1 } }), [48, 21], 3);
  // Each place with its scores: boxes are floats, scores end in a sigmoid.
  const cells = (x: string, inputs: number, count: number) => {
    const all = net.node('Concat', [net.conv(x, [inputs, 4]), net.node('Sigmoid', [net.conv(x, [inputs, 3])])], {
      ints: { axis: 1 },
    });
    return net.node('Reshape', [all, net.integers(1, 7, count)]);
  };
  const both = net.node('Concat', [cells(neck, 21, 100), cells(pooled, 24, 25)], { ints: { axis: 2 } });
  net.output(net.node('Transpose', [both], { ints: { perm: [0, 2, 1] } }));
  return net.build(side);
}

/** Columns that were left out of a row of odd length, and read by what follows. */
function everySecondColumn(): Uint8Array<ArrayBuffer> {
  const net = new NetworkBuilder();
  const all = net.node('Relu', [net.conv(net.picture(), [3, 6], 1, { pads: [0, 0, 0, 1] })]);
  const ends = net.integers(2 ** 30);
  const second = net.node('Slice', [all, net.integers(0), ends, net.integers(3), net.integers(2)]);
  net.output(net.node('Transpose', [net.conv(second, [6, 5])], { ints: { perm: [0, 2, 3, 1] } }));
  return net.build(side);
}

/** Normalised by neighbours' squares and by groups, with logarithms of which class each pixel is. */
function normalised(): Uint8Array<ArrayBuffer> {
  const net = new NetworkBuilder();
  const first = net.node('Relu', [net.conv(net.picture(), [3, 12], 3, { strides: [2, 2] })]);
  const near = net.node('LRN', [first], { ints: { size: 5 }, floats: { alpha: 0.5, beta: 0.75 } });
  const inputs = [net.conv(near, [12, 18], 3), net.random([18], 0.5, 1), net.random([18])];
  const groups = net.node('GroupNormalization', inputs, { ints: { num_groups: 6 } });
  net.output(net.node('LogSoftmax', [net.conv(net.node('Relu', [groups]), [18, 7])], { ints: { axis: 1 } }));
  return net.build(side, 'float32', 21);
}

const compiled = (bytes: Uint8Array<ArrayBuffer>, size = side) =>
  compile(
    { bytes, weights: [] },
    { width: size, height: size, layout: 'NCHW', mean: [0, 0, 0], std: [1, 1, 1], pictures: () => pictures(4, size) },
  );

/** What the interpreter gives for each of some pictures, in bytes and with what it was given. */
function expectedOf(program: Program, size: number) {
  const interpreter = new Interpreter(program);
  const { name: input } = program.tensors.find(({ direction }) => direction === 'input')!;
  const outputs = program.tensors.filter(({ direction }) => direction === 'output');
  return pictures(2, size, 23).map((picture) => {
    const bytes = Uint8Array.from(picture);
    interpreter.input(input).set(bytes);
    interpreter.run();
    return { bytes, outputs: outputs.map(({ name }) => interpreter.output(name).slice()) };
  });
}

const networks = {
  'a small detector': smallDetector,
  'every second column of rows of odd length': everySecondColumn,
  'normalised numbers and logarithms': normalised,
};
const all = [
  ...Object.entries(networks).map(([name, make]) => ({ name, make, size: side })),
  ...Object.entries(families).map(([name, make]) => ({ name, make, size: familySide })),
];

describe.each(all)('$name, compiled', ({ make, size }) => {
  const made = (async () => {
    const program = await compiled(make(), size);
    return { program, file: writeProgram(program), expected: expectedOf(program, size) };
  })();

  test('gives other numbers for other pictures', async () => {
    const { expected } = await made;
    const [one, other] = expected.map(({ outputs }) => outputs[0]!);
    expect(new Set(one).size).toBeGreaterThan(50);
    expect(sameBits(one!, other!)).toBe(false);
  });

  test.each(variants)(
    `gives the bits of the interpreter on $name, with one thread and with three${needsAddon}`,
    async ({ functions }) => {
      const { file, expected } = await made;
      for (const threads of [1, 3]) {
        const native = new NativeProgram(functions, file, 'made here', { threads });
        for (const { bytes, outputs } of expected) {
          native.run([bytes]);
          native.outputs.forEach(({ data }, i) => {
            expect(sameBits(data, outputs[i]!)).toBe(true);
          });
        }
        native.close();
      }
    },
  );
});

test('the small detector is made of the steps that it is to be tried with', async () => {
  const { steps } = await compiled(smallDetector());
  const kinds = new Set(steps.map(({ op, epilogue, residual }) => `${op} ${epilogue}${residual ? '+' : ''}`));
  expect([...kinds].sort()).toEqual([
    'conv float',
    'conv float_sigmoid',
    'conv silu',
    'conv silu+',
    'depthwise silu',
    'input linear',
    'max_pool linear',
    'resize_nearest linear',
  ]);
});
