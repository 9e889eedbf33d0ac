import { describe, expect, test } from 'vitest';
import { isProgram, readProgram, writeProgram } from '../../../sdk/core/program/format.ts';
import type { Program, ProgramStep } from '../../../sdk/core/program/program.ts';
import { Interpreter } from '../../../sdk/core/program/reference.ts';
import { changed, parts } from './changed.ts';
import { everyOperation } from './every-operation.ts';

const program = everyOperation();
const file = writeProgram(program);
const { stepsAt, viewsAt, tensorsAt } = parts(program);

describe('a program that was written', () => {
  test('is read as it was, with what was not said filled in', () => {
    const read = readProgram(file);
    expect(read.tensors).toEqual(program.tensors);
    expect(read.views).toEqual(program.views);
    expect(read.arenaBytes).toBe(program.arenaBytes);
    const whole = (step: ProgramStep) => ({
      ...{ residual: false, nchw: false, kernel: [1, 1], stride: [1, 1], pad: [0, 0], dilation: [1, 1] },
      // Steps on floats have something else there.
      ...(step.op !== 'function_float' && { e: 0 }),
      ...(step.op !== 'softmax' && { rs: 0 }),
      ...step,
    });
    expect(read.steps).toEqual(program.steps.map(whole));
  });

  test('gives the same file when it is written again', () => {
    expect(writeProgram(readProgram(file))).toEqual(file);
  });

  test('is read wherever it lies in memory', () => {
    const larger = new Uint8Array(file.length + 3);
    larger.set(file, 3);
    expect(readProgram(larger.subarray(3))).toEqual(readProgram(file));
  });

  test('computes what the one that was written does', () => {
    const outputs = [program, readProgram(file)].map((one) => {
      const interpreter = new Interpreter(one);
      interpreter.input('images').forEach((_, i, bytes) => {
        bytes[i] = (37 * i) % 256;
      });
      interpreter.run();
      return ['scores', 'boxes', 'größen', 'floats'].map((name) => [...interpreter.output(name)]);
    });
    expect(outputs[0]).toEqual(outputs[1]);
    expect(outputs[0]!.map((numbers) => new Set(numbers).size > 3)).toEqual([true, true, true, true]);
  });

  test('has constants that are alike once, at multiples of 64', () => {
    const twice = program.steps.map((step) => (step.lo ? { ...step, lo: program.steps[1]!.lo! } : step));
    const shared = writeProgram({ ...program, steps: twice });
    expect(shared.length).toBeLessThan(file.length);
    expect(readProgram(shared).steps.map(({ lo }) => lo)).toEqual(twice.map(({ lo }) => lo));
  });
});

test('a program is known by its first bytes', () => {
  expect([isProgram(file), isProgram(file.subarray(0, 7)), isProgram(file.subarray(1))]).toEqual([true, false, false]);
});

describe('a file is refused', () => {
  const step = (index: number, at: number) => stepsAt + 192 * index + at;
  const cases: { what: string; change: (data: DataView) => void; says: string | RegExp }[] = [
    { what: 'of another kind', change: (data) => data.setUint8(0, 0), says: `got ${file.length} bytes that are none` },
    {
      what: 'of another version',
      change: (data) => data.setUint32(8, 2, true),
      says: 'expected a program of version 1, got version 2: compile the network again',
    },
    {
      what: 'with more steps than there can be',
      change: (data) => data.setUint32(28, 65536, true),
      says: 'expected at most 65535 steps, views and tensors, got 65536,',
    },
    {
      what: 'with steps beyond its end',
      change: (data) => data.setBigUint64(40, 1n << 40n, true),
      says: `got one at ${2 ** 40}`,
    },
    {
      what: 'with a place that is no whole number of 53 bits',
      change: (data) => data.setBigUint64(80, 1n << 63n, true),
      says: 'a place of the arena within the file or arena, got 9223372036854775808',
    },
    {
      what: 'with no step',
      change: (data) => data.setUint32(28, 0, true),
      says: 'expected 1 to 65535 steps, got 0',
    },
    {
      what: 'with an operation that is not known',
      change: (data) => data.setUint16(step(1, 0), 99, true),
      says: 'step 1 (conv 1): an operation of 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, got 99',
    },
    {
      what: 'with an epilogue that is not known',
      change: (data) => data.setUint16(step(2, 2), 7, true),
      says: 'step 2 (depthwise 2): an epilogue of 0, 1, 2, 3, 4, 5, 6, got 7',
    },
    {
      what: 'with a flag that is not known',
      change: (data) => data.setUint16(step(3, 4), 9, true),
      says: 'step 3 (conv 3): flags of 1, 2 and 4, got 9',
    },
    {
      what: 'with a view that there is not',
      change: (data) => data.setUint32(step(8, 8), 400, true),
      says: `step 8 (max_pool 8): a view below ${program.views.length} to read, got 400`,
    },
    {
      what: 'with weights beyond its end',
      change: (data) => data.setBigUint64(step(1, 56), 1n << 20n, true),
      says: 'step 1 (conv 1): weights: 540 bytes at a multiple of 64 within the file, got them at 1048576',
    },
    {
      what: 'with constants that nothing is done with',
      change: (data) => data.setBigUint64(step(8, 144), 4096n, true),
      says: 'step 8 (max_pool 8): table, for which it has no use: 0 where nothing is said',
    },
    {
      what: 'with something in a field without a meaning',
      change: (data) => data.setUint32(step(9, 188), 1, true),
      says: 'step 9 (resize_bilinear 9): 0 where nothing is said, got another byte at 188',
    },
    {
      what: 'with a name that does not end',
      change: (data) => data.setUint32(step(4, 48), 60000, true),
      says: 'a name of step 4 that ends within the names, got one at 60000',
    },
    {
      what: 'with a view of another element',
      change: (data) => data.setUint16(viewsAt + 30, 2, true),
      says: 'view 0 of uint8 (0) or float32 (1), got 2',
    },
    {
      what: 'with a tensor of seven dimensions',
      change: (data) => data.setUint32(tensorsAt + 64 + 8, 7, true),
      says: 'tensor scores of at most 6 dimensions, got 7',
    },
  ];
  test.each(cases)('$what', ({ change, says }) => {
    expect(() => readProgram(changed(file, change))).toThrow(says);
  });
});

describe('what cannot be run is not written', () => {
  /** The program with one step as this changes it. */
  const withStep = (index: number, change: (step: ProgramStep) => Partial<ProgramStep>): Program => ({
    ...program,
    steps: program.steps.map((step, i) => (i === index ? { ...step, ...change(step) } : step)),
  });
  const withView = (index: number, change: Partial<Program['views'][number]>): Program => ({
    ...program,
    views: program.views.map((view, i) => (i === index ? { ...view, ...change } : view)),
  });
  const all = (length: number, value: number) => new Float32Array(length).fill(value);
  const cases: { what: string; made: Program; says: string | RegExp }[] = [
    {
      what: 'windows beyond the halo',
      made: withStep(1, () => ({ pad: [2, 2] })),
      says: 'step 1 (conv 1): windows within 4 pixels and a halo of 1, got them from -2 to',
    },
    {
      what: 'windows with nothing in them',
      made: withStep(8, () => ({ pad: [3, 3] })),
      says: 'step 8 (max_pool 8): windows within 4 pixels',
    },
    {
      what: 'too few weights',
      made: withStep(1, ({ weights }) => ({ weights: weights!.subarray(1) })),
      says: 'step 1 (conv 1): 540 numbers of weights, got 539',
    },
    {
      what: 'a weight of -128, which the kernels have no room for',
      made: withStep(4, () => ({ weights: new Int8Array(25).fill(-128) })),
      says: 'step 4 (conv 4): weights of -127 to 127, got -128',
    },
    {
      what: 'sums beyond 32 bits',
      made: withStep(1, () => ({ bias: new Int32Array(5).fill(2 ** 31 - 1), weights: new Int8Array(540).fill(1) })),
      says: 'step 1 (conv 1): sums of 32 bits in output channel 0',
    },
    {
      what: 'multipliers that are not numbers',
      made: withStep(13, () => ({ m: all(5, Number.NaN) })),
      says: 'step 13 (requantise 13): products below 2^31 in output channel 0, got NaN',
    },
    {
      what: 'products beyond 32 bits',
      made: withStep(12, () => ({ m: all(5, 40000) })),
      says: 'step 12 (multiply 12): products below 2^31',
    },
    {
      what: 'a sum of two beyond 32 bits',
      made: withStep(10, () => ({ m: all(5, 5e6), rm: all(5, 5e6) })),
      says: 'step 10 (add 10): products below 2^31',
    },
    {
      what: 'a step that writes over what it reads',
      made: withStep(4, ({ in: from }) => ({ out: from })),
      says: 'step 4 (conv 4): to write elsewhere than it reads, got views that share bytes',
    },
    {
      what: 'a step that writes over what it adds',
      made: withStep(4, ({ in2 }) => ({ out: in2! })),
      says: 'step 4 (conv 4): to write elsewhere than it reads, got a second view that shares bytes',
    },
    {
      what: 'other units than SiLU can have',
      made: withStep(2, () => ({ e: 12 })),
      says: 'step 2 (depthwise 2): e of 4 to 11 and rs of 0 to 0, got 12 and 0',
    },
    {
      what: 'a residual where none is known',
      made: withStep(5, () => ({ residual: true, in2: 3, zb: new Uint8Array(5), rm: all(5, 1) })),
      says: 'step 5 (conv 5): what is added to come before linear or silu, got leaky',
    },
    {
      what: 'bytes where floats come out',
      made: withStep(18, ({ in: from }) => ({ in: from, out: 0 })),
      says: 'step 18 (dequantise 18): float32 to be written, got uint8',
    },
    {
      what: 'factors that do not fit',
      made: withStep(15, () => ({ kernel: [3, 2] })),
      says: 'step 15 (resize_nearest 15): 12 x 8, got 8 x 8 x 5',
    },
    {
      what: 'an input of another size',
      made: { ...program, tensors: program.tensors.map((one, i) => (i === 0 ? { ...one, shape: [1, 8, 9, 3] } : one)) },
      says: 'step 0 (input 0): an input [1, 8, 8, 3], got [1, 8, 9, 3]',
    },
    {
      what: 'operands of floats that do not fit',
      made: withStep(23, ({ out }) => ({ in2: 17, out })),
      says: 'step 23 (add_float 23): operands of 4 x 4 x 5, or 1 of these, got 8 x 8 x 5',
    },
    {
      what: 'bytes where floats are read',
      made: withStep(23, () => ({ in: 3 })),
      says: 'step 23 (add_float 23): float32 to be read, got uint8',
    },
    {
      what: 'a constant that reads something',
      made: withStep(20, () => ({ in: 1 })),
      says: 'step 20 (constant 20): 0 as what a constant reads, got 1',
    },
    {
      what: 'limits of which there are too few',
      made: withStep(26, () => ({ values: Float32Array.of(1) })),
      says: 'step 26 (function_float 26): 2 numbers of values, got 1',
    },
    {
      what: 'a function where there is none',
      made: withStep(23, () => ({ fn: 'exp' })),
      says: 'step 23 (add_float 23): a function of function_float and a group of softmax, and of no other',
    },
    {
      what: 'a walk that leaves the picture',
      made: withStep(34, ({ walk }) => ({ walk: walk!.with(8, 2) })),
      says: 'step 34 (rearrange 34): a walk within 4 x 4 x 5',
    },
    {
      what: 'a walk over fewer numbers than are written',
      made: withStep(34, ({ walk }) => ({ walk: walk!.with(7, 3) })),
      says: 'step 34 (rearrange 34): a walk over 64 numbers, got 48',
    },
    {
      what: 'groups that do not fill the channels',
      made: withStep(35, () => ({ group: 3 })),
      says: 'step 35 (softmax 35): a group of which 4 channels are a multiple, got 3',
    },
    {
      what: 'matrices that do not fit',
      made: withStep(36, () => ({ in2: 20 })),
      says: 'step 36 (matmul 36): rows of 4, and a second view of 4 rows of 8, for 4 x 4 x 8',
    },
    {
      what: 'weights for fewer inputs than a convolution of floats has',
      made: withStep(41, ({ in2 }) => ({ in2: in2! - 1 })),
      says: 'step 41 (conv_float 41): weights of 9 x 8 x 2, got 3 x 3 x 2',
    },
    {
      what: 'weights of a smaller kernel than a depthwise convolution of floats has',
      made: withStep(42, () => ({ kernel: [5, 3] })),
      says: 'step 42 (depthwise_float 42): weights of 5 x 3 x 2, got 3 x 3 x 2',
    },
    {
      what: 'a convolution of floats without a stride',
      made: withStep(41, () => ({ stride: [0, 1] })),
      says: 'step 41 (conv_float 41): a kernel, stride and dilation of 1 to 64, got 3, 3, 0, 1, 1, 2',
    },
    {
      what: 'floats that are written over what is read',
      made: withStep(24, ({ in2 }) => ({ out: in2! })),
      says: 'step 24 (subtract_float 24): to write elsewhere than it reads',
    },
    { what: 'a view beyond the arena', made: withView(2, { offset: 2 ** 20 }), says: 'view 2: bytes within 64 to' },
    { what: 'pixels that overlap', made: withView(2, { pixelBytes: 4 }), says: 'view 2: pixels of at least 5 bytes' },
    {
      what: 'rows that overlap',
      made: withView(2, { rowBytes: 31 }),
      says: 'view 2: pixels of at least 5 bytes and rows of 32',
    },
    { what: 'a halo of nothing', made: withView(2, { halo: 1, rowBytes: 48 }), says: 'view 2: a zero point a channel' },
    {
      what: 'an arena of odd size',
      made: { ...program, arenaBytes: 1000 },
      says: 'an arena of a multiple of 64 bytes',
    },
    { what: 'no view', made: { ...program, views: [] }, says: 'expected 1 to 65535 views, got 0' },
  ];
  test.each(cases)('$what', ({ made, says }) => {
    expect(() => writeProgram(made)).toThrow(says);
  });
});
