import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '../../sdk/core/model.ts';
import { readPicture } from '../../sdk/picture/picture.ts';
import { sharedData } from '../support/needs.ts';

/**
 * Faces on COCO's pictures as MediaPipe 0.10.14 finds them (mp.solutions.face_detection, model 0) in the 128 x 128 pixels at x, y:
 * its score, box and keypoints, in pixels of the picture. What is left of differences is JPEG's colours, which it enlarges in another way:
 * on the same pixels all differ by less than 1e-6 of the face.
 */
// biome-ignore format: tables
const faces = [
  {
    file: ['calibration', '000000000036.jpg'],
    region: [209, 190],
    score: 0.91459,
    box: [225.1, 214.49, 302.83, 292.22],
    points: [[236.2, 238.24], [264.25, 223.96], [247.23, 243.94], [258.52, 264.8], [237.66, 255.81], [299.56, 229.92]],
  },
  {
    file: ['calibration', '000000000165.jpg'],
    region: [97, 44],
    score: 0.93464,
    box: [126.04, 70.96, 205.45, 150.37],
    points: [[150.04, 85.26], [186.15, 87.56], [168.42, 98.9], [166.68, 120.97], [128.23, 99.05], [202.19, 103.08]],
  },
  {
    file: ['validation', '000000004134.jpg'],
    region: [347, 66],
    score: 0.85847,
    box: [369.64, 88.03, 454.15, 172.54],
    points: [[380.99, 112.73], [404.23, 110.6], [373.39, 128.15], [382.89, 146.62], [394.82, 121.04], [449.67, 120.25]],
  },
] as const;

const pictures = faces.map(({ file }) => sharedData('coco', ...file));
const needsPictures = pictures.every(Boolean) ? '' : ' (skipped: no ../shared/data/coco)';

describe.skipIf(needsPictures !== '')(`blazeface-128 on pictures${needsPictures}`, () => {
  let model: Model;
  beforeAll(async () => {
    model = await loadModel('blazeface-128');
  });
  afterAll(() => model.close());

  it.each(faces.map((face, i) => [face.file.join('/'), face, pictures[i]!] as const))(
    'finds the face of %s where MediaPipe does',
    async (_, { region: [x, y], score, box, points }, picture) => {
      const frame = await readPicture(picture);
      const [face, ...others] = [...(await model.detect(frame, { region: { x, y, width: 128, height: 128 } }))];
      expect(others).toEqual([]);
      expect(Math.abs(face!.score - score)).toBeLessThan(0.02);
      for (const [i, side] of face!.box.entries()) expect(Math.abs(side - box[i]!)).toBeLessThan(1);
      expect(face!.keypoints!.map(({ name }) => name)).toEqual(model.card.keypoints!.names);
      for (const [i, [px, py]] of points.entries()) {
        const point = face!.keypoints![i]!;
        expect(Math.hypot(point.x - px, point.y - py)).toBeLessThan(1.5);
      }
      frame.release();
    },
  );

  it('finds it in the whole picture too, in the same place', async () => {
    const { box } = faces[1];
    const [face] = [...(await model.detect(await readPicture(pictures[1]!)))];
    const width = box[2] - box[0];
    for (const [i, side] of face!.box.entries()) expect(Math.abs(side - box[i]!)).toBeLessThan(0.3 * width);
  });
});
