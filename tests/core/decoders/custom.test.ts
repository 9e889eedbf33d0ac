import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { InputError, ModelError } from '../../../sdk/base/errors.ts';
import { registerDecoder } from '../../../sdk/core/decoders/custom.ts';
import { loadModel, type Model } from '../../../sdk/core/model.ts';
import { Frame } from '../../../sdk/frame/frame.ts';
import { input, modelFolder, rawCard } from '../cards.ts';
import { constantModel } from '../onnx-builder.ts';

const folder = modelFolder();

/** Rows of x, y, side, score, class: squares about a centre, in the card's own unit. */
const centres = `
export default function centres(card, outputs) {
  const { unit } = card.decoder.options ?? {};
  if (typeof unit !== 'number') throw new Error('expected options.unit, pixels');
  const [{ name }] = outputs;
  return {
    decode(tensors, threshold, multiLabel, candidates) {
      const { data } = tensors.get(name);
      for (let at = 0; at < data.length; at += 5) {
        const [x, y, side, score, classId] = data.subarray(at, at + 5);
        if (score < threshold) continue;
        candidates.push(...[x - side / 2, y - side / 2, x + side / 2, y + side / 2].map((v) => v * unit), score, classId);
      }
    },
  };
}`;

const grey = () =>
  new Frame({
    ...{ sequence: 0, captureTimeNs: 0, wallTimeMs: 0, format: 'GRAY8', width: 32, height: 32 },
    planes: [{ data: new Uint8Array(32 * 32), stride: 32 }],
  });

/** Registers this module until the end of the test, and loads a model that gives these numbers and names it. */
async function load(numbers: readonly number[], module = centres, options: object | undefined = { unit: 4 }) {
  const file = await folder.write('centres.mjs', module);
  onTestFinished(registerDecoder('centres', pathToFileURL(file)));
  return loadNamed(numbers, { type: 'custom', name: 'centres', ...(options && { options }) });
}

async function loadNamed(numbers: readonly number[], decoder: object): Promise<Model> {
  await folder.write('centres.card.json', rawCard(decoder as Parameters<typeof rawCard>[0]));
  const shape = [1, numbers.length / 5, 5];
  const model = constantModel(input, [{ name: 'rows', shape, data: [...numbers] }]);
  const loaded = await loadModel(await folder.write('centres.onnx', model), { threads: 1 });
  onTestFinished(() => loaded.close());
  return loaded;
}

describe('a decoder of one’s own', () => {
  it('reads what the network gives, with the options of the card; the rest is as with ours', async () => {
    const model = await load([2, 3, 2, 0.9, 1, 2.1, 3, 2, 0.6, 1, 6, 6, 1, 0.7, 0, 4, 4, 1, 0.3, 0]);
    const found = [...(await model.detect(grey()))];
    // One of two that overlap is left, and what is below the threshold is not there.
    expect(found.map(({ label, box }) => [label, box])).toEqual([
      ['dog', [4, 8, 12, 16]],
      ['cat', [22, 22, 26, 26]],
    ]);
    expect(found.map(({ score }) => score)).toEqual([0.9, 0.7].map(Math.fround));
  });

  it('finds what is wrong with the card when the model is loaded', async () => {
    const loading = load([2, 3, 2, 0.9, 1], centres, {});
    await expect(loading).rejects.toThrow(InputError);
    await expect(loading).rejects.toThrow('decoder centres: expected options.unit, pixels');
  });

  it('gives no class without a label', async () => {
    const model = await load([2, 3, 2, 0.9, 2]);
    const detecting = model.detect(grey());
    await expect(detecting).rejects.toThrow(ModelError);
    await expect(detecting).rejects.toThrow('expected class ids from 0 to 1, the card has 2 labels; got 2');
  });

  it('that throws is the model’s fault, and the next frame is another try', async () => {
    const throwing = 'export default () => ({ decode(tensors) { tensors.get("none").data; } });';
    const model = await load([2, 3, 2, 0.9, 0], throwing);
    for (const _ of [1, 2]) await expect(model.detect(grey())).rejects.toThrow(ModelError);
  });

  it.each([
    ['no function', 'export default 7;', 'expected a DecoderFactory, a function, got 7'],
    ['no decoder', 'export default () => ({ read() {} });', 'decode: expected a Decoder, with a function there'],
    ['no JavaScript', 'export default (;', 'cannot be imported'],
  ])('whose module gives %s is refused by name', async (_, module, complaint) => {
    const loading = load([2, 3, 2, 0.9, 0], module);
    await expect(loading).rejects.toThrow(InputError);
    await expect(loading).rejects.toThrow(complaint);
  });

  it('that nobody registered, or that was taken back, is not there', async () => {
    const named = { type: 'custom', name: 'mine' };
    await expect(loadNamed([2, 3, 2, 0.9, 0], named)).rejects.toThrow('no decoder "mine", registered are: none');
    registerDecoder('mine', new URL('file:///nowhere/mine.js'))();
    await expect(loadNamed([2, 3, 2, 0.9, 0], named)).rejects.toThrow('no decoder "mine", registered are: none');
  });
});

it.each([
  ['a name with a space', 'my own', 'file:///mine.js', 'registerDecoder: name: expected lower-case letters'],
  ['no URL', 'mine', './mine.js', 'registerDecoder: module: expected the URL of a file'],
  ['a URL of the web', 'mine', new URL('https://example.org/mine.js'), 'registerDecoder: module: expected the URL'],
])('registerDecoder refuses %s', (_, name, module, complaint) => {
  expect(() => registerDecoder(name, module)).toThrow(complaint);
});

it('registerDecoder takes a name once', () => {
  onTestFinished(registerDecoder('mine', 'file:///mine.js'));
  expect(() => registerDecoder('mine', 'file:///other.js')).toThrow('"mine" is registered already');
});
