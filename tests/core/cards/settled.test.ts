import { describe, expect, it } from 'vitest';
import { readModel } from '../../../sdk/core/cards/model-file.ts';
import { readNetwork } from '../../../sdk/core/cards/network.ts';
import { settled } from '../../../sdk/core/cards/settled.ts';
import { inspectModel } from '../../../sdk/core/inspect-model.ts';
import { loadModel } from '../../../sdk/core/model.ts';
import { Frame } from '../../../sdk/frame/frame.ts';
import { modelFolder } from '../cards.ts';
import * as networks from '../foreign-networks.ts';
import { onnxModel } from '../onnx-builder.ts';

const folder = modelFolder();
const names = '{"0": "cat", "1": "dog"}';
const libreYolo = { libreyolo_version: '1.6.0', task: 'detect', names };
const sparse = (length: number, at: Readonly<Record<number, number>>, rest = 0.01) =>
  Array.from({ length }, (_, i) => at[i] ?? rest);
const columns = (declared: networks.Declared) =>
  networks.yolov8(sparse(84, { 4: 16, 25: 12, 46: 8, 67: 6 }, 1), sparse(42, { 25: 0.8 }), declared);
const openBatch = { input: ['batch', 3, 32, 32], output: ['batch', 'dim_1', 'dim_2'] };
const openSize = { input: ['batch', 3, 'height', 'width'], output: ['batch', 'dim_1', 'anchors'] };

describe('a network of which the file leaves sides open', () => {
  it('is recognised by what it gives where only the batch of its input is open', async () => {
    const path = await folder.write('batch.onnx', networks.withMetadata(columns(openBatch), libreYolo));
    await using model = await loadModel(path, { engine: 'onnxruntime', threads: 1 });
    expect(model.card).toMatchObject({ decoder: { type: 'yolov8' }, labels: ['cat', 'dog'] });
    const planes = [{ data: new Uint8Array(32 * 32).fill(90), stride: 32 }];
    const about = { sequence: 0, captureTimeNs: 0, wallTimeMs: 0 };
    const frame = new Frame({ ...about, format: 'GRAY8', width: 32, height: 32, planes });
    const found = await model.detect(frame, { scoreThreshold: 0.5 });
    expect([...found].map(({ label, box }) => [label, [...box].map(Math.round)])).toEqual([['dog', [12, 9, 20, 15]]]);
  });

  it('has the same card as the one whose sides the file tells', async () => {
    const told = { input: openBatch.input, output: ['batch', 21, 'dim_2'] };
    const [open, fixed] = [told, undefined].map((declared) =>
      networks.withMetadata(
        networks.yolox(sparse(84, {}), sparse(21, { 9: 0.9 }), sparse(42, {}), true, declared),
        libreYolo,
      ),
    );
    const cards = [open!, fixed!].map(async (bytes, i) => {
      const { description } = await readModel(await folder.write(`same${i}.onnx`, bytes));
      return { ...description, name: '' };
    });
    expect(await cards[0]).toEqual(await cards[1]);
    expect(await cards[0]).toMatchObject({ decoder: { type: 'yolox', decoded: true } });
  });

  it('takes the size of its metadata, else the one that is given', async () => {
    const inside = { ...libreYolo, imgsz: '64', imgsz_h: '32', imgsz_w: '32' };
    const path = await folder.write('inside.onnx', networks.withMetadata(columns(openSize), inside));
    expect((await readModel(path)).description).toMatchObject({
      input: { width: 32, height: 32 },
      decoder: { type: 'yolov8' },
    });
    const bare = await folder.write('given.onnx', networks.withMetadata(columns(openSize), libreYolo));
    await expect(readModel(bare)).rejects.toThrow('the size of the picture');
    const { problems, card } = await inspectModel(bare, { size: { width: 32, height: 32 } });
    expect(problems).toEqual([]);
    expect(card).toMatchObject({ input: { width: 32, height: 32 }, decoder: { type: 'yolov8' } });
    // Its 21 columns are the cells of no other size.
    const { problems: wrong } = await inspectModel(bare, { size: { width: 64, height: 32 } });
    expect(wrong.join()).toContain('how its outputs are read');
  });

  it('leaves open how much the network finds', async () => {
    const bytes = onnxModel({
      inputs: [{ name: 'images', shape: [1, 3, 32, 32] }],
      outputs: [
        { name: 'found', type: 'int64', shape: ['four', 'N'] },
        { name: 'same', shape: [1, 'three', 'a', 'b'] },
      ],
      operations: [
        { op: 'NonZero', inputs: ['images'], outputs: ['indices'] },
        { op: 'Identity', inputs: ['indices'], outputs: ['found'] },
        { op: 'Relu', inputs: ['images'], outputs: ['same'] },
      ],
    });
    const { outputs } = await settled(readNetwork(bytes, 'net'), bytes, [], undefined);
    expect(outputs.map(({ shape }) => shape)).toEqual([
      ['four', 'N'],
      [1, 3, 32, 32],
    ]);
  });

  it('stays as it is where it cannot run', async () => {
    const bytes = onnxModel({
      inputs: [{ name: 'images', shape: [1, 3, 32, 32] }],
      outputs: [{ name: 'output', shape: [1, 'N', 6] }],
      operations: [{ op: 'Nonsense', inputs: ['images'], outputs: ['output'] }],
    });
    const network = readNetwork(bytes, 'net');
    expect((await settled(network, bytes, [], undefined)).outputs).toEqual(network.outputs);
  });
});
