import { describe, expect, it } from 'vitest';
import { decode, misfit, type Output } from './decode.ts';

const decoder = {
  type: 'ssd' as const,
  outputs: { boxes: 'boxes', classes: 'classes', scores: 'scores', count: 'count' },
};
const withoutCount = { ...decoder, outputs: { boxes: 'boxes', classes: 'classes', scores: 'scores' } };

const outputs = (count = 3): Output[] => [
  { name: 'boxes', shape: [1, 3, 4], data: [0.25, 0.5, 0.75, 1, 0, 0, 0.5, 0.5, 0, 0, 1, 1] },
  { name: 'classes', shape: [1, 3], data: [1, 0, 2] },
  { name: 'scores', shape: [1, 3], data: [0.9, 0.6, 0.8] },
  { name: 'count', shape: [1], data: [count] },
];

describe('ssd', () => {
  it('reads boxes y first, as shares of the input, and leaves out classes without a label', () => {
    expect(decode(decoder, outputs())).toEqual([
      { box: [16, 8, 32, 24], score: 0.9, classId: 1 },
      { box: [0, 0, 16, 16], score: 0.6, classId: 0 },
    ]);
  });

  it('reads only as many as count', () => {
    expect(decode(decoder, outputs(1))).toHaveLength(1);
    expect(decode(decoder, outputs(0))).toHaveLength(0);
    // More than there are: a model may say so of its padding.
    expect(decode(decoder, outputs(99))).toHaveLength(2);
    expect(decode(withoutCount, outputs(1))).toHaveLength(2);
  });

  it('reads boxes x first, and in pixels, when the card says so', () => {
    const pixels = { ...decoder, box_order: 'xyxy' as const, normalised: false };
    expect(decode(pixels, outputs())[0]!.box).toEqual([0.25, 0.5, 0.75, 1]);
  });

  it('counts classes from the one that the first label has: 0 is often the background', () => {
    expect(decode({ ...decoder, first_class: 1 }, outputs())).toMatchObject([
      { score: 0.9, classId: 0 },
      { score: 0.8, classId: 1 },
    ]);
  });

  it('reads whole numbers of 64 bits', () => {
    const wide = outputs().map((output) =>
      output.name === 'classes' || output.name === 'count' ? { ...output, type: 'int64' } : output,
    );
    expect(decode(decoder, wide)).toEqual(decode(decoder, outputs()));
  });

  it('leaves out scores and classes that are no numbers', () => {
    const broken = outputs();
    broken[2] = { ...broken[2]!, data: [Number.NaN, 0.6, 0.8] };
    broken[1] = { ...broken[1]!, data: [1, Number.NaN, 0.5] };
    expect(decode(decoder, broken)).toEqual([]);
  });

  it('says what does not fit, before and while it runs', () => {
    expect(misfit(decoder, outputs().slice(1))).toBe(
      'decoder.outputs.boxes: the model has no output boxes; it has classes, scores, count',
    );
    const bytes = outputs().map((output) => (output.name === 'scores' ? { ...output, type: 'uint8' } : output));
    expect(misfit(decoder, bytes)).toBe('decoder.outputs.scores: expected output scores to be float32, it is uint8');
    const corners = outputs().map((output) => (output.name === 'boxes' ? { ...output, shape: [1, 3, 8] } : output));
    expect(misfit(decoder, corners)).toContain('expected output boxes to be [1, any, 4], it is [1, 3, 8]');
    const fewer = outputs().map((output) =>
      output.name === 'classes' ? { ...output, shape: [1, 2], data: [1, 0] } : output,
    );
    expect(() => decode(decoder, fewer)).toThrow('expected 4 numbers and a class for each of 3 scores, got 12 and 2');
  });
});
