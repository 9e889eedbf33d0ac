import { describe, expect, it } from 'vitest';
import type { ClassifierCard } from '../../../sdk/core/cards/card.ts';
import { type ClassLayer, readClassLayer } from '../../../sdk/core/cards/class-layer.ts';
import { loadClassifier, readEmbedder } from '../../../sdk/core/classifier.ts';
import { profileOf } from '../../../sdk/learn/heads/class-profile.ts';
import { readPicture } from '../../../sdk/picture/picture.ts';
import { photo } from '../../cli/cli.ts';
import { type Constant, type OnnxModel, type Operation, onnxModel } from '../onnx-builder.ts';

const card = (labels = ['a', 'b'], dimension = 3) =>
  ({ labels, dimension, outputs: { embedding: 'embedding', logits: 'logits' } }) as unknown as ClassifierCard;

/** Class a: 1, 2, -3; class b: 0.5, 0, 0.25. */
const rows = [1, 2, -3, 0.5, 0, 0.25];
const columns = [1, 0.5, 2, 0, -3, 0.25];

function layer(operations: readonly Operation[], constants: readonly Constant[], of = card()): ClassLayer | undefined {
  const model: OnnxModel = {
    inputs: [{ name: 'pooled', shape: [1, 3] }],
    outputs: [
      { name: 'embedding', shape: [1, 3] },
      { name: 'logits', shape: [1, 2] },
    ],
    operations: [{ op: 'Flatten', inputs: ['pooled'], outputs: ['embedding'] }, ...operations],
    constants,
  };
  return readClassLayer({ bytes: onnxModel(model) }, of);
}

const numbersOf = ({ weights, scales, biases, classes, dimension }: ClassLayer) => ({
  rows: Array.from({ length: classes }, (_, c) =>
    [...weights.subarray(c * dimension, (c + 1) * dimension)].map((weight) => Number((weight * scales[c]!).toFixed(2))),
  ),
  biases: [...biases].map((bias) => Number(bias.toFixed(3))),
});

const weights: Constant = { name: 'w', shape: [2, 3], data: rows };
const bias: Constant = { name: 'b', shape: [2], data: [0.5, -1] };

describe('readClassLayer', () => {
  it.each<[string, Operation[], Constant[]]>([
    [
      'a Gemm',
      [{ op: 'Gemm', inputs: ['embedding', 'w', 'b'], outputs: ['logits'], ints: { transB: 1 } }],
      [weights, bias],
    ],
    [
      'a MatMul and an Add, behind a Dropout',
      [
        { op: 'Dropout', inputs: ['embedding'], outputs: ['dropped'] },
        { op: 'MatMul', inputs: ['dropped', 'w'], outputs: ['product'] },
        { op: 'Add', inputs: ['b', 'product'], outputs: ['logits'] },
      ],
      [{ ...weights, shape: [3, 2], data: columns }, bias],
    ],
    [
      'a Gemm in 8 bits with a softmax behind it',
      [
        { op: 'DequantizeLinear', inputs: ['w', 's', 'z'], outputs: ['wf'] },
        { op: 'DequantizeLinear', inputs: ['b', 'bs'], outputs: ['bf'] },
        { op: 'Gemm', inputs: ['embedding', 'wf', 'bf'], outputs: ['raw'], ints: { transB: 1 } },
        { op: 'Softmax', inputs: ['raw'], outputs: ['logits'] },
      ],
      [
        { name: 'w', type: 'int8', shape: [2, 3], data: [4, 8, -12, 4, 0, 2] },
        { name: 's', shape: [2], data: [0.25, 0.125] },
        { name: 'z', type: 'int8', shape: [2], data: [0, 0] },
        { name: 'b', type: 'int32', shape: [2], data: [5, -10] },
        { name: 'bs', shape: [], data: [0.1] },
      ],
    ],
    [
      'a Gemm whose weights are halves, behind a Cast',
      [
        { op: 'Cast', inputs: ['wh'], outputs: ['w'], ints: { to: 1 } },
        { op: 'Gemm', inputs: ['embedding', 'w', 'b'], outputs: ['logits'], ints: { transB: 1 } },
      ],
      [{ name: 'wh', type: 'float16', shape: [2, 3], data: [0x3c00, 0x4000, 0xc200, 0x3800, 0, 0x3400] }, bias],
    ],
  ])('reads %s', (_, operations, constants) => {
    const { rows: read, biases } = numbersOf(layer(operations, constants)!);
    expect(biases).toEqual([0.5, -1]);
    for (const [c, row] of [rows.slice(0, 3), rows.slice(3)].entries()) {
      // 8 bits a row: to a 127th of its largest number.
      for (const [d, value] of row.entries()) expect(read[c]![d]).toBeCloseTo(value, 1);
    }
  });

  it.each<[string, Operation[], Constant[], ClassifierCard?]>([
    [
      'there is more than a layer',
      [
        { op: 'Gemm', inputs: ['embedding', 'w', 'b'], outputs: ['one'], ints: { transB: 1 } },
        { op: 'Relu', inputs: ['one'], outputs: ['logits'] },
      ],
      [weights, bias],
    ],
    [
      'the classes are others',
      [{ op: 'Gemm', inputs: ['embedding', 'w', 'b'], outputs: ['logits'] }],
      [weights, bias],
      card(['a', 'b', 'c']),
    ],
    ['it goes by the embedding', [{ op: 'Gemm', inputs: ['pooled', 'w', 'b'], outputs: ['logits'] }], [weights, bias]],
    [
      'its numbers are elsewhere',
      [{ op: 'Gemm', inputs: ['embedding', 'w', 'b'], outputs: ['logits'] }],
      [{ ...weights, external: { location: 'w.data' } }, bias],
    ],
  ])('gives nothing where %s', (_, operations, constants, of) => {
    expect(layer(operations, constants, of)).toBeUndefined();
  });

  it('gives nothing of what is no model', () => {
    expect(readClassLayer({ bytes: Buffer.from('no model') as never }, card())).toBeUndefined();
  });
});

it('the default network’s classes say of an embedding what the network itself says of the picture', async () => {
  const { classLayer } = await readEmbedder();
  const classifier = await loadClassifier();
  try {
    for (const name of ['cat.jpg', 'cup.jpg', 'motorcycle.jpg']) {
      const frame = await readPicture(photo(name));
      const [best] = await classifier.classify(frame, { topK: 1 });
      const [embedding] = await classifier.embed(frame);
      frame.release();
      const { values } = profileOf(classLayer!, embedding!);
      const most = values.indexOf(Math.max(...values));
      expect(classifier.card.labels[most]).toBe(best!.label);
      expect((values[most]! / 127) ** 2).toBeCloseTo(best!.score, 1);
    }
  } finally {
    await classifier.close();
  }
});
