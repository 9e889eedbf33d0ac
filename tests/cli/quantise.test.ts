import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawClassifierCard, sha256 } from '../core/cards.ts';
import { NetworkBuilder } from '../core/compiler/networks.ts';
import { jsonLines, ocellus, photo } from './cli.ts';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);

/** A classifier of three labels and an embedding, of 8 x 8 pixels. */
function network(op = 'Relu'): Uint8Array<ArrayBuffer> {
  const net = new NetworkBuilder();
  const features = net.node(op, [net.conv('images', [3, 8], 3)]);
  const means = net.node('GlobalAveragePool', [features]);
  for (const name of ['embedding', 'logits']) {
    const flat = net.node('Flatten', [net.conv(means, [8, 3])]);
    net.operations.push({ op: 'Identity', inputs: [flat], outputs: [name] });
    net.output(name);
  }
  return net.build(8);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-quantise-'));
  await Promise.all(['pictures', 'few', 'full'].map((name) => mkdir(at(name))));
  for (let i = 0; i < 8; i++) await copyFile(photo(i % 2 ? 'cat.jpg' : 'cup.jpg'), at('pictures', `${i}.jpg`));
  await copyFile(photo('cat.jpg'), at('few', 'cat.jpg'));
  await writeFile(at('few', 'broken.jpg'), 'not a picture');
  await writeFile(at('full', 'mine.txt'), 'mine');
  await mkdir(at('named', 'anything'), { recursive: true });
  await copyFile(photo('cat.jpg'), at('named', 'anything', 'cat.jpg'));
  for (const [name, bytes] of [
    ['tiny-fp32', network()],
    ['odd', network('Asinh')],
    ['cut', network().slice(0, 200)],
  ] as const) {
    await writeFile(at(`${name}.onnx`), bytes);
    await writeFile(at(`${name}.card.json`), JSON.stringify(rawClassifierCard({ name })));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const quantise = (...args: string[]) => ocellus(['quantise', ...args], folder);

describe('ocellus quantise', () => {
  it('writes a program, an ONNX file, a report and a card, which both engines take', async () => {
    const { code, out, err } = await quantise('tiny-fp32.card.json', '--calibrate', 'pictures', '--out', 'made');
    expect([code, err]).toEqual([0, 'note made/tiny-int8.card.json: what --model takes\n']);
    expect((await readdir(at('made'))).sort()).toEqual([
      ...['tiny-int8.card.json', 'tiny-int8.ocp', 'tiny-int8.onnx', 'tiny-int8.report.json'],
    ]);
    expect(out).toContain('Ranges measured on 6 pictures, recipes compared on 1 others.');
    expect(out).toMatch(/^On 1 pictures more: cosine with the float network (0\.99\d\d|1\.0000)/m);
    const card = JSON.parse(await readFile(at('made', 'tiny-int8.card.json'), 'utf8'));
    expect(card).toMatchObject({
      name: 'tiny-int8',
      file: 'tiny-int8.onnx',
      sha256: sha256(await readFile(at('made', 'tiny-int8.onnx'))),
      program: { file: 'tiny-int8.ocp', sha256: sha256(await readFile(at('made', 'tiny-int8.ocp'))) },
      input: { type: 'uint8', layout: 'NCHW' },
    });
    const report = JSON.parse(await readFile(at('made', 'tiny-int8.report.json'), 'utf8'));
    expect(report.layers[0]).toMatchObject({ operator: 'conv 3x3 clip', shape: [8, 8, 8], held_in: 'bytes' });
    expect(report.tried.length).toBeGreaterThan(5);
    const engines = await Promise.all(
      ['auto', 'onnxruntime'].map((engine) =>
        ocellus(
          ['classify', photo('cat.jpg'), '--json', '--model', 'made/tiny-int8.card.json', '--engine', engine],
          folder,
        ),
      ),
    );
    const [native, onnx] = engines.map((one) => JSON.parse(one.out));
    expect(native.label).toBe(onnx.label);
    expect(native.score).toBeCloseTo(onnx.score, 1);
  });

  it('takes the frames of a source', async () => {
    const source = ['--calibrate', 'scene:', '--count', '8', '--every', '0.1'];
    const { code, out } = await quantise('tiny-fp32.card.json', ...source, '--out', 'watched', '--json');
    expect(code).toBe(0);
    expect(jsonLines(out)[0]).toMatchObject({ pictures: { measured: 6, compared: 1, reported: 1 } });
  });

  it.each([
    ['too few pictures', ['tiny-fp32.card.json', '--calibrate', 'few'], 'expected at least 8 pictures'],
    ['no folder', ['tiny-fp32.card.json', '--calibrate', 'none'], 'none'],
    ['a folder that has files', ['tiny-fp32.card.json', '--calibrate', 'pictures', '--out', 'full'], 'new or empty'],
    ['an operator that the compiler lacks', ['odd.card.json', '--calibrate', 'pictures'], '(Asinh) cannot be compiled'],
    [
      'a network that is cut off',
      ['cut.card.json', '--calibrate', 'pictures'],
      'a part of one: fetch or export it again',
    ],
    [
      'the pictures of --calibrate as --validate',
      ['tiny-fp32.card.json', '--calibrate', 'pictures', '--validate', 'pictures/'],
      'expected other pictures than those of --calibrate',
    ],
    [
      'labelled pictures in a folder that is no label',
      ['tiny-fp32.card.json', '--calibrate', 'pictures', '--validate', 'named'],
      'expected a folder for each label of tiny-fp32',
    ],
    ['a quantised network', ['made/tiny-int8.card.json', '--calibrate', 'pictures'], 'is quantised already (QDQ)'],
  ])('refuses %s in one line', async (_, args, words) => {
    const target = args.includes('--out') ? [] : ['--out', 'refused'];
    const { code, out, err } = await quantise(...target, ...args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(words);
    expect(await readdir(folder)).not.toContain('refused');
  });
});
