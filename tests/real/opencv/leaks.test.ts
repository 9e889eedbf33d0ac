import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { rawCard } from '../../core/cards.ts';
import { onnxModel } from '../../core/onnx-builder.ts';
import { campaign } from '../../support/campaign.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';
import { hasOpenCv } from '../../support/prepared.ts';
import { yolox, yoloxCard } from '../core/validation.ts';

const script = asset('tests', 'real', 'opencv', 'leaks.mjs');
const isReady = existsSync(asset('dist', 'sdk', 'opencv', 'index.js')) && (await hasOpenCv());

const many = campaign(10_000, 3000);
/** MB. A frame is 0.1 to 0.2 MB: one in a hundred that stays would be more. */
const most = 0.0006 * many;

/** @returns By how many MB the process grew from a fifth of the frames to the last one. */
async function growth(path: string, frames = many, model = ''): Promise<number> {
  const args = ['--expose-gc', '--max-semi-space-size=2', script, path, String(frames), model];
  // One heap of malloc for all threads, as the program itself runs.
  const env = { ...process.env, MALLOC_ARENA_MAX: '1' };
  const running = promisify(execFile)(process.execPath, args, { env });
  onTestFinished(() => void running.child.kill('SIGKILL'));
  const { stdout } = await running;
  const { early, late } = JSON.parse(stdout.trim().split('\n').at(-1)!) as { early: number; late: number };
  console.log(`${path}: ${early} MB, after ${frames} ${late} MB`);
  return late - early;
}

describe.skipIf(!isReady)(`${many} frames leave memory flat (needs npm run opencv and dist)`, () => {
  it.each([
    'toMat, nothing copied',
    'toMat, converted',
    'toMat, forgotten',
    'fromMat',
    'asynchronous',
    'stages',
    'background MOG2',
    'background KNN',
    'preprocessing',
    'pipeline',
  ])('%s', { timeout: 1_200_000 }, async (path) => {
    expect(await growth(path)).toBeLessThan(most);
  });

  it.skipIf(!hasProgram('ffmpeg'))('capture (needs ffmpeg)', { timeout: 1_200_000 }, async () => {
    expect(await growth('capture')).toBeLessThan(most);
  });

  it('the dnn engine', { timeout: 1_200_000 }, async () => {
    const folder = temporaryFolder();
    const image = { name: 'images', shape: [1, 3, 32, 32] };
    // The mean of each channel, twice: a box in pixels and two scores of 0 to 1.
    const model = onnxModel({
      inputs: [image],
      outputs: [{ name: 'output0', shape: [1, 6, 1] }],
      constants: [
        { name: 'shape', type: 'int64', shape: [3], data: [1, 6, 1] },
        { name: 'sizes', shape: [1, 6, 1, 1], data: [0.1, 0.1, 0.1, 0.1, 1 / 255, 1 / 255] },
      ],
      operations: [
        { op: 'GlobalAveragePool', inputs: ['images'], outputs: ['means'] },
        { op: 'Concat', inputs: ['means', 'means'], outputs: ['twice'], ints: { axis: 1 } },
        { op: 'Mul', inputs: ['twice', 'sizes'], outputs: ['sized'] },
        { op: 'Reshape', inputs: ['sized', 'shape'], outputs: ['output0'] },
      ],
    });
    await writeFile(join(folder, 'tiny.onnx'), model);
    await writeFile(join(folder, 'tiny.card.json'), JSON.stringify(rawCard({ type: 'yolov8' })));
    expect(await growth('the dnn engine', many, join(folder, 'tiny.onnx'))).toBeLessThan(most);
  });

  it.skipIf(!yolox)('loading models and closing them (needs ../shared/data)', { timeout: 1_200_000 }, async () => {
    const folder = temporaryFolder();
    await symlink(yolox!, join(folder, 'yolox-nano.onnx'));
    const labels = Array.from({ length: 80 }, (_, i) => `label ${i}`);
    await writeFile(join(folder, 'yolox-nano.card.json'), JSON.stringify(yoloxCard(labels)));
    // A network that stays is 27 MB.
    expect(await growth('loading models', 25, join(folder, 'yolox-nano.onnx'))).toBeLessThan(60);
  });
});
