import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readProgram } from '../../sdk/core/program/format.ts';
import { listProgram, totalsOf } from '../../sdk/core/program/listing.ts';
import { rawClassifierCard, sha256 } from '../core/cards.ts';
import { NetworkBuilder } from '../core/compiler/networks.ts';
import { variants } from '../kernels/variants.ts';
import { jsonLines, ocellus, photo } from './cli.ts';

let folder: string;
const at = (...names: string[]) => join(folder, ...names);

/** A classifier of three labels and an embedding, of 8 x 8 pixels. */
function network(): Uint8Array<ArrayBuffer> {
  const net = new NetworkBuilder();
  const features = net.node('Relu', [net.conv('images', [3, 8], 3)]);
  const means = net.node('GlobalAveragePool', [features]);
  const operations = ['embedding', 'logits'].map((name) => {
    const flat = net.node('Flatten', [net.conv(means, [8, 3])]);
    return { op: 'Identity', inputs: [flat], outputs: [name] };
  });
  net.operations.push(...operations);
  for (const name of ['embedding', 'logits']) net.output(name);
  return net.build(8);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-compile-'));
  await mkdir(at('pictures'));
  for (const name of ['cat.jpg', 'cup.jpg']) await copyFile(photo(name), at('pictures', name));
  await writeFile(at('tiny.onnx'), network());
  await writeFile(at('tiny.card.json'), JSON.stringify(rawClassifierCard({ name: 'tiny' })));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const compile = (...args: string[]) => ocellus(['compile', ...args], folder);
const calibrated = ['tiny.onnx', '--calibrate', 'pictures'] as const;
const readJson = async (path: string) => JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;

describe('ocellus compile', () => {
  it('writes the program and a card beside it, which are a model', async () => {
    await mkdir(at('out'));
    const { code, out, err } = await compile(...calibrated, '--out', 'out/small.ocp');
    const bytes = await readFile(at('out', 'small.ocp'));
    const program = readProgram(bytes);
    const { steps, macs, arenaBytes } = totalsOf(program);
    expect([code, out]).toEqual([0, '']);
    expect(err).toBe(
      `note out/small.ocp: ${steps} steps, ${(macs / 1e6).toFixed(1)} million multiply-adds, ${bytes.length} bytes, ${arenaBytes} bytes of memory\n`,
    );
    expect(program.tensors).toMatchObject([
      { direction: 'input', element: 'uint8', shape: [1, 8, 8, 3] },
      { name: 'embedding', direction: 'output', shape: [1, 3] },
      { name: 'logits', direction: 'output', shape: [1, 3] },
    ]);
    const card = await readJson(at('out', 'small.card.json'));
    expect(card).toMatchObject({ name: 'small', file: 'small.ocp', sha256: sha256(bytes), task: 'classify' });

    const listed = await compile('--list', '--json', 'out/small.ocp');
    expect([listed.code, listed.err]).toEqual([0, '']);
    const lines = jsonLines(listed.out);
    expect(lines).toEqual(
      listProgram(program).map(({ constantBytes, ...step }) => ({ ...step, constant_bytes: constantBytes })),
    );
    expect(lines).toMatchObject([
      { index: 0, op: 'input', from: 'images', to: '8x8x3' },
      { index: 1, op: 'conv', from: '8x8x3', to: '8x8x8', kernel: '3x3', macs: 8 * 8 * 8 * 27 },
      { op: 'average_pool', from: '8x8x8', to: '1x1x8' },
      { op: 'conv', epilogue: 'float', to: '1x1x3 f32' },
      { op: 'conv', epilogue: 'float', to: '1x1x3 f32' },
    ]);
  });

  it('prints the steps as a table, and writes nothing then', async () => {
    const before = await readdir(folder);
    const { code, out, err } = await compile('--list', ...calibrated);
    expect([code, err]).toEqual([0, '']);
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^STEP +OPERATION +READS +WRITES +KERNEL +THEN +AT +BYTES +MULTIPLY-ADDS +NODE$/);
    expect(lines[2]).toMatch(/^1 +conv +8x8x3 +8x8x8 +3x3 +linear +\d+ +\d+ +13824 +\S/);
    expect(lines.at(-1)).toMatch(/^5 steps, 0\.0 million multiply-adds, \d+ bytes of constants, \d+ bytes of memory$/);
    expect(await readdir(folder)).toEqual(before);
  });

  it('keeps a card that is there, but for the digest of what it names', async () => {
    const own = { ...rawClassifierCard({ name: 'mine' }), remark: 'mine' };
    await mkdir(at('again'));
    const write = (card: object) => writeFile(at('again', 'tiny.card.json'), JSON.stringify(card));
    await write({ ...own, file: 'tiny.onnx', program: { file: 'tiny.ocp', sha256: 'old' } });
    const first = await compile(...calibrated, '--out', 'again/tiny.ocp');
    const digest = sha256(await readFile(at('again', 'tiny.ocp')));
    expect(first.code).toBe(0);
    expect(await readJson(at('again', 'tiny.card.json'))).toEqual({
      ...own,
      file: 'tiny.onnx',
      program: { file: 'tiny.ocp', sha256: digest },
    });

    await write(own);
    const second = await compile(...calibrated, '--out', 'again/tiny.ocp');
    expect(second.err).toContain(`does not name tiny.ocp: add "program": {"file": "tiny.ocp", "sha256": "${digest}"}`);
    expect(await readJson(at('again', 'tiny.card.json'))).toEqual(own);
  });

  it('tells the time of each step where there are kernels, and says where not', async () => {
    const { code, out, err } = await compile('--profile', '--json', ...calibrated);
    if (variants.length === 0) {
      expect([code, err]).toEqual([2, expect.stringContaining('expected the native kernels')]);
      return;
    }
    expect([code, err]).toEqual([0, '']);
    const times = (jsonLines(out) as { microseconds: number }[]).map(({ microseconds }) => microseconds);
    expect(times).toHaveLength(5);
    expect(times.every((time) => time >= 0 && time < 1e6)).toBe(true);
  });
});

describe('ocellus compile ends with 2 and says why', () => {
  beforeAll(async () => {
    const card = JSON.stringify(rawClassifierCard());
    await writeFile(at('text.onnx'), 'no network');
    await writeFile(at('text.ocp'), 'no program');
    const net = new NetworkBuilder();
    net.output(net.node('CumSum', ['images', net.constant([], [1], 'int64')]));
    await writeFile(at('odd.onnx'), net.build(8));
    for (const name of ['text', 'odd']) await writeFile(at(`${name}.card.json`), card);
    await mkdir(at('broken'));
    await writeFile(at('broken', 'tiny.card.json'), '{');
  });

  it.each([
    ['it is no network', ['text.onnx', '--calibrate', 'pictures'], /^error .*text\.onnx/],
    ['an operator is not known', ['odd.onnx', '--calibrate', 'pictures'], /^error .*\(CumSum\) cannot be compiled/],
    ['nothing tells the ranges', ['tiny.onnx'], /^error .*give a folder of pictures .*\(--calibrate\)/],
    ['there is no such folder', ['tiny.onnx', '--calibrate', 'nowhere'], /^error .*nowhere/],
    [
      'the program has another ending',
      [...calibrated, '--out', 'tiny.bin'],
      /^error --out: expected a name with \.ocp/,
    ],
    [
      'the program cannot be written',
      [...calibrated, '--out', 'nowhere/tiny.ocp'],
      /^error --out: expected a file in a folder that exists, got nowhere.tiny\.ocp/,
    ],
    [
      'a card beside it is broken',
      [...calibrated, '--out', 'broken/tiny.ocp'],
      /^error the card broken.tiny\.card\.json cannot be read: /,
    ],
    ['what is listed is no program', ['--list', 'text.ocp'], /^error the program text\.ocp cannot be read: expected/],
  ])('where %s', async (_, args, says) => {
    const { code, out, err } = await compile(...args);
    expect(err).toMatch(says);
    expect(err).not.toMatch(/^ +at /m);
    expect([code, out]).toEqual([2, '']);
  });
});
