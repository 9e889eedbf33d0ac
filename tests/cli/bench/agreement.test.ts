import { describe, expect, it } from 'vitest';
import { agreementOf } from '../../../tools/cli/bench/agreement.ts';

const box = (label: string, x: number, size = 10) => ({ label, box: [x, 0, x + size, size] as const });
const boxes = (...all: ReturnType<typeof box>[]) => ({ boxes: all });

describe('agreementOf', () => {
  it.each([
    ['the same', [boxes(box('cat', 0), box('dog', 50))], [boxes(box('dog', 50), box('cat', 0))], 1],
    ['nothing on both sides', [boxes(), boxes()], [boxes(), boxes()], 1],
    ['nothing on one side', [boxes()], [boxes(box('cat', 0))], 0],
    ['another label', [boxes(box('cat', 0))], [boxes(box('dog', 0))], 0],
    ['one of two', [boxes(box('cat', 0), box('cat', 50))], [boxes(box('cat', 0))], 2 / 3],
    ['two over one', [boxes(box('cat', 0), box('cat', 1))], [boxes(box('cat', 0))], 2 / 3],
    ['a shift by a third: IoU 0.5', [boxes(box('cat', 0, 12))], [boxes(box('cat', 4, 12))], 1],
    ['a shift by more', [boxes(box('cat', 0, 12))], [boxes(box('cat', 5, 12))], 0],
    ['labels', [{ label: 'cat' }, { label: 'dog' }], [{ label: 'cat' }, { label: 'cat' }], 0.5],
    ['embeddings', [{ embedding: [3, 4] }, { embedding: [1, 0] }], [{ embedding: [6, 8] }, { embedding: [0, 1] }], 0.5],
    ['an embedding of zeros', [{ embedding: [0, 0] }], [{ embedding: [1, 0] }], 0],
  ])('%s', (_, answers, others, expected) => {
    expect(agreementOf(answers, others)).toBeCloseTo(expected, 9);
    expect(agreementOf(others, answers)).toBeCloseTo(expected, 9);
  });

  it('refuses answers to other pictures', () => {
    expect(() => agreementOf([boxes()], [])).toThrow('got 1 and 0');
  });
});
