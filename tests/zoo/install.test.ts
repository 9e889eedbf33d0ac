import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { modelsFolder } from '../../sdk/config/data-folder.ts';
import { findModel, installedModels, readModel } from '../../sdk/core/cards/model-file.ts';
import { loadModel } from '../../sdk/core/model.ts';
import { Frame } from '../../sdk/frame/frame.ts';
import { openCatalogue } from '../../sdk/zoo/catalogue.ts';
import { install, originOf, remove } from '../../sdk/zoo/install.ts';
import { planOf, planOfFile, planOfUrl } from '../../sdk/zoo/plan.ts';
import { onnxModel } from '../core/onnx-builder.ts';
import { plant, temporaryFolder } from '../support/folders.ts';
import { cardOf, file, network, pair, sha256, startServer, zooFolder } from './mirror.ts';

const bytes = network(200_000);
const keys = [pair.publicKey];
let data = '';

beforeEach(() => {
  data = temporaryFolder();
  vi.stubEnv('OCELLUS_DATA', data);
});

const planFrom = async (from: string, name = 'small') => planOf(name, await openCatalogue({ from, keys }));
const hidden = () => readdirSync(modelsFolder()).filter((name) => name.startsWith('.') && name !== '.seen.json');

/** The one box that it finds in a picture of 64x64. */
async function boxOf(name: string): Promise<number[]> {
  const model = await loadModel(name);
  try {
    const planes = [{ data: new Uint8Array(64 * 64 * 3), stride: 64 * 3 }];
    const numbers = { sequence: 0, captureTimeNs: 0, wallTimeMs: 0 };
    const found = await model.detect(new Frame({ format: 'RGB24', width: 64, height: 64, planes, ...numbers }));
    return [...found.xyxy].map(Math.round);
  } finally {
    await model.close();
  }
}

describe('a model that is installed', () => {
  it('is found by its name, and finds what it is to find', async () => {
    await install(await planFrom(zooFolder('small', bytes)));
    expect((await findModel('small')).network?.path).toBe(join(data, 'models.zoo', 'small', 'small.onnx'));
    expect(await boxOf('small')).toEqual([10, 10, 40, 40]);
  });

  it('has its licence and origin beside it, and nothing else is left', async () => {
    const from = zooFolder('small', bytes);
    await install(await planFrom(from));
    const folder = join(modelsFolder(), 'small');
    expect(readdirSync(folder).sort()).toEqual(['licence.txt', 'origin.json', 'small.card.json', 'small.onnx']);
    expect(readFileSync(join(folder, 'licence.txt'), 'utf8')).toContain('Copyright (c) 2026 Somebody.');
    expect(await originOf('small')).toMatchObject({ from: join(from, 'small', 'small.onnx'), licence: 'Apache-2.0' });
    expect(hidden()).toEqual(['.partial']);
    expect(readdirSync(join(modelsFolder(), '.partial'))).toEqual([]);
  });

  it('is there at once the second time, and replaced by a newer one', async () => {
    const first = await planFrom(zooFolder('small', bytes));
    expect(await install(first)).toMatchObject({ wasThere: false });
    expect(await install(first)).toMatchObject({ wasThere: true });
    const newer = network(100_000);
    expect(await install(await planFrom(zooFolder('small', newer)))).toMatchObject({ wasThere: false });
    expect(Buffer.from((await readModel('small')).bytes).equals(newer)).toBe(true);
    expect(hidden()).toEqual(['.partial']);
  });

  it('serves another machine as a mirror', async () => {
    const from = zooFolder('small', bytes);
    await install(await planFrom(from));
    const mirror = modelsFolder();
    plant(mirror, {
      'zoo.json': readFileSync(join(from, 'zoo.json'), 'utf8'),
      'zoo.json.sig': readFileSync(join(from, 'zoo.json.sig'), 'utf8'),
    });
    vi.stubEnv('OCELLUS_DATA', temporaryFolder());
    await install(await planFrom(mirror));
    expect(Buffer.from((await readModel('small')).bytes).equals(bytes)).toBe(true);
  });

  it('is removed whole', async () => {
    await install(await planFrom(zooFolder('small', bytes)));
    await remove('small');
    expect(existsSync(join(modelsFolder(), 'small'))).toBe(false);
    expect(await installedModels()).toEqual([]);
    await expect(findModel('small')).rejects.toThrow(
      /there is no model "small": expected one of .*`ocellus models` lists others/,
    );
    await expect(remove('small')).rejects.toThrow(/is not installed: expected one, there is none/);
    await expect(remove('../small')).rejects.toThrow(/is not installed/);
  });

  it('is listed with what is wrong, where its card is damaged', async () => {
    await install(await planFrom(zooFolder('small', bytes)));
    writeFileSync(join(modelsFolder(), 'small', 'small.card.json'), '{');
    expect(await installedModels()).toEqual([
      { name: 'small', card: undefined, problem: expect.stringMatching(/expected JSON/) },
    ]);
  });
});

describe('nothing is half installed', () => {
  it.each<[string, (folder: string) => void, RegExp]>([
    [
      'where a file is missing',
      (folder) => rmSync(join(folder, 'small', 'small.onnx')),
      /small\.onnx cannot be read: ENOENT/,
    ],
    [
      'where a file is another one',
      (folder) => writeFileSync(join(folder, 'small', 'small.onnx'), Buffer.alloc(bytes.length)),
      /nothing of it is kept/,
    ],
    [
      'where a file is too long',
      (folder) => writeFileSync(join(folder, 'small', 'small.onnx'), Buffer.alloc(bytes.length + 1)),
      /expected \d+ bytes, got more/,
    ],
    [
      'where a file is too short',
      (folder) => writeFileSync(join(folder, 'small', 'small.onnx'), bytes.subarray(0, 10)),
      /got 10 bytes/,
    ],
  ])('%s', async (_, change, message) => {
    const from = zooFolder('small', bytes);
    const plan = await planFrom(from);
    change(from);
    await expect(install(plan)).rejects.toThrow(message);
    expect(await installedModels()).toEqual([]);
    expect(hidden()).toEqual(['.partial']);
    expect(readdirSync(join(modelsFolder(), '.partial'))).toEqual([]);
  });

  it('and the former one stays where its successor fails', async () => {
    await install(await planFrom(zooFolder('small', bytes)));
    const from = zooFolder('small', network(100_000));
    writeFileSync(join(from, 'small', 'small.onnx'), 'damaged');
    await expect(install(await planFrom(from))).rejects.toThrow(/it is another file, or damaged/);
    expect(Buffer.from((await readModel('small')).bytes).equals(bytes)).toBe(true);
  });

  it('and what a killed process had in hand is tidied, the former model put back', async () => {
    await install(await planFrom(zooFolder('small', bytes)));
    const folder = modelsFolder();
    // No process has this number.
    mkdirSync(join(folder, '.new-4194305-abc'));
    mkdirSync(join(folder, '.gone-4194305-other'));
    mkdirSync(join(folder, '.old-4194305-former'));
    writeFileSync(join(folder, '.old-4194305-former', 'former.card.json'), '{}');
    await install(await planFrom(zooFolder('another', bytes), 'another'));
    expect(
      readdirSync(folder)
        .filter((name) => name !== '.seen.json')
        .sort(),
    ).toEqual(['.partial', 'another', 'former', 'small']);
  });

  it('nor fetched where there is no room', async () => {
    const plan = await planFrom(zooFolder('small', bytes));
    const [one] = plan.files as [(typeof plan.files)[number]];
    const huge = { ...plan, files: [{ ...one, bytes: 2 ** 50, most: 2 ** 50 }] };
    await expect(install(huge)).rejects.toThrow(/no room for small in .*: expected \d+ bytes, \d+ are free/);
  });

  it('nor by the name of a model that ships', async () => {
    const name = 'nanodet-g-416-int8';
    await expect(install(await planFrom(zooFolder(name, bytes), name))).rejects.toThrow(
      /belongs to a model that ships with Ocellus/,
    );
    await expect(remove(name)).rejects.toThrow(/ships with Ocellus and stays/);
  });
});

describe('a URL', () => {
  const card = (change: object = {}) => {
    const { sha256: _, ...rest } = cardOf('mine', 'mine.onnx', bytes);
    return join(
      plant(temporaryFolder(), { 'mine.card.json': JSON.stringify({ ...rest, ...change }) }),
      'mine.card.json',
    );
  };

  it('with its sum and a card is installed', async () => {
    const server = await startServer();
    server.answer('/some.onnx', file(bytes));
    const plan = await planOfUrl(`${server.url}/some.onnx`, { sha256: sha256(bytes).toUpperCase(), card: card() });
    expect(plan.licence).toBeUndefined();
    await install(plan);
    expect(Buffer.from((await readModel('mine')).bytes).equals(bytes)).toBe(true);
  });

  it('has another file', async () => {
    const server = await startServer();
    server.answer('/some.onnx', file(Buffer.from('<html>')));
    const plan = await planOfUrl(`${server.url}/some.onnx`, { sha256: sha256(bytes), card: card() });
    await expect(install(plan)).rejects.toThrow(/expected sha256 [0-9a-f]{64}, got 6 bytes of/);
    expect(await installedModels()).toEqual([]);
  });

  it.each<[string, { sha256?: string; card?: () => string }, RegExp]>([
    ['without a sum', { card }, /expected --sha256 .*got none/],
    ['with a sum that is none', { sha256: 'abc', card }, /expected --sha256 .*got abc/],
    ['without a card', { sha256: sha256(bytes) }, /expected --card X\.card\.json/],
    [
      'with the card of another file',
      { sha256: sha256(bytes), card: () => card({ sha256: sha256('x') }) },
      /expected that of --sha256/,
    ],
    [
      'with a card that leads elsewhere',
      { sha256: sha256(bytes), card: () => card({ file: '../x.onnx' }) },
      /expected a name without a folder/,
    ],
    [
      'with a card of two files',
      { sha256: sha256(bytes), card: () => card({ program: { file: 'x.ocp' } }) },
      /expected a card of one file/,
    ],
  ])('%s is refused', async (_, { sha256: sum, card: make }, message) => {
    const options = { ...(sum && { sha256: sum }), ...(make && { card: make() }) };
    await expect(planOfUrl('https://somewhere.invalid/a.onnx', options)).rejects.toThrow(message);
    await expect(planOfUrl('ftp://somewhere.invalid/a.onnx', options)).rejects.toThrow(
      /expected https:\/\/… or http:\/\//,
    );
  });
});

describe('a file', () => {
  it('is installed with the card beside it, or one that is given', async () => {
    const folder = plant(temporaryFolder(), { 'mine.onnx': bytes as unknown as string });
    const own = JSON.stringify(cardOf('mine', 'mine.onnx', bytes));
    plant(folder, { 'mine.card.json': own, 'other/another.card.json': own.replace('"mine"', '"another"') });
    for (const path of ['mine.onnx', 'mine.card.json']) {
      const plan = await planOfFile(join(folder, path), {});
      expect(plan.name).toBe('mine');
      await install(plan);
      expect(Buffer.from((await readModel('mine')).bytes).equals(bytes)).toBe(true);
      await remove('mine');
    }
    await install(await planOfFile(join(folder, 'mine.onnx'), { card: join(folder, 'other', 'another.card.json') }));
    expect(Buffer.from((await readModel('another')).bytes).equals(bytes)).toBe(true);
  });

  it('takes its weights along, which may lie anywhere in a file of another format', async () => {
    const row = Float32Array.of(10, 10, 40, 40, 0.9, 0);
    const weights = Buffer.concat([Buffer.from('x'), Buffer.from(row.buffer), Buffer.from('end')]);
    const external = { location: 'checkpoint.pth', offset: 1, length: row.byteLength };
    const graph = Buffer.from(
      onnxModel({
        inputs: [{ name: 'images', shape: [1, 3, 64, 64] }],
        outputs: [{ name: 'boxes', shape: [1, 1, 6] }],
        constants: [{ name: 'row', shape: [1, 1, 6], data: [], external }],
        operations: [{ op: 'Identity', inputs: ['row'], outputs: ['boxes'] }],
      }),
    );
    const folder = plant(temporaryFolder(), { 'mine.card.json': JSON.stringify(cardOf('mine', 'mine.onnx', graph)) });
    plant(folder, { 'mine.onnx': graph as unknown as string, 'checkpoint.pth': weights as unknown as string });
    await install(await planOfFile(join(folder, 'mine.onnx'), {}));
    expect(await boxOf('mine')).toEqual([10, 10, 40, 40]);
  });

  it('is refused where it is another one, or says too little', async () => {
    const folder = plant(temporaryFolder(), { 'mine.onnx': bytes as unknown as string });
    await expect(planOfFile(join(folder, 'mine.onnx'), {})).rejects.toThrow(
      /cannot be used as it is: .*`ocellus models inspect/s,
    );
    plant(folder, { 'mine.card.json': JSON.stringify(cardOf('mine', 'mine.onnx', bytes)) });
    await expect(planOfFile(join(folder, 'mine.onnx'), { sha256: sha256('x') })).rejects.toThrow(
      /expected sha256 .*, got /,
    );
    writeFileSync(join(folder, 'mine.onnx'), 'damaged');
    await expect(planOfFile(join(folder, 'mine.onnx'), {})).rejects.toThrow(/it is another file, or damaged/);
  });
});
