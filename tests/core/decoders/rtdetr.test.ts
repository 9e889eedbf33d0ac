import { describe, expect, it } from 'vitest';
import { complaint, decode, misfit, type Output } from './decode.ts';

// 32x32 pixels, two labels.
const decoder = { type: 'rtdetr' as const };
const output = (rows: readonly (readonly number[])[]): Output[] => [
  { name: 'output0', shape: [1, rows.length, rows[0]!.length], data: rows.flat() },
];
const logit = (share: number) => Math.log(share / (1 - share));

describe('rtdetr', () => {
  const rows = [
    [0.5, 0.25, 0.25, 0.5, 0.1, 0.8],
    [0.5, 0.25, 0.25, 0.5, 0.6, 0.7],
    [0.5, 0.5, 1, 1, 0.2, 0.1],
  ];

  it('reads centre and size as shares of the input, and a score for each class', () => {
    expect(decode(decoder, output(rows))).toEqual([
      { box: [12, 0, 20, 16], score: 0.8, classId: 1 },
      { box: [12, 0, 20, 16], score: 0.7, classId: 1 },
    ]);
    expect(decode(decoder, output(rows), { multiLabel: true })).toHaveLength(3);
  });

  it('applies the sigmoid where it was left out', () => {
    const before = rows.map(([x, y, w, h, a, b]) => [x!, y!, w!, h!, logit(a!), logit(b!)]);
    expect(decode({ ...decoder, logits: true }, output(before))).toEqual(decode(decoder, output(rows)));
    expect(complaint(decoder, output(before))).toContain('"logits": true');
    expect(complaint({ ...decoder, logits: true }, output(before))).toBe('nothing');
  });

  it('reads boxes and scores that are apart, as other exporters write them', () => {
    const apart = (scores = rows.map((row) => row.slice(4))): Output[] => [
      { name: 'logits', shape: [1, scores.length, 2], data: scores.flat().map(logit) },
      { name: 'pred_boxes', shape: [1, 3, 4], data: rows.flatMap((row) => row.slice(0, 4)) },
    ];
    const two = { ...decoder, outputs: { boxes: 'pred_boxes', scores: 'logits' }, logits: true };
    expect(decode(two, apart())).toEqual(decode(decoder, output(rows)));
    expect(complaint(two, apart())).toBe('nothing');
    expect(complaint({ ...two, logits: false }, apart())).toContain('"logits": true');
    expect(complaint(two, apart([[0.1, 0.2]]))).toBe('decoder: expected class scores of 3 queries, got those of 1');
    expect(misfit(two, apart(), { labels: ['cat'] })).toContain('to be [1, any, 1], it is [1, 3, 2]');
    expect(misfit({ ...two, output: 'logits' }, apart())).toContain('expected output or outputs, got both');
  });

  it('says what does not fit', () => {
    expect(misfit(decoder, output([[0, 0, 0, 0, 0]]))).toContain('to be [1, any, 6], it is [1, 1, 5]');
    expect(complaint(decoder, output([[16, 8, 8, 16, 0.1, 0.8]]))).toContain('expected scores of 0 to 1, got 16');
  });

  it('passes over columns without a label, before the first and after the last', () => {
    // RF-DETR's, pretrained on COCO: class 0 is nothing; trained on other data: the last is.
    const before = rows.map((row) => [...row.slice(0, 4), 0.95, ...row.slice(4)]);
    const after = rows.map((row) => [...row, 0.95]);
    expect(decode({ ...decoder, first_class: 1 }, output(before))).toEqual(decode(decoder, output(rows)));
    expect(decode({ ...decoder, extra: 1 }, output(after))).toEqual(decode(decoder, output(rows)));
    expect(misfit(decoder, output(after))).toContain('to be [1, any, 6], it is [1, 3, 7]');
    expect(misfit({ ...decoder, first_class: 1, extra: 1 }, output(after))).toContain('to be [1, any, 8]');
    const logits = after.map((row) => [...row.slice(0, 4), ...row.slice(4).map(logit)]);
    expect(decode({ ...decoder, extra: 1, logits: true }, output(logits))).toEqual(decode(decoder, output(rows)));
  });

  it('counts all classes of a box where the card says so', () => {
    expect(decode({ ...decoder, classes: 'all' }, output(rows))).toEqual(
      decode(decoder, output(rows), { multiLabel: true }),
    );
  });
});
