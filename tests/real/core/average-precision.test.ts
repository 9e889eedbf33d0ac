import { beforeAll, describe, expect, it } from 'vitest';
import { loadModel } from '../../../sdk/index.ts';
import { averagePrecision, type EvaluatedPicture } from '../../../sdk/vision/average-precision.ts';
import { Detections } from '../../../sdk/vision/detections.ts';
import { randomNumbers } from '../../kernels/sources.ts';
import { hasPython, preparePython, runPython } from '../python.ts';
import { evaluateWith, validation } from './validation.ts';

const sizes = ['apSmall', 'apMedium', 'apLarge'] as const;

interface Theirs extends Record<(typeof sizes)[number], number> {
  ap: number;
  ap50: number;
  ap75: number;
  perClass: Record<string, number>;
}

function pycocotools(sets: readonly (readonly EvaluatedPicture[])[]): Theirs[] {
  const plain = sets.map((pictures) =>
    pictures.map(({ truth, detections }) => ({
      truth,
      detections: [...detections].map(({ box, score, classId }) => ({ box, score, classId })),
    })),
  );
  return runPython<Theirs[]>('core/average_precision.py', plain);
}

function expectSame(pictures: readonly EvaluatedPicture[], theirs: Theirs): void {
  const ours = averagePrecision(pictures);
  for (const key of ['ap', 'ap50', 'ap75'] as const) expect(Math.abs(ours[key] - theirs[key])).toBeLessThan(1e-6);
  // It says -1 where there are no objects.
  for (const key of sizes) expect(Math.abs((ours[key] || 0) - Math.max(0, theirs[key]))).toBeLessThan(1e-6);
  expect([...ours.perClass.keys()].map(String)).toEqual(Object.keys(theirs.perClass));
  for (const [classId, ap] of ours.perClass) expect(Math.abs(ap - theirs.perClass[classId]!)).toBeLessThan(1e-6);
}

const labels = ['a', 'b', 'c', 'd'];

/** Pictures with objects, and detections that hit them more or less, twice, or not at all. */
function randomPictures(seed: number): EvaluatedPicture[] {
  const next = randomNumbers(seed);
  const share = () => next() / 2 ** 32;
  const below = (count: number) => next() % count;
  return Array.from({ length: 1 + below(12) }, () => {
    const truth = Array.from({ length: below(7) }, () => {
      const [x, y] = [share() * 500, share() * 500];
      return { classId: below(3), box: [x, y, x + 5 + share() * 200, y + 5 + share() * 200] as const };
    });
    const near = truth.flatMap(({ classId, box }) =>
      Array.from({ length: below(4) }, () => {
        const jitter = () => (share() - 0.5) * 0.4;
        const [w, h] = [box[2] - box[0], box[3] - box[1]];
        const [x1, y1] = [box[0] + jitter() * w, box[1] + jitter() * h];
        const corners = [x1, y1, x1 + w * (1 + jitter()), y1 + h * (1 + jitter())];
        // Few values, so that equal scores come up; sometimes another class.
        return { box: corners, score: below(20) / 20, classId: below(8) === 0 ? below(4) : classId };
      }),
    );
    // More than the limit of 100 of one class, now and then.
    const far = Array.from({ length: below(5) === 0 ? 130 : below(10) }, () => {
      const [x, y] = [share() * 600, share() * 600];
      return { box: [x, y, x + 20, y + 20], score: below(20) / 20, classId: below(4) };
    });
    return { truth, detections: Detections.from([...near, ...far], labels) };
  });
}

describe.skipIf(!hasPython)('average precision beside pycocotools (needs python3-venv)', () => {
  beforeAll(preparePython, 3_600_000);

  it('is the same to a millionth for random detections', () => {
    const sets = Array.from({ length: 60 }, (_, seed) => randomPictures(seed + 1)).filter(
      (pictures) =>
        pictures.some(({ truth }) => truth.length > 0) && pictures.some(({ detections }) => detections.length > 0),
    );
    expect(sets.length).toBeGreaterThan(40);
    const theirs = pycocotools(sets);
    sets.forEach((pictures, i) => void expectSame(pictures, theirs[i]!));
  });

  it.skipIf(!validation)('is the same for real ones (needs ../shared/data)', async () => {
    const model = await loadModel();
    const pictures = await evaluateWith(model);
    await model.close();
    const [theirs] = pycocotools([pictures]);
    expectSame(pictures, theirs!);
    expect(theirs!.ap).toBeGreaterThan(0.2);
  });
});
