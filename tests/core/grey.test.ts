import { describe, expect, it } from 'vitest';
import { findModel, readForm } from '../../sdk/core/cards/model-file.ts';
import { loadClassifier } from '../../sdk/core/classifier.ts';
import { compileModel } from '../../sdk/core/compiler/compile-model.ts';
import { writeProgram } from '../../sdk/core/program/format.ts';
import { Frame } from '../../sdk/frame/frame.ts';
import { letterboxGeometry } from '../../sdk/frame/letterbox.ts';
import { kernels } from '../../sdk/kernels/kernels.ts';
import { photo } from '../cli/cli.ts';
import { modelFolder, rawClassifierCard } from './cards.ts';
import { NetworkBuilder } from './compiler/networks.ts';

const folder = modelFolder();
const isFast = kernels.programs?.isFast === true;

/** Green, and of red and blue some. */
function picture(): Frame {
  const data = Uint8Array.from({ length: 8 * 8 * 3 }, (_, i) => [40, 200, 90][i % 3]!);
  const planes = [{ data, stride: 24 }];
  return new Frame({ sequence: 0, captureTimeNs: 0, wallTimeMs: 0, format: 'RGB24', width: 8, height: 8, planes });
}
// 0.299 * 40 + 0.587 * 200 + 0.114 * 90
const luma = 140;

const input = { width: 8, height: 8, channels: 'GRAY', mean: [20, 20, 20], std: [100, 100, 100] };
const card = (change: Record<string, unknown> = {}) =>
  rawClassifierCard({ input, labels: ['a', 'b'], outputs: { logits: 'logits' }, dimension: 0, ...change });

/** Logits: the mean of the picture, and half of it. */
function model(layout: 'NCHW' | 'NHWC' = 'NCHW'): Uint8Array<ArrayBuffer> {
  const net = new NetworkBuilder();
  const x = layout === 'NCHW' ? 'images' : net.node('Transpose', ['images'], { ints: { perm: [0, 3, 1, 2] } });
  const two = net.node('Conv', [net.node('GlobalAveragePool', [x]), net.constant([2, 1, 1, 1], [1, 0.5])], {
    ints: { kernel_shape: [1, 1] },
  });
  net.operations.push({ op: 'Flatten', inputs: [two], outputs: ['logits'] });
  net.output('logits');
  return net.build(layout === 'NCHW' ? [1, 1, 8, 8] : [1, 8, 8, 1]);
}

/** The share of the first label, and how large it ought to be. */
async function share(path: string, engine: 'native' | 'onnxruntime'): Promise<number> {
  await using classifier = await loadClassifier(path, { engine });
  const found = await classifier.classify(picture());
  return found.find(({ label }) => label === 'a')!.score;
}
const wantedShare = 1 / (1 + Math.exp((-0.5 * (luma - 20)) / 100));

describe('a network that takes grey pictures', () => {
  it.each(['float32', 'uint8'] as const)('is given the luma, %s', (type) => {
    const plain = { mean: [0, 0, 0], std: [1, 1, 1] } as const;
    const target = { width: 16, height: 8, layout: 'NCHW', type, channels: 'GRAY', pad: 114 } as const;
    const given = type === 'uint8' ? plain : ({ mean: [20, 20, 20], std: [100, 100, 100] } as const);
    const preprocessor = kernels.preprocessor({ ...target, ...given });
    const out = type === 'uint8' ? new Uint8Array(128) : new Float32Array(128);
    preprocessor.run(picture(), letterboxGeometry(picture(), { ...target, resize: 'letterbox', align: 'center' }), out);
    const wanted = (value: number) => (type === 'uint8' ? value : (value - 20) / 100);
    expect(out[0]).toBeCloseTo(wanted(114), 5);
    expect(out[64 + 8]).toBeCloseTo(wanted(luma), 5);
    expect(() =>
      preprocessor.run(
        picture(),
        letterboxGeometry(picture(), { ...target, resize: 'stretch', align: 'center' }),
        new Uint8Array(3) as never,
      ),
    ).toThrow(/out: expected/);
  });

  it.each(['NCHW', 'NHWC'] as const)('is run by onnxruntime, and compiled, as one channel: %s', async (layout) => {
    const onnx = await folder.write(`${layout}.onnx`, model(layout));
    await folder.write(`${layout}.card.json`, card({ name: layout.toLowerCase(), input: { ...input, layout } }));
    expect(await share(onnx, 'onnxruntime')).toBeCloseTo(wantedShare, 3);
    const file = await readForm(await findModel(onnx), 'network');
    const { program } = await compileModel(file, { pictures: [photo('cat.jpg')] });
    expect(program.tensors[0]!.shape).toEqual([1, 8, 8, 1]);
    const ocp = await folder.write(`${layout}-8.ocp`, writeProgram(program));
    await folder.write(
      `${layout}-8.card.json`,
      card({ name: `${layout.toLowerCase()}-8`, input, file: `${layout}-8.ocp` }),
    );
    if (isFast) expect(await share(ocp, 'native')).toBeCloseTo(wantedShare, 1);
  });

  it('has one mean and one deviation', async () => {
    const onnx = await folder.write('means.onnx', model());
    await folder.write('means.card.json', card({ input: { ...input, mean: [1, 2, 3] } }));
    await expect(loadClassifier(onnx)).rejects.toThrow(/three equal numbers .* for the channels GRAY, got \[1, 2, 3\]/);
    const file = await readForm(await findModel(onnx), 'network');
    await expect(compileModel(file, { pictures: [photo('cat.jpg')] })).rejects.toThrow(/three equal numbers/);
  });
});
