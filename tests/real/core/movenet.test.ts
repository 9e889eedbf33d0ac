import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { loadModel } from '../../../sdk/core/model.ts';
import { readPicture } from '../../../sdk/picture/picture.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';

const isAsked = process.env.OCELLUS_TEST_LONG === '1' && hasProgram(process.env.PYTHON ?? 'python3.11');

/** Where somebody who looks at the picture sees them, pixels of its 512 x 512. */
const seen = {
  nose: [222, 124],
  left_eye: [246, 102],
  right_eye: [204, 101],
  left_shoulder: [305, 250],
  right_shoulder: [112, 238],
} as const;
const within = 20;

describe.skipIf(!isAsked)(
  'MoveNet as its recipe makes it (npm run test:long; fetches 145 MB of npm, TensorFlow of PyPI)',
  () => {
    it('finds the one person of a photograph, with her face and shoulders where they are', async () => {
      const out = join(temporaryFolder(), 'movenet');
      execFileSync(asset('tools', 'port', 'port.sh'), ['movenet', '--out', out], { stdio: ['ignore', 'pipe', 'pipe'] });
      const model = await loadModel(join(out, 'movenet-multipose-256.card.json'));
      const frame = await readPicture(asset('devices', 'scene', 'photos', 'person.jpg'));
      const found = await model.detect(frame);
      frame.release();
      await model.close();
      expect(found.length).toBe(1);
      expect(found.score[0]).toBeCloseTo(0.464, 2);
      const points = found.at(0).keypoints!;
      expect(points).toHaveLength(17);
      for (const [name, [x, y]] of Object.entries(seen)) {
        const point = points.find((one) => one.name === name)!;
        expect(Math.hypot(point.x - x, point.y - y), name).toBeLessThan(within);
      }
    }, 3_600_000);
  },
);
