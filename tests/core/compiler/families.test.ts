import { describe, expect, test } from 'vitest';
import { families, familySide } from './families.ts';
import { compareWithFloat } from './networks.ts';

/** How far outputs may be from onnxruntime's, as a part of their deviation; and the steps on floats that there have to be. */
const expected: Readonly<Record<string, { readonly within: readonly number[]; readonly floats: readonly string[] }>> = {
  'YOLOv8: boxes as distributions, channels first': {
    within: [0.01],
    floats: ['softmax', 'matmul', 'subtract_float', 'add_float', 'multiply_float', 'function_float', 'rearrange'],
  },
  'YOLO11: attention among all pixels': {
    within: [0.04],
    floats: ['dequantise', 'rearrange', 'matmul', 'multiply_float', 'softmax', 'quantise'],
  },
  'YOLOX: boxes by exponent and grid': { within: [0.03], floats: ['function_float', 'multiply_float', 'add_float'] },
  'SSD: boxes beside priors, scores by softmax': { within: [0.01, 0.04], floats: ['softmax', 'function_float'] },
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
