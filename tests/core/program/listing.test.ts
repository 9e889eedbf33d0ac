import { expect, test } from 'vitest';
import { bytesWritten, listProgram, totalsOf } from '../../../sdk/core/program/listing.ts';
import { everyOperation } from './every-operation.ts';

const program = everyOperation();
const listed = listProgram(program);

test('a listing has a line a step: what is read and written, where to, and how', () => {
  const lines = listed.map(({ index, op, from, to, kernel, epilogue }) =>
    [index, op, from, to, kernel, epilogue].join(' | '),
  );
  expect(lines).toEqual([
    '0 | input | images | 4x4x12 | space to depth 2 | ',
    '1 | conv | 4x4x12 | 4x4x5 | 3x3 | clip',
    '2 | depthwise | 4x4x5 | 4x4x5 | 3x3 | silu',
    '3 | conv | 4x4x5 + 4x4x5 | 4x4x5 | 1x1 | silu+residual',
    '4 | conv | 4x4x5 + 4x4x5 | 4x4x5 | 1x1 | clip+residual',
    '5 | conv | 4x4x5 | 4x4x5 | 1x1 | leaky',
    '6 | conv | 4x4x5 | 4x4x5 | 1x1 | hardswish',
    '7 | conv | 4x4x5 | 4x4x5 | 1x1 | sigmoid',
    '8 | max_pool | 4x4x5 | 2x2x5 | 3x3/2 | ',
    '9 | resize_bilinear | 2x2x5 | 4x4x5 | 2x2 | ',
    '10 | add | 4x4x5 + 4x4x5 | 4x4x5 |  | clip',
    '11 | average_pool | 4x4x5 | 1x1x5 | 4x4/4 | clip',
    '12 | multiply | 4x4x5 + 1x1x5 | 4x4x5 |  | clip',
    '13 | requantise | 4x4x5 | 4x4x5 |  | clip',
    '14 | table | 4x4x5 | 4x4x5 |  | ',
    '15 | resize_nearest | 4x4x5 | 8x8x5 | 2x2 | ',
    '16 | conv | 4x4x5 | 4x4x3 f32 | 1x1 | float_sigmoid',
    '17 | conv | 4x4x5 | 4x4x3 f32 | 1x1 | float',
    '18 | dequantise | 8x8x5 | 8x8x5 f32 |  | ',
    '19 | dequantise | 4x4x5 | 4x4x5 f32 |  | ',
    '20 | constant |  | 1x1x5 f32 |  | ',
    '21 | constant |  | 1x1x1 f32 |  | ',
    '22 | constant |  | 2x2x8 f32 |  | ',
    '23 | add_float | 4x4x5 f32 + 1x1x5 f32 | 4x4x5 f32 |  | ',
    '24 | subtract_float | 1x1x1 f32 + 4x4x5 f32 | 4x4x5 f32 |  | ',
    '25 | divide_float | 4x4x5 f32 + 4x4x5 f32 | 4x4x5 f32 |  | ',
    '26 | function_float | 4x4x5 f32 | 4x4x5 f32 | clip | ',
    '27 | function_float | 4x4x5 f32 | 4x4x5 f32 | leaky | ',
    '28 | multiply_float | 4x4x5 f32 + 4x4x5 f32 | 4x4x5 f32 |  | ',
    '29 | function_float | 4x4x5 f32 | 4x4x5 f32 | hardswish | ',
    '30 | function_float | 4x4x5 f32 | 4x4x5 f32 | silu | ',
    '31 | function_float | 4x4x5 f32 | 4x4x5 f32 | exp | ',
    '32 | function_float | 4x4x5 f32 | 4x4x5 f32 | sqrt | ',
    '33 | function_float | 4x4x5 f32 | 4x4x5 f32 | sigmoid | ',
    '34 | rearrange | 4x4x5 f32 | 4x4x4 f32 |  | ',
    '35 | softmax | 4x4x4 f32 | 4x4x4 f32 | of 2 | ',
    '36 | matmul | 4x4x4 f32 + 2x2x8 f32 | 4x4x8 f32 |  | ',
    '37 | quantise | 4x4x8 f32 | 4x4x8 |  | ',
    '38 | dequantise | 4x4x8 | 4x4x8 f32 |  | ',
    '39 | constant |  | 3x3x2 f32 |  | ',
    '40 | constant |  | 9x8x2 f32 |  | ',
    '41 | conv_float | 4x4x8 f32 + 9x8x2 f32 | 2x4x2 f32 | 3x3/2x1 dilated 1x2 | ',
    '42 | depthwise_float | 2x4x2 f32 + 3x3x2 f32 | 4x4x2 f32 | 3x3 | ',
    '43 | max_float | 4x4x2 f32 + 1x1x1 f32 | 4x4x2 f32 |  | ',
    '44 | min_float | 4x4x2 f32 + 4x4x2 f32 | 4x4x2 f32 |  | ',
    '45 | argmax | 4x4x2 f32 | 4x4x1 f32 |  | ',
    '46 | function_float | 4x4x2 f32 | 4x4x2 f32 | log | ',
  ]);
  expect(listed.map(({ name }) => name)).toEqual(program.steps.map(({ name }) => name));
  expect(listed.map(({ at }) => at)).toEqual(program.steps.map(({ out }) => program.views[out]!.offset));
});

test('it counts multiply-adds and bytes', () => {
  // Weights of a byte, a bias and a multiplier of four each, and the three of what is cut.
  expect(listed[1]).toMatchObject({ macs: 4 * 4 * 5 * 12 * 9, constantBytes: 5 * 12 * 9 + 5 * (4 + 4 + 3) });
  // k in two bytes, z in one.
  expect(listed[2]).toMatchObject({ macs: 4 * 4 * 5 * 9, constantBytes: 5 * 9 + 5 * (4 + 4 + 2 + 1) });
  expect(listed[14]).toMatchObject({ macs: 0, constantBytes: 5 * 256 });
  expect([1, 15, 18].map((i) => bytesWritten(program, program.steps[i]!))).toEqual([80, 320, 1280]);
  expect(totalsOf(program)).toEqual({
    steps: 47,
    macs: 4 * 4 * (5 * 12 * 9 + 5 * 9 + 5 * 25 + 2 * 15 + 4 * 8 + 72 + 2 * 9),
    constantBytes: listed.reduce((sum, { constantBytes }) => sum + constantBytes, 0),
    arenaBytes: program.arenaBytes,
  });
});
