import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../sdk/base/assets.ts';
import { readPicture } from '../../sdk/picture/picture.ts';
import { pictures } from '../pipeline/fakes.ts';
import { temporaryFolder } from '../support/folders.ts';
import { hasOpenCv } from '../support/prepared.ts';
import { until } from '../support/until.ts';
import { built, isBuilt, run } from './run.ts';

describe('samples', () => {
  it.each(['detect-folder.ts', 'watch-camera.ts'])('%s is about ten lines', (sample) => {
    const lines = readFileSync(join(packageRoot, 'samples', sample), 'utf8')
      .trim()
      .split('\n');
    expect(lines.length).toBeLessThanOrEqual(12);
    expect(lines[0]).toContain(`node dist/samples/${sample.replace('.ts', '.js')}`);
  });
});

describe.skipIf(!(await hasOpenCv()) || !existsSync(join(built, 'opencv-program.js')))(
  'samples with OpenCV, run (need npm run opencv and dist)',
  () => {
    it('opencv-program adds five lines to an OpenCV program', async () => {
      const source = readFileSync(join(packageRoot, 'samples', 'opencv-program.ts'), 'utf8');
      expect(source.match(/ \/\/ \d$/gm)).toHaveLength(5);
      const photo = join(packageRoot, 'devices', 'scene', 'photos', 'cat.jpg');
      const out = join(temporaryFolder(), 'out.png');
      const { said, ended } = run('opencv-program.js', photo, out);
      expect(await ended, said()).toBe(0);
      expect(said()).toMatch(/^cat 0\.\d\d/);
      const [before, after] = await Promise.all([photo, out].map((path) => readPicture(path)));
      expect([after!.width, after!.height]).toEqual([before!.width, before!.height]);
      expect(Buffer.compare(before!.planes[0]!.data, after!.planes[0]!.data)).not.toBe(0);
    });

    it('opencv-proposes asks the network only where something moves', async () => {
      const { child, said, ended } = run('opencv-proposes.js', 'scene:');
      await until(() => /: (person|cat|cup|motorcycle) 0\.\d\d/.test(said()) || child.exitCode !== null);
      child.kill('SIGINT');
      expect(await ended, said()).toBe(0);
      expect(said()).toMatch(/^\d+ \d+x\d+ at \d+,\d+: (person|cat|cup|motorcycle) 0\.\d\d/m);
    });
  },
);

describe.skipIf(!isBuilt)('samples, run (needs dist)', () => {
  it('detect-folder names what is in each picture', async () => {
    const { said, ended } = run('detect-folder.js', join(packageRoot, 'devices', 'scene', 'photos'));
    expect(await ended, said()).toBe(0);
    const lines = said().trim().split('\n');
    for (const label of ['cat', 'motorcycle', 'person']) {
      expect(lines.find((line) => line.includes(`${label}.jpg`))).toMatch(new RegExp(`${label} 0\\.\\d\\d`));
    }
    expect(lines.length).toBe(5);
  });

  it('add-model lists the zoo, and shows a licence before anything is fetched', async () => {
    const list = run('add-model.js');
    expect(await list.ended, list.said()).toBe(0);
    expect(list.said()).toMatch(/^yolox-nano-416-fp32 Apache-2\.0 YOLOX-nano/m);
    const one = run('add-model.js', 'yolox-nano-416-fp32');
    expect(await one.ended, one.said()).toBe(0);
    expect(one.said()).toMatch(/^yolox-nano-416-fp32, Apache-2\.0: Copyright .*\n.* agree: adds it\n$/);
  });

  it('detect-folder says what is wrong with a folder that is not there', async () => {
    const { said, ended } = run('detect-folder.js', '/nowhere');
    expect(await ended).not.toBe(0);
    expect(said()).toContain('/nowhere');
  });

  it('watch-camera tells who comes, until it is interrupted', async () => {
    const { child, said, ended } = run('watch-camera.js', 'scene:');
    await until(() => said().includes('new person') || child.exitCode !== null);
    expect(said()).toContain('watching Built-in scene');
    child.kill('SIGINT');
    expect(await ended, said()).toBe(0);
    // What was there when it stopped has an end.
    expect(said()).toMatch(/new person 0\.\d\d (\S+)\nend person 0\.\d\d \1\n$/);
  });

  it('watch-camera plays pictures over and over', async () => {
    const folder = join(temporaryFolder(), 'pictures');
    await pictures(folder, [[64, 64]]);
    const { child, said, ended } = run('watch-camera.js', `file:${folder}`);
    await until(() => said().includes('watching') || child.exitCode !== null);
    child.kill('SIGINT');
    expect(await ended, said()).toBe(0);
  });
});
