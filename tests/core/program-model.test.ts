import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { findModel } from '../../sdk/core/cards/model-file.ts';
import { spaceOf } from '../../sdk/core/cards/space.ts';
import { loadClassifier } from '../../sdk/core/classifier.ts';
import { loadModel, type Model } from '../../sdk/core/model.ts';
import { Frame } from '../../sdk/frame/frame.ts';
import { kernels } from '../../sdk/kernels/kernels.ts';
import { temporaryFolder } from '../support/folders.ts';
import { input, meansModel, modelFolder, rawCard, rawClassifierCard, sha256 } from './cards.ts';
import { constantModel } from './onnx-builder.ts';
import { catProgram, meansProgram } from './programs.ts';

// `auto` takes the engine only where the processor has kernels that are faster than onnxruntime.
const isFast = kernels.programs?.isFast === true;
const needsFast = isFast ? '' : ' (needs npm run kernels, and a processor that programs have kernels for)';

const folder = modelFolder();
const network = constantModel(input, [{ name: 'output0', shape: [1, 6, 1], data: [16, 16, 16, 8, 0.9, 0.1] }]);
const program = catProgram();
const named = { file: 'cat.ocp', sha256: sha256(program) };

function grey(): Frame {
  const planes = [{ data: new Uint8Array(64 * 32).fill(90), stride: 64 }];
  return new Frame({ sequence: 0, captureTimeNs: 0, wallTimeMs: 0, format: 'GRAY8', width: 64, height: 32, planes });
}

/** Columns of red, of green and of blue that grow brighter to the right. */
function colours(): Frame {
  const data = Uint8Array.from({ length: 48 * 16 * 3 }, (_, i) => ((Math.floor(i / 3) % 48) * 5 + (i % 3) * 7) & 255);
  const planes = [{ data, stride: 48 * 3 }];
  return new Frame({ sequence: 0, captureTimeNs: 0, wallTimeMs: 0, format: 'RGB24', width: 48, height: 16, planes });
}

async function found(loading: Promise<Model>): Promise<{ engine: string; found: object[] }> {
  await using model = await loading;
  return { engine: model.engine, found: [...(await model.detect(grey()))] };
}

const cat = { label: 'cat', box: [16, 8, 48, 24], score: expect.closeTo(0.9, 5) };

describe.skipIf(!isFast)(`a model with a compiled program${needsFast}`, () => {
  it('is run by it, whatever names the model; by onnxruntime where that is asked for', async () => {
    await folder.write('cat.ocp', program);
    const onnx = await folder.write('cat.onnx', network);
    const card = await folder.write('cat.card.json', rawCard({ type: 'yolov8' }, { program: named }));
    for (const name of [onnx, card, onnx.replace('.onnx', '.ocp')]) {
      for (const engine of ['auto', 'native'] as const) {
        expect(await found(loadModel(name, { engine }))).toMatchObject({ engine: 'native', found: [cat] });
      }
      expect(await found(loadModel(name, { engine: 'onnxruntime' }))).toMatchObject({
        engine: 'onnxruntime',
        found: [cat],
      });
    }
  });

  it('looks at several regions as its network does', async () => {
    await folder.write('cat.ocp', program);
    const onnx = await folder.write('cat.onnx', network);
    await folder.write('cat.card.json', rawCard({ type: 'yolov8' }, { program: named }));
    const regions = [0, 32].map((x) => ({ x, y: 0, width: 32, height: 32 }));
    // The program's score is that of the brightest pixel, here without bars beside it.
    for (const engine of ['native', 'onnxruntime'] as const) {
      await using model = await loadModel(onnx, { engine });
      const found = await model.detectTimed(grey(), { regions });
      expect([engine, found.regions, [...found.detections].map(({ box }) => box)]).toEqual([
        engine,
        2,
        [
          [8, 12, 24, 20],
          [40, 12, 56, 20],
        ],
      ]);
    }
  });

  it('may be there without a network', async () => {
    const alone = rawCard({ type: 'yolov8' }, { file: 'alone.ocp', sha256: sha256(program) });
    const card = await folder.write('alone.card.json', alone);
    const file = await folder.write('alone.ocp', program);
    for (const name of [card, file]) {
      expect(await found(loadModel(name))).toMatchObject({ engine: 'native', found: [cat] });
    }
    await expect(loadModel(card, { engine: 'onnxruntime' })).rejects.toThrow(
      `model ${card}: engine onnxruntime: expected an ONNX file, got a compiled program, which the engine native runs`,
    );
  });

  it('runs in onnxruntime where the program is not there, and says so where it was asked for', async () => {
    const onnx = await folder.write('half.onnx', network);
    await folder.write('half.card.json', rawCard({ type: 'yolov8' }, { program: { file: 'none.ocp' } }));
    expect(await found(loadModel(onnx))).toMatchObject({ engine: 'onnxruntime', found: [cat] });
    await expect(loadModel(onnx, { engine: 'native' })).rejects.toThrow(
      `model ${onnx}: the model ${onnx} cannot be read: ENOENT`,
    );
    const bare = await folder.write('bare.onnx', network);
    await folder.write('bare.card.json', rawCard({ type: 'yolov8' }));
    await expect(loadModel(bare, { engine: 'native' })).rejects.toThrow(InputError);
    await expect(loadModel(bare, { engine: 'native' })).rejects.toThrow(
      `model ${bare}: engine native: expected a model with a compiled program, this one has none: \`ocellus compile\` makes it`,
    );
  });

  it('is refused where the program is not the one the card speaks of, is damaged, or does not fit the card', async () => {
    const onnx = await folder.write('bad.onnx', network);
    const damaged = program.slice();
    damaged[200]! ^= 1;
    const write = async (bytes: Uint8Array, change: object) => {
      await folder.write('bad.ocp', bytes);
      await folder.write('bad.card.json', rawCard({ type: 'yolov8' }, { program: { file: 'bad.ocp' }, ...change }));
      return loadModel(onnx);
    };
    const other = { program: { file: 'bad.ocp', sha256: '0'.repeat(64) } };
    await expect(write(program, other)).rejects.toThrow(
      /bad\.ocp is not the file that its card describes: expected sha256 0/,
    );
    await expect(write(damaged, {})).rejects.toThrow(`model ${onnx}: the compiled program: `);
    await expect(write(network, {})).rejects.toThrow(`model ${onnx}: the compiled program: `);
    await expect(write(program, { input: { width: 64, height: 32 } })).rejects.toThrow(
      "input: the model's input images is [batch, 32, 32, 3], the card's size and layout give [1, 32, 64, 3]",
    );
    await expect(write(program, { decoder: { type: 'yolov5' } })).rejects.toThrow('decoder: expected output output0');
    expect(await found(write(program, {}))).toMatchObject({ engine: 'native', found: [cat] });
  });

  it('is said to have no card where none lies beside the program', async () => {
    const file = await folder.write('lonely.ocp', program);
    await expect(findModel(file)).rejects.toThrow(
      `the compiled program ${file} has no card: expected ${file.replace('.ocp', '.card.json')} beside it`,
    );
    await expect(findModel('/nowhere/x.ocp')).rejects.toThrow('the model /nowhere/x.ocp cannot be read: ENOENT');
  });

  it('gives embeddings and classes as its network does, of many regions in one call, in the same space', async () => {
    const compiled = meansProgram();
    await folder.write('means.ocp', compiled);
    await folder.write('means.onnx', meansModel());
    const change = { program: { file: 'means.ocp' }, sha256: sha256(meansModel()) };
    const card = await folder.write('means.card.json', rawClassifierCard(change));
    await using native = await loadClassifier(card);
    await using other = await loadClassifier(card, { engine: 'onnxruntime' });
    expect([native.engine, other.engine]).toEqual(['native', 'onnxruntime']);
    expect(spaceOf(native.card)).toBe(spaceOf(other.card));
    const regions = Array.from({ length: 7 }, (_, i) => ({ x: i * 5, y: i, width: 12, height: 8 }));
    const [ours, theirs] = await Promise.all([native.embed(colours(), regions), other.embed(colours(), regions)]);
    expect(ours).toHaveLength(7);
    ours.forEach(({ values }, i) => {
      values.forEach((value, k) => {
        expect(Math.abs(value - theirs[i]!.values[k]!)).toBeLessThanOrEqual(1);
      });
    });
    // Regions differ, and so do they.
    expect(new Set(ours.map(({ values }) => [...values].join())).size).toBeGreaterThan(1);
    const [best] = await native.classify(colours());
    const [same] = await other.classify(colours());
    expect(best!.label).toBe(same!.label);
    expect(best!.score).toBeCloseTo(same!.score, 2);
  });

  it('does not load onnxruntime', async () => {
    const own = temporaryFolder();
    await writeFile(join(own, 'cat.ocp'), program);
    await writeFile(join(own, 'cat.onnx'), network);
    await writeFile(join(own, 'cat.card.json'), JSON.stringify(rawCard({ type: 'yolov8' }, { program: named })));
    const script = `
      import { readFileSync } from 'node:fs';
      import { Frame, loadModel } from ${JSON.stringify(asset('dist', 'sdk', 'index.js'))};
      const planes = [{ data: new Uint8Array(64 * 32).fill(90), stride: 64 }];
      const frame = new Frame({ sequence: 0, captureTimeNs: 0, wallTimeMs: 0, format: 'GRAY8', width: 64, height: 32, planes });
      const model = await loadModel(process.argv[2], { engine: process.argv[3] });
      const { length } = await model.detect(frame);
      console.log(length, /onnxruntime/.test(readFileSync('/proc/self/maps', 'utf8')));
      await model.close();`;
    const file = join(own, 'maps.mjs');
    await writeFile(file, script);
    const said = ['auto', 'onnxruntime'].map((engine) => {
      const { stdout, stderr } = spawnSync(process.execPath, [file, join(own, 'cat.onnx'), engine], {
        encoding: 'utf8',
      });
      return `${stdout}${stderr}`.trim();
    });
    expect(said).toEqual(['1 false', '1 true']);
  });
});

describe('chooseEngine', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.resetModules();
  });
  const at = { path: '/somewhere', sha256: undefined };
  const choose = async (variant: string, asked: 'auto' | 'native', files: object) => {
    vi.stubEnv('OCELLUS_KERNELS', variant);
    vi.resetModules();
    const { chooseEngine } = await import('../../sdk/core/choose-engine.ts');
    return chooseEngine(asked, { name: 'm', card: undefined, network: undefined, program: undefined, ...files });
  };

  it('takes onnxruntime where the kernels in TypeScript are used, and refuses a program alone', async () => {
    expect(await choose('typescript', 'auto', { network: at, program: at })).toBe('onnxruntime');
    await expect(choose('typescript', 'auto', { program: at })).rejects.toThrow(
      'expected the native kernels, which run compiled programs, got TypeScript (',
    );
    await expect(choose('typescript', 'native', { network: at, program: at })).rejects.toThrow(
      'engine native: expected the native kernels, got TypeScript (',
    );
  });

  it.skipIf(kernels.programs === undefined)(
    'takes onnxruntime where there are only scalar kernels, and the program where there is nothing else',
    async () => {
      const path = asset('package.json');
      expect(await choose('scalar', 'auto', { network: at, program: { ...at, path } })).toBe('onnxruntime');
      expect(await choose('scalar', 'auto', { program: { ...at, path } })).toBe('native');
      expect(await choose('scalar', 'native', { network: at, program: { ...at, path } })).toBe('native');
    },
  );
});
