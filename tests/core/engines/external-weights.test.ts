import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { spaceOf } from '../../../sdk/core/cards/space.ts';
import { loadClassifier, readClassifierCard } from '../../../sdk/core/classifier.ts';
import { loadModel } from '../../../sdk/core/model.ts';
import { Frame } from '../../../sdk/frame/frame.ts';
import { input, rawCard, rawClassifierCard } from '../cards.ts';
import { bytesOf, type Constant, onnxModel } from '../onnx-builder.ts';

let root = '';
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ocellus-weights-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

const numbers = [16, 16, 16, 8, 0.9, 0.1];
const frame = () => {
  const planes = [{ data: new Uint8Array(32 * 32).fill(90), stride: 32 }];
  return new Frame({ sequence: 0, captureTimeNs: 0, wallTimeMs: 0, format: 'GRAY8', width: 32, height: 32, planes });
};

/** Finds what its weights say, which lie behind some bytes of another file. */
function modelAt(location: string) {
  const external = { location, offset: 16, length: numbers.length * 4 };
  const constant: Constant = { name: 'numbers', shape: [1, 6, 1], data: [], external };
  return onnxModel({
    inputs: [input],
    outputs: [{ name: 'output0', shape: [1, 6, 1] }],
    constants: [constant],
    operations: [{ op: 'Identity', inputs: ['numbers'], outputs: ['output0'] }],
  });
}

const weights = (data = numbers) => new Uint8Array([...new Uint8Array(16), ...bytesOf('float32', data)]);

/** A folder of its own with a model, its card, and no weights. */
async function folderWith(location: string): Promise<string> {
  const folder = await mkdtemp(join(root, 'a-'));
  await writeFile(join(folder, 'm.card.json'), JSON.stringify(rawCard({ type: 'yolov8' })));
  await writeFile(join(folder, 'm.onnx'), modelAt(location));
  return folder;
}

async function found(path: string) {
  const model = await loadModel(path, { threads: 1 });
  try {
    return [...(await model.detect(frame()))].map(({ label, box }) => ({ label, box }));
  } finally {
    await model.close();
  }
}
const cat = [{ label: 'cat', box: [8, 12, 24, 20] }];

describe('weights in a file of their own', () => {
  it.each(['m.onnx.data', 'weights/m.data', './m.onnx.data'])('are found at %s beside the model', async (location) => {
    const folder = await folderWith(location);
    const file = join(folder, location);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, weights());
    expect(await found(join(folder, 'm.onnx'))).toEqual(cat);
    expect(await found(join(folder, 'm.card.json'))).toEqual(cat);
  });

  it('are found through links, as a cache lays them', async () => {
    const folder = await folderWith('m.onnx.data');
    const cache = await mkdtemp(join(root, 'blobs-'));
    await writeFile(join(cache, 'b'), weights());
    await rename(join(folder, 'm.onnx'), join(cache, 'a'));
    await symlink(join(cache, 'a'), join(folder, 'm.onnx'));
    await symlink(join(cache, 'b'), join(folder, 'm.onnx.data'));
    expect(await found(join(folder, 'm.onnx'))).toEqual(cat);
  });

  it('are asked for when they are missing, or too short', async () => {
    const folder = await folderWith('m.onnx.data');
    const path = join(folder, 'm.onnx');
    await expect(loadModel(path)).rejects.toThrow(InputError);
    await expect(loadModel(path)).rejects.toThrow(
      `the model ${path} has its weights in m.onnx.data, which cannot be read: ENOENT`,
    );
    await writeFile(join(folder, 'm.onnx.data'), weights().slice(0, 20));
    await expect(loadModel(path)).rejects.toThrow(
      `the weights m.onnx.data of the model ${path} are cut off: expected at least 40 bytes, got 20; fetch or export both`,
    );
  });

  it('are read from nowhere but the model’s folder', async () => {
    await writeFile(join(root, 'secret'), weights());
    for (const location of ['../secret', join(root, 'secret'), 'a/../../secret', '..\\secret', 'C:\\secret', '', '.']) {
      const folder = await folderWith(location);
      const loading = loadModel(join(folder, 'm.onnx'));
      await expect(loading, location).rejects.toThrow(InputError);
      await expect(loading, location).rejects.toThrow(/expected a file in its own folder or below|cannot be read/);
    }
    const folder = await folderWith('m.onnx.data');
    await symlink(join(root, 'secret'), join(folder, 'm.onnx.data'));
    await expect(loadModel(join(folder, 'm.onnx'))).rejects.toThrow('expected a file in its own folder or below');
  });

  it('make another space of a classifier', async () => {
    const folder = await mkdtemp(join(root, 'a-'));
    const path = join(folder, 'c.onnx');
    const external = { location: 'c.data', offset: 16, length: 12 };
    const model = onnxModel({
      inputs: [{ name: 'images', shape: ['batch', 3, 8, 8] }],
      outputs: [
        { name: 'embedding', shape: ['batch', 3] },
        { name: 'logits', shape: ['batch', 3] },
      ],
      constants: [{ name: 'bias', shape: [3], data: [], external }],
      operations: [
        { op: 'GlobalAveragePool', inputs: ['images'], outputs: ['means'] },
        { op: 'Flatten', inputs: ['means'], outputs: ['flat'] },
        { op: 'Add', inputs: ['flat', 'bias'], outputs: ['embedding'] },
        { op: 'Identity', inputs: ['embedding'], outputs: ['logits'] },
      ],
    });
    await writeFile(path, model);
    await writeFile(join(folder, 'c.card.json'), JSON.stringify(rawClassifierCard()));
    const spaces = new Set<string>();
    for (const bias of [
      [0, 0, 0],
      [1, 0, 0],
    ]) {
      await writeFile(join(folder, 'c.data'), weights(bias));
      const classifier = await loadClassifier(path, { threads: 1 });
      spaces.add(spaceOf(classifier.card));
      spaces.add(spaceOf(await readClassifierCard(path)));
      await classifier.close();
    }
    expect(spaces.size).toBe(2);
  });
});
