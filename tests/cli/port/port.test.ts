import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { checkBundle } from '../../../tools/cli/port/bundle.ts';
import { compare, compareLayers, pairOutputs, transposed } from '../../../tools/cli/port/compare.ts';
import { type Ported, port, tolerances } from '../../../tools/cli/port/port.ts';
import { prove } from '../../../tools/cli/port/proof.ts';
import { reportPage } from '../../../tools/cli/port/report.ts';
import { boardRunner } from '../../../tools/cli/port/target.ts';
import { type PortTensor, readTensorFile, writeTensorFile } from '../../../tools/cli/port/tensors.ts';
import { onnxModel } from '../../core/onnx-builder.ts';
import { jsonLines, ocellus } from '../cli.ts';
import { caffemodel, mobileNetSsd, randomWeights, squeezeNet } from './caffe-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'ocellus-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'squeeze.prototxt');
const bundle = join(folder, 'out', 'squeeze.bundle.safetensors');
type Found = { label: string; box: [number, number, number, number] };
const tensor = (shape: number[], ...data: number[]) => ({ shape, data: Float32Array.from(data) });

describe('porting a Caffe network', () => {
  let ported: Ported;

  beforeAll(async () => {
    const text = squeezeNet(47);
    writeFileSync(file, text);
    writeFileSync(join(folder, 'squeeze.caffemodel'), caffemodel(randomWeights(text)));
    ported = await port(file, { to: 'onnx', out: join(folder, 'out') }, () => {});
  });

  it('is proven on real pictures, output by output and layer by layer', () => {
    const { proof, pictures, made, source } = ported;
    expect(pictures).toEqual(['cat.jpg', 'cup.jpg', 'motorcycle.jpg', 'person.jpg', 'wall.jpg']);
    expect(source.title).toBe('Caffe network');
    expect(proof).toMatchObject({ problems: [], firstLayer: undefined, tolerance: tolerances.float });
    expect(proof.outputs).toMatchObject([{ name: 'prob', topOne: 1, isWithin: true, isTransposed: false }]);
    expect(proof.layers.map(({ name }) => name)).toContain('fire2/concat');
    expect(made).toEqual([join(folder, 'out', 'squeeze.onnx'), bundle]);
  });

  it('a bundle repeats it on a board, and finds another network', async () => {
    const onnx = join(folder, 'out', 'squeeze.onnx');
    const { runner, isProgram } = await boardRunner(onnx);
    const check = await checkBundle(bundle, runner, isProgram);
    expect(check).toMatchObject({ pictures: 4, problems: [], outputs: [{ name: 'prob' }] });
    const text = squeezeNet(47);
    writeFileSync(join(folder, 'other.prototxt'), text);
    writeFileSync(join(folder, 'other.caffemodel'), caffemodel(randomWeights(text, 99)));
    await port(join(folder, 'other.prototxt'), { to: 'onnx', out: join(folder, 'out') }, () => {});
    const other = await boardRunner(join(folder, 'out', 'other.onnx'));
    const found = await checkBundle(bundle, other.runner, other.isProgram);
    expect(found.problems).toEqual([
      expect.stringMatching(/^the output prob: expected a difference of at most 0\.001 .* got /),
    ]);
  });

  it('a bundle that is cut off or another file is refused by name', async () => {
    const { runner } = await boardRunner(join(folder, 'out', 'squeeze.onnx'));
    const whole = readFileSync(bundle);
    const path = join(folder, 'cut.safetensors');
    for (const length of [0, 9, 40, 400, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, length));
      await expect(checkBundle(path, runner, false)).rejects.toThrow(/cut\.safetensors: expected .* got /);
    }
    await writeTensorFile(path, { metadata: {}, tensors: new Map([['a', tensor([1], 1)]]) });
    await expect(checkBundle(path, runner, false)).rejects.toThrow('expected a bundle that `ocellus port` wrote');
  });

  it.skipIf(!kernels.programs)('as a program it is compared in 8 bits (needs npm run kernels)', async () => {
    const { proof, notes, target } = await port(file, { to: 'program', out: join(folder, 'out') }, () => {});
    expect(target.ranBy).toBe('the native engine');
    expect(proof).toMatchObject({ problems: [], tolerance: tolerances.quantised });
    expect(proof.outputs[0]!.maxAbs).toBeGreaterThan(0);
    expect(notes.join()).toContain('the ranges of the program were measured on the pictures it is compared on');
    const { runner, isProgram } = await boardRunner(join(folder, 'out', 'squeeze.ocp'));
    expect((await checkBundle(bundle, runner, isProgram)).problems).toEqual([]);
  });

  it('a detector’s boxes are compared as its card decodes them', async () => {
    const text = mobileNetSsd(64);
    writeFileSync(join(folder, 'ssd.prototxt'), text);
    writeFileSync(join(folder, 'ssd.caffemodel'), caffemodel(randomWeights(text)));
    const card = join(folder, 'ssd.card.json');
    const input = {
      width: 64,
      height: 64,
      channels: 'BGR',
      mean: [127, 127, 127],
      std: [127, 127, 127],
      resize: 'stretch',
    };
    const decoder = { type: 'rtdetr', outputs: { boxes: 'boxes', scores: 'scores' }, first_class: 1 };
    const thresholds = { score: 0.3, iou: 0.45 };
    writeFileSync(
      card,
      JSON.stringify({ name: 'ssd', task: 'detect', input, decoder, labels: ['cat', 'dog'], thresholds }),
    );
    const { proof } = await port(
      join(folder, 'ssd.prototxt'),
      { to: 'onnx', out: join(folder, 'out'), card },
      () => {},
    );
    const { source, target, matched, alone, leastIou, ap } = proof.boxes!;
    expect(source).toBeGreaterThan(0);
    expect([target, matched, alone, ap]).toEqual([source, source, 0, undefined]);
    expect(leastIou).toBeGreaterThan(0.999);
  });

  it('AP of both is told where labels lie beside the pictures, which are no pictures that cannot be read', async () => {
    const pictures = join(folder, 'labelled');
    mkdirSync(pictures);
    const photos = asset('devices', 'scene', 'photos');
    const args = ['port', join(folder, 'ssd.prototxt'), '--to', 'onnx', '--card', join(folder, 'ssd.card.json')];
    const told = async () => {
      const { code, out, err } = await ocellus([
        ...args,
        '--pictures',
        pictures,
        '--out',
        join(folder, 'out'),
        '--json',
      ]);
      expect(code).toBe(0);
      return { boxes: (jsonLines(out) as { boxes: { ap?: object } }[])[0]!.boxes, err };
    };
    // What the ported network finds is what there is to be found: with it as labels, both have an AP of 1.
    for (const name of ['cat', 'cup']) copyFileSync(join(photos, `${name}.jpg`), join(pictures, `${name}.jpg`));
    const model = ['--model', join(folder, 'out', 'ssd-onnx.card.json')];
    const { out: json } = await ocellus(['detect', pictures, ...model, '--json']);
    const found = jsonLines(json) as { file: string; width: number; height: number; detections: Found[] }[];
    const labelsOf = ({ width, height, detections }: (typeof found)[number]) =>
      detections.map(({ label, box: [x1, y1, x2, y2] }) => {
        const [w, h] = [(x2 - x1) / width, (y2 - y1) / height];
        return `${['cat', 'dog'].indexOf(label)} ${x1 / width + w / 2} ${y1 / height + h / 2} ${w} ${h}\n`;
      });
    writeFileSync(join(pictures, 'cat.txt'), labelsOf(found[0]!).join(''));
    expect((await told()).boxes).not.toHaveProperty('ap');
    writeFileSync(join(pictures, 'cup.txt'), labelsOf(found[1]!).join(''));
    const { boxes, err } = await told();
    expect(err).not.toContain('not read');
    const { source, target } = boxes.ap as { source: number; target: number };
    expect(boxes.ap).toMatchObject({ pictures: 2 });
    expect(source).toBeGreaterThan(0.9);
    expect(target).toBeCloseTo(source, 6);
    expect(readFileSync(join(folder, 'out', 'report.html'), 'utf8')).toContain('AP on 2 labelled pictures');
  });

  it('the command ends with 0 where both are equal, with 1 beyond the tolerance, with 2 where it is not read', async () => {
    const out = join(folder, 'cli');
    const good = await ocellus(['port', file, '--to', 'onnx', '--out', out, '--json']);
    expect(good).toMatchObject({ code: 0 });
    const [json] = jsonLines(good.out) as [Record<string, unknown>];
    expect(json).toMatchObject({ is_equal: true, first_layer: null, outputs: [{ name: 'prob', top_one: 1 }] });
    expect(JSON.parse(readFileSync(join(out, 'report.json'), 'utf8'))).toEqual(json);
    expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('equal within the tolerance');
    const strict = await ocellus([
      'port',
      join(out, 'squeeze.onnx'),
      '--on-board',
      bundle,
      '--tolerance',
      '0',
      '--cosine',
      '1',
    ]);
    expect(strict.code).toBe(1);
    expect(strict.out).toContain('NOT equal: the output prob: expected a difference of at most 0 ');
    writeFileSync(join(folder, 'alone.prototxt'), squeezeNet(47));
    const alone = await ocellus(['port', join(folder, 'alone.prototxt'), '--to', 'onnx', '--out', out]);
    expect(alone).toMatchObject({ code: 2, err: expect.stringContaining('the weights') });
    expect(alone.err).toContain('--weights names the caffemodel of a prototxt');
  });

  it('the report fetches nothing, and names from files are texts in it', () => {
    const hostile = '<script>alert("x")</script>';
    const proof = { ...ported.proof, outputs: [{ ...ported.proof.outputs[0]!, name: hostile }], problems: [hostile] };
    const page = reportPage({ ...ported, file: hostile, notes: [hostile], proof });
    expect(page).not.toContain('<script');
    expect(page).not.toMatch(/(src|href)=|url\(|@import/);
    expect(page).toContain('&lt;script&gt;');
    expect(page).toContain('not equal');
  });
});

describe('the comparison', () => {
  const run = (outputs: Map<string, PortTensor>, layers = new Map<string, PortTensor>()) => ({
    title: 'it',
    outputs: [outputs],
    layers,
  });

  it('names the first layer that diverges, in the order in which they are computed', async () => {
    const layers = (second: number, third: number) =>
      new Map([
        ['first', tensor([2], 1, 2)],
        ['second:0', tensor([2], 1, second)],
        ['third', tensor([2], 1, third)],
      ]);
    const outputs = (value: number) => new Map([['y', tensor([1, 2], 1, value)]]);
    const proof = await prove(run(outputs(2), layers(2, 2)), run(outputs(3), layers(2.5, 3)), [], tolerances.float);
    expect(proof.firstLayer).toMatchObject({ name: 'second:0', maxAbs: 0.5, share: 0.25 });
    expect(proof.layers.map(({ isWithin }) => isWithin)).toEqual([true, false, false]);
    expect(proof.problems).toEqual([
      'the output y: expected a difference of at most 0.001 of its greatest number and a cosine of at least 0.99999, got 0.5 (1 of 2) and 0.989949',
    ]);
  });

  it('finds axes in another order, and says so', () => {
    const source = tensor([1, 2, 1, 3], 1, 2, 3, 4, 5, 6);
    const target = tensor([1, 1, 3, 2], 1, 4, 2, 5, 3, 6);
    expect(compare('y', [source], [target])).toMatchObject({ maxAbs: 0, cosine: 1, isTransposed: true });
    expect(() => compare('y', [source], [tensor([6, 1, 1, 2], ...new Array<number>(12).fill(0))])).toThrow(
      'the output y: expected [1, 2, 1, 3] of the target as of the source, got [6, 1, 1, 2]',
    );
  });

  it('tries each order of axes that the sides of a layer allow, and takes none that only has the name in common', async () => {
    const cube = tensor([1, 2, 2, 2], 1, 2, 3, 4, 5, 6, 7, 8);
    const other = { shape: cube.shape, data: transposed(cube, [0, 2, 3, 1]) };
    const outputs = new Map([['y', tensor([1, 2], 1, 2)]]);
    const layers = (one: PortTensor, squared: number) =>
      new Map([
        ['cube', one],
        ['square', tensor([2], 1, squared)],
      ]);
    const proof = await prove(run(outputs, layers(cube, 4)), run(outputs, layers(other, 2)), [], tolerances.float);
    expect(proof.layers).toMatchObject([{ isTransposed: true, maxAbs: 0, isWithin: true }, { isWithin: false }]);
    expect(proof.firstLayer).toBeUndefined();
  });

  it('what is infinite in both says nothing against them', () => {
    const padded = [tensor([1, 3], -Infinity, 1, 2)];
    expect(compare('pad', padded, padded)).toMatchObject({ share: 0, cosine: 1 });
    expect(compare('pad', padded, [tensor([1, 3], -Infinity, 1, 2.0001)])).toMatchObject({
      cosine: expect.closeTo(1, 6),
    });
    expect(compare('pad', padded, [tensor([1, 3], 0, 1, 2)]).share).toBe(Infinity);
  });

  it('no number where the source has one is never equal', () => {
    expect(compare('y', [tensor([2], 1, 2)], [tensor([2], 1, NaN)])).toMatchObject({ share: Infinity, cosine: 0 });
    expect(compare('y', [tensor([2], 0, 0)], [tensor([2], 0, 0)])).toMatchObject({ share: 0, cosine: 1 });
    expect(compare('y', [tensor([2], 0, 0)], [tensor([2], 0, 1)])).toMatchObject({ share: Infinity, cosine: 0 });
    expect(compare('y', [tensor([3], 1, 5, 2)], [tensor([3], 6, 5, 2)], true).topOne).toBe(0);
  });

  it('pairs outputs by name, then by size and order; others are told', () => {
    const source = new Map([
      ['a', tensor([2], 1, 2)],
      ['b', tensor([3], 1, 2, 3)],
    ]);
    const renamed = new Map([
      ['out1', tensor([1, 3], 1, 2, 3)],
      ['a', tensor([2], 1, 2)],
    ]);
    expect([...pairOutputs(source, renamed)]).toEqual([
      ['a', 'a'],
      ['b', 'out1'],
    ]);
    expect(() => pairOutputs(source, new Map([['a', tensor([2], 1, 2)]]))).toThrow(
      'the source has a [2], b [3]; the target a [2]',
    );
  });

  it('tensors of the same name and another meaning are left out', () => {
    const layers = compareLayers(
      new Map([['a', tensor([2, 3], 1, 2, 3, 4, 5, 6)]]),
      new Map([['a', tensor([3, 2], 1, 2, 3, 4, 5, 6)]]),
      tolerances.float,
    );
    expect(layers).toEqual([]);
  });
});

describe('what is not read', () => {
  it.each([
    ['x.gguf', Uint8Array.from([0x47, 0x47, 0x55, 0x46, 3]), 'expected an ONNX model, got 5 bytes of something else'],
    ['page.onnx', Buffer.from('<!doctype html><html>'), 'is a web page, which is not read here'],
    ['two.onnx', undefined, 'expected a network with one input, a picture, got images [1, 3, 8, 8], sizes [1, 2]'],
    ['open.onnx', undefined, 'say its size with --size WIDTHxHEIGHT'],
    [
      'opset.onnx',
      undefined,
      /opset\.onnx: onnxruntime .* cannot load it: expected operators of opset \d+ at most, got opset 99/,
    ],
    ['cut.pt2', Buffer.from(`PK\x03\x04${'x'.repeat(100)}`), 'got 104 bytes of a zip archive that is cut off'],
  ])('%s', async (name, bytes, message) => {
    const shape = name === 'open.onnx' ? [1, 3, 'h', 'w'] : [1, 3, 8, 8];
    const more = name === 'two.onnx' ? [{ name: 'sizes', shape: [1, 2] }] : [];
    const network = onnxModel({
      inputs: [{ name: 'images', shape }, ...more],
      outputs: [{ name: 'y', shape }],
      operations: [{ op: 'Relu', inputs: ['images'], outputs: ['y'] }],
      ...(name === 'opset.onnx' && { opset: 99 }),
    });
    const path = join(folder, name);
    writeFileSync(path, bytes ?? network);
    await expect(port(path, { to: 'onnx', out: join(folder, 'out') }, () => {})).rejects.toThrow(message);
  });

  it('an ONNX network is compared with what onnxruntime’s optimisations make of it', async () => {
    const path = join(folder, 'relu.onnx');
    const shape = [1, 3, 8, 8];
    const operations = [{ op: 'Relu', inputs: ['images'], outputs: ['y'] }];
    writeFileSync(
      path,
      onnxModel({ inputs: [{ name: 'images', shape }], outputs: [{ name: 'y', shape }], operations }),
    );
    const { proof, source } = await port(path, { to: 'onnx', out: join(folder, 'out') }, () => {});
    expect(source.ranBy).toMatch(/^onnxruntime .*, node by node$/);
    expect(proof.outputs).toMatchObject([{ maxAbs: 0, cosine: 1 }]);
  });

  it.each([
    ['int32', 0, '(pixel - 0, 0, 0) / 1, 1, 1'],
    ['int8', 128, '(pixel - 128, 128, 128) / 1, 1, 1'],
  ] as const)('a network whose picture is in %s is fed with pixels', async (type, mean, told) => {
    const path = join(folder, `${type}.onnx`);
    const shape = [1, 3, 8, 8];
    const operations = [
      { op: 'Cast', inputs: ['images'], outputs: ['floats'], ints: { to: 1 } },
      { op: 'Add', inputs: ['floats', 'mean'], outputs: ['y'] },
    ];
    writeFileSync(
      path,
      onnxModel({
        inputs: [{ name: 'images', type, shape }],
        outputs: [{ name: 'y', shape }],
        operations,
        constants: [{ name: 'mean', shape: [1], data: [mean] }],
      }),
    );
    const { proof, input } = await port(path, { to: 'onnx', out: join(folder, 'out') }, () => {});
    expect(input).toContain(told);
    expect(proof.outputs).toMatchObject([{ maxAbs: 0, cosine: 1 }]);
    // Letterboxed: the photographs have white in them, and nothing is cut off at 127.
    expect(proof.outputs[0]!.greatest).toBeGreaterThan(200);
  });

  it('an output that does not depend on the pictures is told', async () => {
    const shape = [1, 3, 8, 8];
    const operations = [
      { op: 'Sub', inputs: ['images', 'images'], outputs: ['dead'] },
      { op: 'Relu', inputs: ['images'], outputs: ['alive'] },
    ];
    const outputs = ['dead', 'alive'].map((name) => ({ name, shape }));
    const path = join(folder, 'dead.onnx');
    writeFileSync(path, onnxModel({ inputs: [{ name: 'images', shape }], outputs, operations }));
    const { notes, proof } = await port(path, { to: 'onnx', out: join(folder, 'out') }, () => {});
    expect(proof.problems).toEqual([]);
    const told = notes.filter((note) => note.includes('the same for all pictures'));
    expect(told).toEqual([expect.stringContaining('output dead ')]);
  });

  it('a network that is read and cannot be computed is refused with what onnxruntime says', async () => {
    const path = join(folder, 'broken.onnx');
    writeFileSync(
      path,
      onnxModel({
        inputs: [{ name: 'images', shape: [1, 3, 8, 8] }],
        outputs: [{ name: 'y', shape: [1, 3, 8, 8] }],
        operations: [{ op: 'Gather', inputs: ['images', 'far'], outputs: ['y'] }],
        constants: [{ name: 'far', type: 'int64', shape: [1], data: [9] }],
      }),
    );
    const ported = port(path, { to: 'onnx', out: join(folder, 'out') }, () => {});
    await expect(ported).rejects.toThrow(InputError);
    await expect(ported).rejects.toThrow(/node by node, cannot compute it: .*out of data bounds/s);
  });

  it('tensor files are read back as they were', async () => {
    const path = join(folder, 't.safetensors');
    const tensors = new Map([['ä', tensor([2, 1], 1.5, -2)]]);
    await writeTensorFile(path, { metadata: { a: 'b' }, tensors });
    expect(await readTensorFile(path)).toEqual({ metadata: { a: 'b' }, tensors });
  });
});
