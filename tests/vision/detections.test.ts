import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Detections } from '../../sdk/vision/detections.ts';
import { labels, seen, someBox } from './fakes.ts';

const some = fc
  .array(fc.record({ box: someBox, score: fc.float({ min: 0, max: 1, noNaN: true }), classId: fc.nat(2) }), {
    maxLength: 20,
  })
  .map((rows) => Detections.from(rows, labels));

const ok = {
  xyxy: Float32Array.of(0, 0, 1, 1, 2, 2, 3, 3),
  score: Float32Array.of(0.5, 0.25),
  classId: Int32Array.of(0, 2),
  labels,
};

describe('Detections', () => {
  it('can be read row by row', () => {
    const all = new Detections(ok);
    expect(all.length).toBe(2);
    expect(all.at(1)).toEqual({ box: [2, 2, 3, 3], score: 0.25, classId: 2, label: 'dog', trackId: -1 });
    expect([...all].map(({ label }) => label)).toEqual(['person', 'dog']);
  });

  it('is rows in JSON, rounded to what it means', () => {
    const boxes = [
      { box: [1.04, 2.06, 300.5, 400], score: 0.93121, classId: 1, trackId: 7 },
      { box: [0, 0, 1, 1], score: 1, classId: 0 },
    ];
    expect(JSON.stringify({ found: Detections.from(boxes, labels) })).toBe(
      '{"found":[{"label":"car","score":0.9312,"box":[1,2.1,300.5,400],"track_id":7},{"label":"person","score":1,"box":[0,0,1,1]}]}',
    );
    expect(JSON.stringify(Detections.empty(labels))).toBe('[]');
  });

  it.each([
    ['xyxy', { ...ok, xyxy: new Float32Array(7) }, 'xyxy of 2 detections: expected 8 values, got 7'],
    ['classId', { ...ok, classId: new Int32Array(3) }, 'classId of 2 detections: expected 2 values, got 3'],
    ['trackId', { ...ok, trackId: new Int32Array(1) }, 'trackId of 2 detections: expected 2 values, got 1'],
    ['embedding', { ...ok, embedding: new Float32Array(5) }, 'embedding: expected a multiple of 2 values, got 5'],
    ['a box', { ...ok, xyxy: Float32Array.of(5, 0, 1, 1, 2, 2, 3, 3) }, 'box 0: expected finite x1 <= x2'],
    ['NaN', { ...ok, xyxy: Float32Array.of(0, 0, 1, Number.NaN, 2, 2, 3, 3) }, 'box 0: expected finite'],
    ['infinity', { ...ok, xyxy: Float32Array.of(0, 0, 1, Infinity, 2, 2, 3, 3) }, 'box 0: expected finite'],
    ['a score', { ...ok, score: Float32Array.of(0.5, 1.5) }, 'score 1: expected 0..1, got 1.5'],
    ['a NaN score', { ...ok, score: Float32Array.of(Number.NaN, 0.5) }, 'score 0: expected 0..1, got NaN'],
    ['a class', { ...ok, classId: Int32Array.of(0, 3) }, 'class id 1: expected 0..2, got 3'],
    ['a negative class', { ...ok, classId: Int32Array.of(-1, 0) }, 'class id 0: expected 0..2, got -1'],
  ])('refuses a wrong %s', (_, init, message) => {
    expect(() => new Detections(init)).toThrow(message);
  });

  it('refuses an embedding of nothing, and a row that is not there', () => {
    const none = { xyxy: new Float32Array(0), score: new Float32Array(0), classId: new Int32Array(0), labels };
    expect(() => new Detections({ ...none, embedding: new Float32Array(3) })).toThrow('embedding: expected a multiple');
    expect(() => Detections.empty(labels).at(0)).toThrow('detection: expected an index below 0, got 0');
  });

  it('filter and select give new values, rows and embeddings in step', () => {
    const all = new Detections({ ...ok, embedding: Float32Array.of(1, 2, 3, 4, 5, 6), trackId: Int32Array.of(7, 8) });
    const dogs = all.filter(({ label }) => label === 'dog');
    expect([...dogs]).toEqual([{ box: [2, 2, 3, 3], score: 0.25, classId: 2, label: 'dog', trackId: 8 }]);
    expect([...dogs.embedding!]).toEqual([4, 5, 6]);
    expect(all.length).toBe(2);
    expect([...all.select([1, 0]).embedding!]).toEqual([4, 5, 6, 1, 2, 3]);
    expect([...all.withTrackIds(Int32Array.of(1, 2)).trackId]).toEqual([1, 2]);
  });

  it('filter keeps what passes, in order', () => {
    fc.assert(
      fc.property(some, (all) => {
        const high = all.filter(({ score }) => score >= 0.5);
        expect([...high]).toEqual([...all].filter(({ score }) => score >= 0.5));
        expect(all.filter(() => true)).toBe(all);
      }),
    );
  });

  it('merge is one after the other, and undone by select', () => {
    fc.assert(
      fc.property(some, some, (a, b) => {
        const both = Detections.merge([a, b]);
        expect([...both]).toEqual([...a, ...b]);
        expect([...both.select([...a].map((_, i) => i))]).toEqual([...a]);
      }),
    );
  });

  it('merge keeps embeddings only where all have them', () => {
    const withEmbedding = new Detections({ ...ok, embedding: Float32Array.of(1, 2) });
    const empty = Detections.empty(labels);
    expect([...Detections.merge([withEmbedding, empty, withEmbedding]).embedding!]).toEqual([1, 2, 1, 2]);
    expect(Detections.merge([withEmbedding, seen([[0, 0, 1, 1]])]).embedding).toBeUndefined();
  });

  it('merge refuses nothing, and other labels', () => {
    expect(() => Detections.merge([])).toThrow('expected at least one');
    expect(() => Detections.merge([seen(), Detections.empty(['cup'])])).toThrow('expected the same labels');
    expect(Detections.merge([seen(), Detections.empty([...labels])]).length).toBe(0);
  });
});
