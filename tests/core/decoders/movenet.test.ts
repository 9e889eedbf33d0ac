import { describe, expect, it } from 'vitest';
import { makeDecoder } from '../../../sdk/core/decoders/registry.ts';
import { Candidates } from '../../../sdk/kernels/boxes/candidates.ts';
import { card } from '../cards.ts';
import { complaint, decode, misfit, type Output } from './decode.ts';

const decoder = { type: 'movenet' as const };
const change = { labels: ['person'], keypoints: { names: ['nose', 'tail'], edges: [[0, 1]] } };
const rows = (...data: number[][]): Output[] => [{ name: 'output_0', shape: [1, data.length, 11], data: data.flat() }];
const body = [0.25, 0.5, 0.75, 1.125, 0.0625, 0.25, 0.25, 0, 1, 0.5, 0.875];
const nobody = [0.1, 0.1, 0.01, 0.1, 0.1, 0.01, 0, 0, 1, 1, 0.02];

describe('movenet', () => {
  it('reads boxes and keypoints, y first, as fractions of the input', () => {
    const outputs = rows(nobody, body);
    expect(decode(decoder, outputs, change)).toEqual([{ box: [0, 8, 16, 32], score: 0.875, classId: 0 }]);
    const [{ name, shape, data }] = outputs as [Output];
    const tensors = new Map([[name, { shape, data: Float32Array.from(data) }]]);
    const made = makeDecoder(decoder, card(decoder, change), [{ name, type: 'float32', shape }]);
    const candidates = new Candidates();
    made.decode(tensors, 0.5, false, candidates);
    expect([...made.shapes!(tensors, candidates).keypoints!]).toEqual([16, 8, 0.75, 2, 36, 0.25]);
  });

  it('says what does not fit', () => {
    expect(misfit(decoder, rows(body), { labels: ['person'] })).toContain(
      'keypoints: expected the names of the points',
    );
    expect(misfit(decoder, rows(body), { ...change, labels: ['cat', 'dog'] })).toContain('labels: expected one');
    expect(misfit(decoder, [{ name: 'output_0', shape: [1, 6, 56], data: [] }], change)).toContain(
      'expected output output_0 (keypoints, box and score per body) to be [1, any, 11], it is [1, 6, 56]',
    );
    expect(complaint(decoder, rows([...body.slice(0, 10), 7]), change)).toContain('expected scores of 0 to 1, got 7');
  });
});
