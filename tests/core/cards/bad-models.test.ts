import { describe, expect, it } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { loadModel } from '../../../sdk/core/model.ts';
import { input, modelFolder, rawCard } from '../cards.ts';
import { yolov5 } from '../foreign-networks.ts';
import { type OnnxModel, onnxModel } from '../onnx-builder.ts';

/** Files that cannot be used: each error names the file, what was expected, what came, and what to do. */

const folder = modelFolder();
const output = { name: 'o', shape: [1, 63, 7] };
const network = (op: string, change: Partial<OnnxModel> = {}) =>
  onnxModel({
    inputs: [input],
    outputs: [output],
    operations: [{ op, inputs: ['images'], outputs: ['o'] }],
    ...change,
  });

/** The error of a model that has a card beside it. */
async function faultOf(bytes: Uint8Array, card: object = rawCard({ type: 'yolov5' })): Promise<string> {
  const path = await folder.write('bad.onnx', bytes);
  await folder.write('bad.card.json', card);
  const error = await loadModel(path, { engine: 'onnxruntime', threads: 1 }).then(
    async (model) => {
      await model.close();
      return new Error('it was loaded');
    },
    (reason: unknown) => reason as Error,
  );
  expect(error).toBeInstanceOf(InputError);
  expect(error.message).toContain(path);
  return error.message;
}

/** What a reader of the format has to refuse: lengths beyond its end. */
const junk = Uint8Array.from({ length: 1000 }, (_, i) => (i === 0 ? 0x0a : 0xff));

describe('a model that cannot be used', () => {
  it('of a later opset', async () => {
    expect(await faultOf(network('Relu', { opset: 99 }))).toMatch(
      /expected operators of opset \d+ at most, got opset 99; export it again with an older one/,
    );
  });

  it('with an operator that there is not', async () => {
    expect(await faultOf(network('Nonsense'))).toContain(
      'onnxruntime has no operator Nonsense in opset 13; export it with operators of ONNX alone',
    );
  });

  it('with weights that are missing, cut off, or elsewhere', async () => {
    const outside = (location: string) =>
      network('Relu', { constants: [{ name: 'w', shape: [8], data: [], external: { location, length: 32 } }] });
    expect(await faultOf(outside('bad.data'))).toContain('has its weights in bad.data, which cannot be read: ENOENT');
    await folder.write('bad.data', new Uint8Array(31));
    expect(await faultOf(outside('bad.data'))).toContain(
      'expected at least 32 bytes, got 31; fetch or export both files again',
    );
    for (const location of ['/etc/passwd', '../bad.data', 'a/../../bad.data']) {
      expect(await faultOf(outside(location))).toContain(
        `wants its weights from ${location}: expected a file in its own folder`,
      );
    }
  });

  it('whose labels are not as many as its classes, in a card and in a list', async () => {
    const bytes = yolov5(new Array(441).fill(0));
    expect(await faultOf(bytes, rawCard({ type: 'yolov5' }, { labels: ['cat'] }))).toContain(
      "to be [1, any, 6], it is [1, 63, 7]; check the card's input size, strides and number of labels (it has 1)",
    );
    const path = await folder.write('list.onnx', bytes);
    await folder.write('list.labels.txt', 'cat\n');
    await expect(loadModel(path)).rejects.toThrow(
      /list\.labels\.txt: expected 2, since the output output of this YOLOv5 or YOLOv7, .* has as many class scores, got 1; name each class/,
    );
  });

  it('that is cut off, or something else, beside its card', async () => {
    const whole = yolov5(new Array(441).fill(0));
    for (const bytes of [whole.subarray(0, 900), new Uint8Array(0), Buffer.from('no network at all'), junk]) {
      expect(await faultOf(Uint8Array.from(bytes))).toContain(
        `expected an ONNX model, got ${bytes.length} bytes of something else, or of one that was cut off or damaged: fetch or export it again`,
      );
    }
  });

  it('whose operators are of another opset than it names', async () => {
    // Slice has had its places as inputs since opset 10.
    const sliced = network('Slice', { opset: 9 });
    expect(await faultOf(sliced)).toMatch(/Slice/);
    expect(await faultOf(sliced)).toMatch(/xport it again/);
  });

  it('that is cut off anywhere', async () => {
    const whole = yolov5(new Array(441).fill(0));
    for (let length = 0; length < whole.length; length += 97) {
      const path = await folder.write('cut.onnx', whole.subarray(0, length));
      await expect(loadModel(path)).rejects.toThrow(`cut.onnx: expected an ONNX model, got ${length} bytes`);
    }
  });

  it('that is made to do harm: huge shapes, a graph in a circle, outputs of nothing', async () => {
    const huge = [2 ** 31, 2 ** 31, 7];
    expect(await faultOf(network('Relu', { constants: [{ name: 'w', shape: huge, data: [] }] }))).not.toBe('');
    const circle = [
      { op: 'Concat', inputs: ['b', 'images'], outputs: ['a'], ints: { axis: 0 } },
      { op: 'Identity', inputs: ['a'], outputs: ['b'] },
      { op: 'Sigmoid', inputs: ['b'], outputs: ['o'] },
    ];
    expect(await faultOf(network('Relu', { operations: circle }))).toContain('onnxruntime cannot load the model');
    const nothing = { name: 'o', shape: [0, -1, 7] };
    expect(await faultOf(network('Identity', { outputs: [nothing, { name: '', shape: [] }] }))).not.toBe('');
  });
});
