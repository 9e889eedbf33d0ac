import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BoxesKernels, DistributionHead } from '../../../sdk/kernels/boxes/boxes.ts';
import { Candidates } from '../../../sdk/kernels/boxes/candidates.ts';
import { nativeBoxes } from '../../../sdk/kernels/boxes/native.ts';
import { boxesKernels as twin } from '../../../sdk/kernels/boxes/typescript.ts';
import { needsAddon, sameBits, variants } from '../variants.ts';

const natives = variants.map(({ name, functions }) => ({ name, kernels: nativeBoxes(functions) }));
const everyone = [{ name: 'twin', kernels: twin }, ...natives];

/** A head of two levels: 2 x 1 cells of 8 pixels, then one of 16; 3 classes, 4 bins. */
const small = new DistributionHead(
  [
    { stride: 8, columns: 2, rows: 1 },
    { stride: 16, columns: 1, rows: 1 },
  ],
  3,
  4,
);

/** Logits that put all the weight on one bin for each side. */
function peaks(cells: readonly (readonly number[])[], bins: number): Float32Array {
  return Float32Array.from(
    cells.flatMap((cell) => cell.flatMap((peak) => Array.from({ length: bins }, (_, i) => (i === peak ? 50 : 0)))),
  );
}

function rows({ boxes, scores, classIds, length }: Candidates) {
  return Array.from({ length }, (_, i) => ({
    box: [...boxes.subarray(4 * i, 4 * i + 4)],
    score: scores[i],
    classId: classIds[i],
  }));
}

describe.each(everyone)('boxes: $name', ({ kernels }) => {
  const scores = Float32Array.of(0.1, 0.5, 0.5, 0, 0, 0.25, 0.75, 0.5, 0);
  const logits = peaks(
    [
      [1, 0, 2, 3],
      [0, 0, 1, 1],
      [3, 3, 3, 3],
    ],
    4,
  );

  it('gives the best class of each cell that passes, the first of equals, and its box in input pixels', () => {
    const candidates = new Candidates();
    kernels.distributions(small, scores, logits, 0.4, false, candidates);
    expect(rows(candidates)).toEqual([
      { box: [-4, 4, 20, 28], score: 0.5, classId: 1 },
      { box: [-40, -40, 56, 56], score: 0.75, classId: 0 },
    ]);
  });

  it('gives each class that passes with multiLabel, and appends', () => {
    const candidates = new Candidates();
    candidates.push(1, 2, 3, 4, 1, 2);
    kernels.distributions(small, scores, logits, 0.5, true, candidates);
    expect(rows(candidates).map(({ score, classId }) => [score, classId])).toEqual([
      [1, 2],
      [0.5, 1],
      [0.5, 2],
      [0.75, 0],
      [0.5, 1],
    ]);
  });

  it('reads 8 bits', () => {
    const candidates = new Candidates();
    const few = { data: Uint8Array.from(scores, (value) => 4 + value * 100), scale: 0.01, zeroPoint: 4 };
    const many = { data: Uint8Array.from(logits, (value) => 128 + value), scale: 1, zeroPoint: 128 };
    kernels.quantised(small, few, many, 0.4, false, candidates);
    expect(rows(candidates).map(({ box, classId }) => [box, classId])).toEqual([
      [[-4, 4, 20, 28], 1],
      [[-40, -40, 56, 56], 0],
    ]);
    expect(candidates.scores[1]).toBeCloseTo(0.75, 6);
    // A threshold that no stored value reaches.
    kernels.quantised(small, few, many, 2.6, false, candidates);
    expect(candidates.length).toBe(2);
  });

  it('gives a box without numbers where the network gave none, and no box for a score that is none', () => {
    const candidates = new Candidates();
    const broken = logits.slice();
    broken[0] = Number.NaN;
    broken[4 * 4 * 2] = Infinity;
    kernels.distributions(small, scores, broken, 0.4, false, candidates);
    expect([...candidates.boxes.subarray(0, 8)].map(Number.isNaN)).toEqual([
      true,
      ...Array(3).fill(false),
      true,
      ...Array(3).fill(false),
    ]);
    candidates.clear();
    kernels.distributions(
      small,
      scores.map(() => Number.NaN),
      logits,
      0,
      false,
      candidates,
    );
    expect(candidates.length).toBe(0);
  });

  it('makes room for more than there is', () => {
    const head = new DistributionHead([{ stride: 8, columns: 100, rows: 10 }], 2, 2);
    const candidates = new Candidates();
    candidates.push(1, 2, 3, 4, 0.5, 7);
    kernels.distributions(head, new Float32Array(2000).fill(0.5), new Float32Array(8000), 0.5, true, candidates);
    expect(candidates.length).toBe(2001);
    expect(rows(candidates)[0]).toEqual({ box: [1, 2, 3, 4], score: 0.5, classId: 7 });
    expect(rows(candidates).at(-1)).toEqual({ box: [792, 72, 800, 80], score: 0.5, classId: 1 });
  });

  it('refuses arrays that do not fit the head', () => {
    const candidates = new Candidates();
    expect(() => kernels.distributions(small, new Float32Array(8), logits, 0, false, candidates)).toThrow(
      new RangeError('scores: expected 3 cells of 3 classes, got 8 values'),
    );
    expect(() => kernels.distributions(small, scores, new Float32Array(47), 0, false, candidates)).toThrow(
      new RangeError('logits: expected 3 cells of 4 x 4 bins, got 47 values'),
    );
  });
});

const heads = fc
  .record({
    levels: fc.array(
      fc.record({
        stride: fc.constantFrom(8, 16, 32),
        columns: fc.integer({ min: 1, max: 9 }),
        rows: fc.integer({ min: 1, max: 5 }),
      }),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
    classes: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constant(80)),
    bins: fc.integer({ min: 1, max: 17 }),
  })
  .map(({ levels, classes, bins }) => new DistributionHead(levels, classes, bins));

const outputs = heads.chain((head) =>
  fc.record({
    head: fc.constant(head),
    // Few values, so that there are ties; some that are no number.
    scores: fc.array(
      fc.oneof(
        { weight: 30, arbitrary: fc.integer({ min: 0, max: 16 }).map((n) => n / 16) },
        fc.constantFrom(Number.NaN, Infinity),
      ),
      {
        minLength: 16,
        maxLength: 97,
      },
    ),
    logits: fc.array(
      fc.oneof(
        { weight: 30, arbitrary: fc.double({ min: -20, max: 20, noNaN: true }) },
        fc.constantFrom(Number.NaN, Infinity, -Infinity, -1e30),
      ),
      { minLength: 16, maxLength: 97 },
    ),
    threshold: fc.constantFrom(0, 0.1, 0.5, 0.9375, 0.95, 1),
    multiLabel: fc.boolean(),
    scale: fc.double({ min: 1e-3, max: 0.3, noNaN: true }),
    zeroPoint: fc.nat(255),
  }),
);

/** So many values, repeating those that were given. */
const spread = (values: readonly number[], length: number) =>
  Float32Array.from({ length }, (_, i) => values[(i * 31) % values.length]!);

function expectSame(got: Candidates, expected: Candidates): void {
  const { length } = expected;
  expect(got.length).toBe(length);
  expect(sameBits(got.boxes.subarray(0, 4 * length), expected.boxes.subarray(0, 4 * length))).toBe(true);
  expect(sameBits(got.scores.subarray(0, length), expected.scores.subarray(0, length))).toBe(true);
  expect(got.classIds.subarray(0, length)).toEqual(expected.classIds.subarray(0, length));
}

const boxesToSuppress = fc
  .array(
    fc.record({
      x: fc.oneof(
        { weight: 20, arbitrary: fc.integer({ min: 0, max: 40 }) },
        fc.constantFrom(Number.NaN, Infinity, -Infinity),
      ),
      y: fc.integer({ min: 0, max: 40 }),
      w: fc.integer({ min: 0, max: 30 }),
      h: fc.integer({ min: 0, max: 30 }),
      score: fc.oneof(
        { weight: 20, arbitrary: fc.integer({ min: 0, max: 8 }).map((n) => n / 8) },
        fc.constantFrom(Number.NaN, -1, -0, 2),
      ),
      classId: fc.constantFrom(0, 1, 79, -1, 2 ** 31 - 1, -(2 ** 31)),
    }),
    { maxLength: 60 },
  )
  .map((all) => ({
    boxes: Float32Array.from(all.flatMap(({ x, y, w, h }) => [x, y, x + w, y + h])),
    scores: Float32Array.from(all, ({ score }) => score),
    classIds: Int32Array.from(all, ({ classId }) => classId),
    length: all.length,
  }));

describe.skipIf(natives.length === 0)(`boxes: native${needsAddon}`, () => {
  it.each(natives)('$name gives the candidates of the twin, bit for bit', ({ kernels }) => {
    fc.assert(
      fc.property(outputs, ({ head, scores, logits, threshold, multiLabel }) => {
        const [expected, got] = [new Candidates(), new Candidates()];
        const all = [spread(scores, head.cells * head.classes), spread(logits, head.cells * 4 * head.bins)] as const;
        twin.distributions(head, ...all, threshold, multiLabel, expected);
        kernels.distributions(head, ...all, threshold, multiLabel, got);
        expectSame(got, expected);
      }),
      { numRuns: 300 },
    );
  });

  it.each(natives)('$name gives them from 8 bits', ({ kernels }) => {
    fc.assert(
      fc.property(outputs, ({ head, scores, logits, threshold, multiLabel, scale, zeroPoint }) => {
        const bytes = (values: readonly number[], length: number) =>
          Uint8Array.from(spread(values, length), (value) => (Number.isFinite(value) ? value * 250 : 77));
        const few = { data: bytes(scores, head.cells * head.classes), scale: scale / 80, zeroPoint };
        const many = { data: bytes(logits, head.cells * 4 * head.bins), scale, zeroPoint: 255 - zeroPoint };
        const [expected, got] = [new Candidates(), new Candidates()];
        twin.quantised(head, few, many, threshold, multiLabel, expected);
        kernels.quantised(head, few, many, threshold, multiLabel, got);
        expectSame(got, expected);
      }),
      { numRuns: 300 },
    );
  });

  it.each(natives)('$name suppresses as the twin does', ({ kernels }) => {
    const { classwiseNms }: BoxesKernels = kernels;
    const thresholds = fc.constantFrom(0, 0.3, 0.5, 1);
    fc.assert(
      fc.property(boxesToSuppress, thresholds, fc.option(fc.nat(20), { nil: undefined }), (all, threshold, most) => {
        const { boxes, scores, classIds, length } = all;
        const expected = twin.classwiseNms(boxes, scores, classIds, length, threshold, most);
        expect(classwiseNms(boxes, scores, classIds, length, threshold, most)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });
});
