import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { kernels } from '../../sdk/kernels/kernels.ts';
import { onnxModel } from '../core/onnx-builder.ts';
import { ocellus, photo, start } from './cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'ocellus-engine-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A model that no engine can load, with the card of one that ships: each engine says so in its own words. */
function unloadable(like: string): string {
  const file = join(folder, `${like}.onnx`);
  const inputs = [{ name: 'in', shape: [1, 2, 2, 3] }];
  const outputs = [{ name: 'out', shape: [1, 2, 2, 3] }];
  writeFileSync(file, onnxModel({ inputs, outputs, operations: [{ op: 'Abacus', inputs: ['in'], outputs: ['out'] }] }));
  const { sha256: _, ...card } = JSON.parse(readFileSync(asset('sdk', 'models', `${like}.card.json`), 'utf8'));
  writeFileSync(join(folder, `${like}.card.json`), JSON.stringify({ ...card, program: undefined }));
  return file;
}

it.skipIf(!kernels.programs?.isFast)('a command whose model runs compiled does not load onnxruntime', async () => {
  for (const [engine, isLoaded] of [
    ['auto', false],
    ['onnxruntime', true],
  ] as const) {
    const child = start(['watch', 'scene:', '--engine', engine, '--json']);
    // The first event: the network has run.
    await once(child.stdout, 'data');
    const maps = readFileSync(`/proc/${child.pid}/maps`, 'utf8');
    child.kill('SIGTERM');
    await once(child, 'close');
    expect(/onnxruntime/.test(maps), engine).toBe(isLoaded);
  }
});

describe('--engine', () => {
  let detector: string;
  let classifier: string;
  beforeAll(() => {
    detector = unloadable('nanodet-g-416-int8');
    classifier = unloadable('efficientnet-lite0-int8');
    copyFileSync(photo('cat.jpg'), join(folder, 'cat.jpg'));
    writeFileSync(join(folder, 'cat.txt'), '');
  });

  it.each([
    ['detect', () => ['--model', detector, photo('cat.jpg')]],
    ['classify', () => ['--model', classifier, photo('cat.jpg')]],
    ['watch', () => ['--model', detector, 'scene:']],
    ['eval', () => ['--model', detector, folder]],
    ['teach', () => ['--model', classifier, '--store', join(folder, 'store'), '--label', 'cat', photo('cat.jpg')]],
  ])('is what %s runs the network with', async (command, args) => {
    // One after the other: a store is for one process at a time.
    const opencv = await ocellus([command, '--engine', 'opencv', ...args()]);
    const onnxruntime = await ocellus([command, '--engine', 'onnxruntime', ...args()]);
    // Also where it is not built, or for another version of Node.
    expect(opencv.err).toMatch(
      /^error (.*OpenCV( \(@u4\/opencv4nodejs\) are not installed|'s dnn module cannot load)|@u4\/opencv4nodejs cannot be loaded)/m,
    );
    expect(onnxruntime.err).toMatch(/^error (?!.*OpenCV)/m);
    expect([opencv.code, onnxruntime.code]).toEqual([2, 2]);
  });
});
