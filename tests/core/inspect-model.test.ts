import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { inspectModel } from '../../sdk/core/inspect-model.ts';
import { hasOpenCv } from '../../sdk/opencv-bindings/load.ts';
import { sharedData } from '../support/needs.ts';
import { input, modelFolder, rawCard } from './cards.ts';
import { detrWithSizes, nanoDet, yolov5 } from './foreign-networks.ts';
import { constantModel, onnxModel } from './onnx-builder.ts';

/** A detector as a user would bring it. */
const yolox = sharedData('models', 'yolox_nano.onnx');
const folder = modelFolder();
const labels = { path: 'names.txt', labels: ['cat', 'dog'] };
const numbers = [{ name: 'output0', shape: [1, 6, 1], data: [16, 16, 8, 8, 0.9, 0.1] }];

/** A convolution of 3 to 4 channels, 3x3, in steps of 2, then a product with a matrix of 4 to 2. */
const convolution = (weights: object = {}) =>
  onnxModel({
    inputs: [{ name: 'images', shape: ['N', 3, 32, 32] }],
    outputs: [{ name: 'out', shape: ['N', 2] }],
    constants: [
      { name: 'kernel', shape: [4, 3, 3, 3], data: new Array(108).fill(0.1), ...weights },
      { name: 'matrix', shape: [4, 2], data: new Array(8).fill(1) },
    ],
    operations: [
      {
        op: 'Conv',
        inputs: ['images', 'kernel'],
        outputs: ['a'],
        ints: { strides: [2, 2], pads: [1, 1, 1, 1], kernel_shape: [3, 3] },
      },
      { op: 'GlobalAveragePool', inputs: ['a'], outputs: ['b'] },
      { op: 'Flatten', inputs: ['b'], outputs: ['c'] },
      { op: 'MatMul', inputs: ['c', 'matrix'], outputs: ['out'] },
    ],
  });

describe('inspectModel', () => {
  it('counts weights and multiply-adds, and sees an open batch', async () => {
    const { contents, engines } = await inspectModel(await folder.write('conv.onnx', convolution()));
    expect(contents).toMatchObject({
      batch: 'open',
      parameters: 116,
      weightBytes: 464,
      weightFiles: [],
      isHalf: false,
      quantisation: undefined,
      multiplyAdds: 16 * 16 * 4 * 27 + 4 * 2,
    });
    expect(contents!.opsets!.get('ai.onnx')).toBe(13);
    expect(engines.find(({ name }) => name === 'native')!.note).toContain('every operator of it is known');
  });

  it('names the operators that the compiler lacks', async () => {
    const bytes = onnxModel({
      inputs: [input],
      outputs: [{ name: 'out', shape: [1, 3, 32, 32] }],
      operations: [
        { op: 'Asinh', inputs: ['images'], outputs: ['a'] },
        { op: 'Atan', inputs: ['a'], outputs: ['out'] },
      ],
    });
    const { engines } = await inspectModel(await folder.write('arcs.onnx', bytes));
    expect(engines).toContainEqual({ name: 'native', runs: false, note: 'the compiler has no Asinh, Atan' });
  });

  it('says which weights are in other files, and which are missing', async () => {
    const external = { external: { location: 'conv.data', offset: 0, length: 432 } };
    const path = await folder.write('outside.onnx', convolution(external));
    const missing = await inspectModel(path);
    expect(missing.contents!.weightFiles).toEqual([{ path: 'conv.data', bytes: 432, isThere: false }]);
    expect(missing.problems[0]).toContain('has its weights in conv.data, which cannot be read: ENOENT');
    await folder.write('conv.data', Buffer.from(new Float32Array(108).buffer));
    const there = await inspectModel(path);
    expect(there.contents!.weightFiles).toEqual([{ path: 'conv.data', bytes: 432, isThere: true }]);
    expect(there.engines[0]).toMatchObject({ name: 'onnxruntime', runs: true });
    // One that is cut off is a fault of the model, and said so.
    await folder.write('conv.data', Buffer.from(new Float32Array(50).buffer));
    const short = await inspectModel(path);
    expect(short.problems[0]).toBe(
      `the weights conv.data of the model ${path} are cut off: expected at least 432 bytes, got 200; fetch or export both files again`,
    );
  });

  it('a card that does not fit is the reason', async () => {
    await folder.write('wrong.card.json', rawCard({ type: 'yolov5' }));
    const path = await folder.write('wrong.onnx', constantModel(input, numbers));
    const { problems } = await inspectModel(path);
    expect(problems).toEqual([
      expect.stringContaining(
        'expected output output0 (centre, size, objectness and class scores per box) to be [1, any, 7]',
      ),
    ]);
    await folder.write('wrong.card.json', '{');
    expect((await inspectModel(path)).problems).toEqual([expect.stringContaining('wrong.card.json: expected JSON')]);
    await folder.write('wrong.card.json', rawCard({ type: 'yolov8' }, { sha256: '0'.repeat(64) }));
    expect((await inspectModel(path)).problems).toEqual([
      expect.stringContaining('is not the file that its card describes'),
    ]);
  });

  it('a set of operators that onnxruntime does not know is named', async () => {
    const bytes = onnxModel({
      inputs: [input],
      outputs: [{ name: 'o', shape: [1, 3, 32, 32] }],
      operations: [{ op: 'Relu', inputs: ['images'], outputs: ['o'] }],
      opset: 99,
    });
    const { problems, contents, engines } = await inspectModel(await folder.write('future.onnx', bytes), { labels });
    expect(contents!.opsets!.get('ai.onnx')).toBe(99);
    // OpenCV takes it, where it is built for this version of Node.
    const opencv = engines.find(({ name }) => name === 'opencv');
    expect(opencv !== undefined).toBe(hasOpenCv());
    const begin = opencv?.runs ? 'onnxruntime does not run it' : 'no engine here runs it';
    expect(problems[0]).toMatch(
      new RegExp(`^${begin}: expected operators of opset \\d+ at most, got opset 99; export it again`),
    );
    if (opencv?.runs) expect(problems[0]).toMatch(/OpenCV does: ask for it with --engine opencv$/);
  });

  it('fixed batches of more than one picture are refused with what to do', async () => {
    const pair = { name: 'images', shape: [2, 3, 32, 32] };
    const bytes = constantModel(pair, [{ name: 'output', shape: [2, 63, 7], data: new Array(882).fill(0) }]);
    const { problems, contents } = await inspectModel(await folder.write('pair.onnx', bytes), { labels });
    expect(contents!.batch).toBe(2);
    expect(problems).toEqual([
      expect.stringContaining('2 pictures at once; one is given at a time: export it with a batch of 1'),
    ]);
  });

  it('is complete with labels, for one input and for two', async () => {
    for (const bytes of [
      yolov5(new Array(441).fill(0)),
      detrWithSizes([0], [0, 0, 1, 1], [0.5]),
      nanoDet(new Array(42).fill(0.5), new Array(672).fill(0)),
    ]) {
      const path = await folder.write('whole.onnx', bytes);
      expect(await inspectModel(path, { labels })).toMatchObject({
        problems: [],
        cardSource: 'recognised',
        card: { labels: ['cat', 'dog'] },
      });
      expect((await inspectModel(path)).problems).toEqual([expect.stringContaining('the labels')]);
    }
  });

  it.skipIf(!yolox)('recognises YOLOX as its authors export it', async () => {
    const names = { path: 'coco.txt', labels: Array.from({ length: 80 }, (_, i) => `class ${i}`) };
    expect(await inspectModel(yolox!, { labels: names })).toMatchObject({
      problems: [],
      // As the compiler counts those of the program that was made of it.
      contents: { multiplyAdds: (await inspectModel('yolox-nano-416-int8')).contents!.multiplyAdds },
      card: {
        input: { width: 416, channels: 'BGR', align: 'top-left', mean: [0, 0, 0], std: [1, 1, 1] },
        decoder: { type: 'yolox', decoded: false },
      },
    });
  });

  it('reads programs, and what ships', async () => {
    const report = await inspectModel(asset('sdk', 'models', 'nanodet-g-416-int8.ocp'));
    expect(report).toMatchObject({
      format: 'Ocellus program',
      contents: { quantisation: 'program', outputs: [{ name: 'scores' }, { name: 'boxes' }] },
    });
    expect(await inspectModel('nanodet-g-416-int8')).toMatchObject({
      format: 'ONNX',
      problems: [],
      contents: { quantisation: 'QDQ' },
      cardSource: 'file',
    });
  });

  it('what is damaged is told, and what is not there refused', async () => {
    const whole = yolov5(new Array(441).fill(0));
    for (const length of [0, 1, 20, whole.length >> 1, whole.length - 1]) {
      const { format, problems } = await inspectModel(await folder.write('half.onnx', whole.subarray(0, length)));
      expect({ format, problems }).toEqual({
        format: 'unknown',
        problems: [expect.stringContaining(`half.onnx: expected an ONNX model, got ${length} bytes`)],
      });
    }
    for (const name of ['/nowhere/x.onnx', 'nothing', '/nowhere/x.card.json']) {
      await expect(inspectModel(name)).rejects.toThrow(InputError);
    }
  });

  it('survives every change of a byte', async () => {
    const whole = yolov5(new Array(441).fill(0));
    for (let at = 0; at < 60; at++) {
      const changed = Uint8Array.from(whole);
      const place = at < 30 ? at : whole.length - (at - 29);
      changed[place] = changed[place]! ^ 0x95;
      const { problems } = await inspectModel(await folder.write('changed.onnx', changed), { labels }).catch(
        (error) => {
          expect(error).toBeInstanceOf(InputError);
          return { problems: [error.message] };
        },
      );
      expect(problems.every((problem: string) => problem.length > 0)).toBe(true);
    }
  }, 60_000);
});
