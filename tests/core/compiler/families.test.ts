import { describe, expect, test } from 'vitest';
import { families, familySide } from './families.ts';
import { compareWithFloat, NetworkBuilder } from './networks.ts';

/** How far outputs may be from onnxruntime's, as a part of their deviation; and the steps on floats that there have to be. */
const expected: Readonly<Record<string, { readonly within: readonly number[]; readonly floats: readonly string[] }>> = {
  'YOLOv8: boxes as distributions, channels first': {
    within: [0.01],
    floats: ['softmax', 'conv_float', 'subtract_float', 'add_float', 'multiply_float', 'function_float', 'rearrange'],
  },
  'YOLO11: attention among all pixels': {
    within: [0.04],
    floats: ['dequantise', 'rearrange', 'matmul', 'multiply_float', 'softmax', 'quantise'],
  },
  'YOLOX: boxes by exponent and grid': { within: [0.03], floats: ['function_float', 'multiply_float', 'add_float'] },
  'SSD: boxes beside priors, scores by softmax': { within: [0.01, 0.04], floats: ['softmax', 'function_float'] },
  'U-Net: pictures made larger by convolutions': { within: [0.03, 0.03], floats: [] },
  'U-Net: sides that are no multiple of the steps': { within: [0.03, 0.03], floats: [] },
  'EfficientViT: attention by sums, of values with a one beside them': {
    within: [0.08],
    floats: ['dequantise', 'rearrange', 'matmul', 'divide_float', 'quantise'],
  },
  'SSDLite: the same on blocks of MobileNetV3': { within: [0.01, 0.04], floats: ['softmax', 'function_float'] },
};

describe('a family of detectors in small', () => {
  test.each(Object.entries(families))('%s: gives what the float network gives', async (name, make) => {
    const { program, errors } = await compareWithFloat(make(), familySide);
    const { within, floats } = expected[name]!;
    expect(errors).toHaveLength(within.length);
    for (const [i, error] of errors.entries()) expect(error).toBeLessThan(within[i]!);
    const steps = new Set<string>(program.steps.map(({ op }) => op));
    expect(floats.filter((op) => !steps.has(op))).toEqual([]);
  });
});

/** What follows a convolution of 8 channels of 16 x 16 that are not negative, up to an output. */
const others: Readonly<Record<string, (net: NetworkBuilder, x: string) => string>> = {
  'a shape that the numbers do not have where they lie': (net, x) => {
    const turned = net.node('Transpose', [net.node('Reshape', [x, net.integers(1, 64, 32)])], {
      ints: { perm: [0, 2, 1] },
    });
    return net.node('Reshape', [turned, net.integers(1, 128, 16)]);
  },
  'a cut through a dimension that was made of several': (net, x) => {
    const mixed = net.node('Reshape', [
      net.node('Transpose', [x], { ints: { perm: [0, 2, 3, 1] } }),
      net.integers(1, 2048),
    ]);
    const [first, second] = net.nodes('Split', [mixed, net.integers(1020, 1028)], 2, { ints: { axis: 1 } });
    const part = net.node('Slice', [second!, net.integers(5), net.integers(1025), net.integers(1)]);
    return net.node('Add', [first!, part]);
  },
  'a constant that is larger than what depends on the picture': (net, x) =>
    net.node('Add', [net.node('Reshape', [x, net.integers(1, 2048, 1)]), net.random([1, 2048, 2])]),
  'more rows of numbers than a picture of bytes may have': (net, x) => {
    const flat = net.node('Reshape', [x, net.integers(1, 1, 2048, 1)]);
    const many = net.node('Add', [flat, net.random([1, 9, 2048, 1])]);
    const rows = net.node('Reshape', [many, net.integers(1, 18432, 1)]);
    return net.node('Add', [rows, net.random([1, 18432, 2])]);
  },
  'powers, roots and quotients': (net, x) => {
    const root = net.node('Sqrt', [net.node('Pow', [x, net.constant([], [2])])]);
    return net.node('Div', [root, net.node('Add', [x, net.constant([], [1])])]);
  },
  'rows, columns and numbers that are spread over others': (net, x) => {
    const cut = (axis: number) => net.node('Slice', [x, net.integers(0), net.integers(1), net.integers(axis)]);
    const table = net.node('Sub', [cut(2), cut(3)]);
    return net.node('Mul', [net.node('Div', [table, net.random([8, 1, 16], 0.5, 2)]), net.random([1, 1, 16, 16])]);
  },
  'pictures below each other': (net, x) =>
    net.node('Concat', [x, net.random([1, 8, 2, 16]), net.node('Exp', [net.node('Neg', [x])])], { ints: { axis: 2 } }),
  'a matrix before and a matrix after the picture’s own': (net, x) => {
    const rows = net.node('MatMul', [net.random([16, 16], 0.3), x]);
    return net.node('MatMul', [rows, net.node('Transpose', [x], { ints: { perm: [0, 1, 3, 2] } })]);
  },
};

describe('numbers that have to be moved, or stay floats', () => {
  test.each(Object.entries(others))('%s', async (_, make) => {
    const net = new NetworkBuilder();
    net.output(make(net, net.node('Relu', [net.conv(net.picture(), [3, 8], 3)])));
    const { errors } = await compareWithFloat(net.build(familySide), familySide);
    expect(errors[0]).toBeLessThan(0.03);
  });
});
