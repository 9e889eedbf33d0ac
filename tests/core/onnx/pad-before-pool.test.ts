import { describe, expect, it, onTestFinished } from 'vitest';
import { OnnxRuntimeEngine } from '../../../sdk/core/engines/onnxruntime.ts';
import { readOnnxGraph } from '../../../sdk/core/onnx/graph.ts';
import { padsBeforeMaxPools } from '../../../sdk/core/onnx/pad-before-pool.ts';
import { type Constant, type OnnxModel, type Operation, onnxModel } from '../onnx-builder.ts';

const side = 6;
const rim: Constant = { name: 'pads', type: 'int64', shape: [8], data: [0, 0, 1, 0, 0, 0, 1, 2] };
const zero: Constant = { name: 'zero', shape: [], data: [0] };
const low: Constant = { name: 'low', shape: [], data: [-9] };
const pool: Operation = {
  op: 'MaxPool',
  inputs: ['p'],
  outputs: ['y'],
  ints: { kernel_shape: [2, 2], strides: [1, 1] },
};
const pad: Operation = { op: 'Pad', inputs: ['x', 'pads'], outputs: ['p'] };

interface Case {
  readonly name: string;
  readonly constants?: readonly Constant[];
  readonly operations: readonly Operation[];
  readonly opset?: number;
  /** What the rim is filled with. Default 0. */
  readonly fill?: number;
  readonly found?: boolean;
}

// torch's ZeroPad2d before a MaxPool2d (YOLOv3-tiny), as exporters and simplifiers of several ages write it.
const cases: readonly Case[] = [
  { name: 'without a value', operations: [pad, pool] },
  { name: 'with a value', constants: [zero], operations: [{ ...pad, inputs: ['x', 'pads', 'zero'] }, pool] },
  {
    name: 'of a Constant node',
    constants: [],
    operations: [{ op: 'Constant', inputs: [], outputs: ['pads'], value: rim }, pad, pool],
  },
  {
    name: 'of opset 2',
    constants: [],
    opset: 9,
    operations: [{ op: 'Pad', inputs: ['x'], outputs: ['p'], ints: { pads: rim.data } }, pool],
  },
  {
    name: 'of opset 2 with a value',
    constants: [],
    opset: 9,
    operations: [{ op: 'Pad', inputs: ['x'], outputs: ['p'], ints: { pads: rim.data }, floats: { value: 0 } }, pool],
  },
  {
    name: 'with nodes in between that do nothing',
    operations: [
      { ...pad, outputs: ['a'] },
      { op: 'Identity', inputs: ['a'], outputs: ['b'] },
      { op: 'Dropout', inputs: ['b'], outputs: ['c'] },
      { op: 'Cast', inputs: ['c'], outputs: ['p'], ints: { to: 1 } },
      pool,
    ],
  },
  {
    name: 'behind nodes in 8 bits',
    constants: [
      { name: 'scale', shape: [], data: [0.5] },
      { name: 'middle', shape: [], type: 'uint8', data: [128] },
    ],
    operations: [
      { op: 'QuantizeLinear', inputs: ['x', 'scale', 'middle'], outputs: ['q'] },
      { op: 'DequantizeLinear', inputs: ['q', 'scale', 'middle'], outputs: ['d'] },
      { ...pad, inputs: ['d', 'pads'] },
      pool,
    ],
  },
  {
    name: 'with a value below all others',
    constants: [low],
    operations: [{ ...pad, inputs: ['x', 'pads', 'low'] }, pool],
    fill: -9,
  },
];

/** What a MaxPool of 2 x 2 in steps of 1 gives over a picture with a rim. */
function expected(x: readonly number[], fill: number): number[] {
  const [top, left, bottom, right] = [1, 0, 1, 2];
  const at = (row: number, column: number) =>
    row < 0 || column < 0 || row >= side || column >= side ? fill : x[row * side + column]!;
  const y: number[] = [];
  for (let row = -top; row < side + bottom - 1; row++) {
    for (let column = -left; column < side + right - 1; column++) {
      y.push(Math.max(at(row, column), at(row, column + 1), at(row + 1, column), at(row + 1, column + 1)));
    }
  }
  return y;
}

const modelOf = ({ constants = [], operations, opset }: Case, all: Partial<OnnxModel> = {}) =>
  onnxModel({
    inputs: [{ name: 'x', shape: [1, 1, side, side] }],
    outputs: [{ name: 'y', shape: [1, 1, side + 1, side + 1] }],
    constants:
      operations.some(({ inputs, op }) => op !== 'Constant' && inputs.includes('pads')) &&
      !operations.some(({ op }) => op === 'Constant')
        ? [rim, ...constants]
        : constants,
    operations,
    opset,
    ...all,
  });

const found = (model: Uint8Array) => padsBeforeMaxPools(readOnnxGraph(model)!);

describe('a Pad before a MaxPool', () => {
  it.each(cases)('$name gives the numbers of the network', async (one) => {
    const engine = new OnnxRuntimeEngine();
    onTestFinished(() => engine.close());
    await engine.load(modelOf(one), { threads: 1 });
    // All below 0, in halves: the rim is the greatest wherever it is seen.
    const x = Array.from({ length: side * side }, (_, i) => -1 - ((i * 7) % 13) / 2);
    engine.bind('x', 'float32', [1, 1, side, side]).set(x);
    const { data } = (await engine.run()).get('y')!;
    expect([...data]).toEqual(expected(x, one.fill ?? 0));
    expect(found(modelOf(one))).toBe(true);
  });
});

describe('padsBeforeMaxPools', () => {
  it.each<Case>([
    { name: 'a Pad alone', operations: [{ ...pad, outputs: ['y'] }] },
    { name: 'a MaxPool alone', operations: [{ ...pool, inputs: ['x'] }] },
    {
      name: 'a Pad before a convolution before a MaxPool',
      constants: [{ name: 'w', shape: [1, 1, 1, 1], data: [1] }],
      operations: [{ ...pad, outputs: ['a'] }, { op: 'Conv', inputs: ['a', 'w'], outputs: ['p'] }, pool],
    },
    {
      name: 'a Pad behind a MaxPool',
      operations: [
        { ...pool, inputs: ['x'], outputs: ['a'] },
        { ...pad, inputs: ['a', 'pads'], outputs: ['y'] },
      ],
    },
  ])('does not mean $name, which stay as fast as they were', (one) => expect(found(modelOf(one))).toBe(false));

  it('does not hang in a circle', () => {
    const circle = [
      { op: 'Identity', inputs: ['b'], outputs: ['a'] },
      { op: 'Identity', inputs: ['a'], outputs: ['b'] },
    ];
    expect(
      found(modelOf({ name: '', operations: [...circle, { ...pool, inputs: ['a'] }, { ...pad, outputs: ['z'] }] })),
    ).toBe(false);
  });
});
