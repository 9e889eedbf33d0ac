import { mkdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { defaultModel } from '../../../sdk/config/schema.ts';
import type { DetectorCard } from '../../../sdk/core/cards/card.ts';
import { findModel, listModels, readForm, readModel } from '../../../sdk/core/cards/model-file.ts';
import { input, modelFolder, rawCard, rawClassifierCard, sha256 } from '../cards.ts';
import { constantModel, onnxModel, type Value } from '../onnx-builder.ts';

const folder = modelFolder();
const numbers = [{ name: 'output0', shape: [1, 6, 1], data: [16, 16, 8, 8, 0.9, 0.1] }];
const bytes = constantModel(input, numbers);
const cardOf = (change = {}) => rawCard({ type: 'yolov8' }, change);

describe('readModel', () => {
  it('finds a shipped model by its name, its network and its program', async () => {
    const { description, bytes: read } = await readModel(defaultModel);
    const card = description as DetectorCard;
    expect(card).toMatchObject({ name: defaultModel, task: 'detect' });
    expect(sha256(read)).toBe(card.sha256);
    const program = await readForm(await findModel(defaultModel), 'program');
    expect(program).toMatchObject({ form: 'program', description: card, weights: [] });
    expect(sha256(program.bytes)).toBe(card.program!.sha256);
    expect((await listModels()).map(({ name }) => name)).toContain(defaultModel);
  });

  it('says where a network is that is not installed, of which the program is', async () => {
    const found = await findModel(defaultModel);
    const without = { ...found, network: undefined, networkMissing: 'it is in a package' };
    await expect(readForm(without, 'network')).rejects.toThrow(
      `the model ${defaultModel} does not exist as a network here: it is in a package`,
    );
    await expect(readForm({ ...without, program: undefined }, 'program')).rejects.toThrow(
      /does not exist as a program$/,
    );
  });

  it('finds a card beside a file, a file beside a card, and a file that the card names', async () => {
    const path = await folder.write('beside.onnx', bytes);
    const card = await folder.write('beside.card.json', cardOf({ sha256: sha256(bytes) }));
    for (const one of [path, card]) {
      const model = await readModel(one);
      expect(model.description).toMatchObject({ name: 'tiny' });
      expect(model.bytes).toHaveLength(bytes.length);
    }
    const named = await folder.write('named.card.json', cardOf({ file: 'beside.onnx' }));
    expect((await readModel(named)).bytes).toHaveLength(bytes.length);
  });

  it('takes a card of any name that ends in .json', async () => {
    await folder.write('other.onnx', bytes);
    for (const name of ['other.json', 'another.json']) {
      const card = await folder.write(name, cardOf(name === 'other.json' ? {} : { file: 'other.onnx' }));
      expect((await readModel(card)).description).toMatchObject({ name: 'tiny' });
    }
    await expect(readModel('/nowhere/x.json')).rejects.toThrow('the card /nowhere/x.json cannot be read: ENOENT');
  });

  it('reads the names that cards had before they were in snake case', async () => {
    await folder.write('old.onnx', bytes);
    const outputs = { boxes: 'b', classes: 'c', scores: 's' };
    const decoder = { type: 'ssd', outputs, boxOrder: 'xyxy', firstClass: 1 };
    const detector = await folder.write('old.card.json', { ...cardOf(), decoder });
    expect((await readModel(detector)).description).toMatchObject({
      decoder: { type: 'ssd', outputs, box_order: 'xyxy', first_class: 1 },
    });
    const raw = rawClassifierCard();
    const input = { ...(raw.input as object), regionResize: 'stretch' };
    const classifier = await folder.write('old.card.json', { ...raw, input });
    expect((await readModel(classifier)).description).toMatchObject({ input: { region_resize: 'stretch' } });
    // What is wrong is said by the name of now; a name that nobody knows stays what it is.
    const wrong = await folder.write('old.card.json', { ...cardOf(), decoder: { ...decoder, boxOrder: 'up' } });
    await expect(readModel(wrong)).rejects.toThrow('decoder.box_order: expected');
    const unknown = await folder.write('old.card.json', { ...cardOf(), decoder: { ...decoder, lastClass: 1 } });
    await expect(readModel(unknown)).rejects.toThrow('decoder.lastClass: no such field');
  });

  it('says what is expected in place of a model of another kind', async () => {
    for (const name of ['yolo11n.pt', 'model.tflite', 'a/b.engine']) {
      await expect(readModel(name)).rejects.toThrow(
        `the model ${name} cannot be read: expected an .onnx file, got .${name.split('.')[1]}; export it to ONNX`,
      );
    }
  });

  it('finds a card inside a file, and Ultralytics’ metadata', async () => {
    const inside = constantModel(input, numbers, { ocellus: JSON.stringify(cardOf({ name: 'inside' })) });
    expect((await readModel(await folder.write('inside.onnx', inside))).description).toMatchObject({
      name: 'inside',
      thresholds: { score: 0.4 },
    });
    const theirs = constantModel(input, numbers, { imgsz: '[32, 32]', names: "{0: 'cat', 1: 'dog'}" });
    expect((await readModel(await folder.write('Theirs.onnx', theirs))).description).toMatchObject({
      ultralytics: true,
      name: 'theirs',
    });
  });

  it('finds the card of a model that ships inside a copy of it', async () => {
    const name = 'nanodet-g-416-int8';
    const model = await readFile(asset('sdk', 'models', `${name}.onnx`));
    const { description } = await readModel(await folder.write('copy.onnx', model));
    expect(description).toMatchObject({ name, input: { width: 416, channels: 'BGR' } });
  });

  it('refuses a name that is not shipped, and lists those that are', async () => {
    for (const name of ['nothing', '../models/nanodet-g-416-int8', '', 'Nano']) {
      const reading = readModel(name);
      await expect(reading).rejects.toThrow(InputError);
      await expect(reading).rejects.toThrow(
        `there is no model "${name}": expected one of blazeface-128, efficientnet-lite0-int8, efficientnet-lite1-int8, nanodet-g-416-int8, ${defaultModel}`,
      );
    }
  });

  it('refuses a file or a card that is absent or a folder', async () => {
    await expect(readModel('/nowhere/x.onnx')).rejects.toThrow('the model /nowhere/x.onnx cannot be read: ENOENT');
    await expect(readModel('/nowhere/x.card.json')).rejects.toThrow(
      'the card /nowhere/x.card.json cannot be read: ENOENT',
    );
    const lonely = await folder.write('lonely.card.json', cardOf());
    await expect(readModel(lonely)).rejects.toThrow(/lonely\.card\.json cannot be read: ENOENT.*lonely\.onnx/);
    const path = join(dirname(lonely), 'folder.onnx');
    await mkdir(path);
    await expect(readModel(path)).rejects.toThrow(InputError);
  });

  it.each([
    ['nothing', new Uint8Array(0)],
    ['half a model', bytes.subarray(0, bytes.length / 2)],
    ['text', new TextEncoder().encode('<!doctype html>')],
  ])('refuses %s in place of a model', async (_, content) => {
    const path = await folder.write('broken.onnx', content);
    const reading = readModel(path);
    await expect(reading).rejects.toThrow(InputError);
    await expect(reading).rejects.toThrow(`${path}: expected an ONNX model, got ${content.length} bytes`);
  });

  it('refuses a file without a card, and shows one to write', async () => {
    const path = await folder.write('My Net.onnx', bytes);
    const error = await readModel(path).catch((reason) => reason);
    expect(error).toBeInstanceOf(InputError);
    expect(error.message).toContain(`Write ${path.replace('.onnx', '.card.json')}, for example`);
    const example = JSON.parse(error.message.slice(error.message.indexOf('\n')));
    // What it shows can be used as it is.
    await folder.write('My Net.card.json', example);
    expect((await readModel(path)).description).toMatchObject({ name: 'my-net', decoder: { type: 'yolov8' } });
  });

  it.each<[string, Value, Value[], object]>([
    [
      'a classifier',
      { name: 'in', shape: ['N', 224, 200, 3] },
      [{ name: 'dense', shape: ['N', 2] }],
      {
        task: 'classify',
        input: { width: 200, height: 224, layout: 'NHWC', type: 'float32' },
        outputs: { logits: 'dense' },
      },
    ],
    [
      'labels, boxes and scores apart',
      { name: 'in', shape: [1, 3, 480, 640] },
      ['scores', 'boxes', 'labels'].map((name) => ({ name, shape: [1, 300] })),
      {
        input: { width: 640, height: 480 },
        decoder: {
          type: 'ssd',
          outputs: { boxes: 'boxes', classes: 'labels', scores: 'scores' },
          box_order: 'xyxy',
          normalised: false,
        },
      },
    ],
    [
      'rows after suppression',
      { name: 'in', type: 'uint8', shape: [1, 3, 320, 320] },
      [{ name: 'out', shape: [1, 300, 6] }],
      { input: { width: 320, height: 320, type: 'uint8' }, decoder: { type: 'suppressed' } },
    ],
    [
      'rows of many numbers',
      { name: 'in', shape: [1, 3, 'h', 'w'] },
      [
        { name: 'out', shape: [1, 25200, 7] },
        { name: 'more', shape: [1] },
      ],
      { input: { width: 640, height: 640 }, decoder: { type: 'yolov5', output: 'out' } },
    ],
  ])('shows a card that begins with what the model tells of itself: %s', async (_, first, outputs, expected) => {
    const path = await folder.write('told.onnx', onnxModel({ inputs: [first], outputs }));
    const error = await readModel(path).catch((reason) => reason);
    const example = JSON.parse(error.message.slice(error.message.indexOf('\n')));
    expect(example).toMatchObject(expected);
    await folder.write('told.card.json', example);
    expect((await readModel(path)).description).toMatchObject(expected);
    await rm(path.replace('.onnx', '.card.json'));
  });

  it('refuses a file that is not the one the card speaks of', async () => {
    const path = await folder.write('changed.onnx', bytes);
    const card = await folder.write('changed.card.json', cardOf({ sha256: '0'.repeat(64) }));
    for (const one of [path, card]) {
      await expect(readModel(one)).rejects.toThrow(
        `${path} is not the file that its card describes: expected sha256 ${'0'.repeat(64)}, got ${sha256(bytes)}`,
      );
    }
  });

  it('refuses a card that is no JSON or has a wrong field, naming it and the card', async () => {
    const path = await folder.write('wrong.card.json', '{"name": ');
    await expect(readModel(path)).rejects.toThrow(`card ${path}: expected JSON: `);
    await folder.write('wrong.card.json', cardOf({ input: { width: 0, height: 32 } }));
    await expect(readModel(path)).rejects.toThrow(
      `card ${path} is not right:\n  input.width: expected a whole number from 1 to 8192, got 0`,
    );
    const inside = await folder.write(
      'wrong-inside.onnx',
      constantModel(input, numbers, { ocellus: '{"task": "detect"}' }),
    );
    await expect(readModel(inside)).rejects.toThrow('the card in its metadata (key ocellus) is not right:\n  name: ');
  });
});
