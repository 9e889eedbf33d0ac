import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { chooseVariant, loadAddon } from '../../sdk/kernels/native.ts';
import { needsAddon, variants } from './variants.ts';

const { addon, file } = loadAddon();

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-kernels-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.resetModules();
  await rm(folder, { recursive: true });
});

describe('chooseVariant', () => {
  const offered = { abi: 1, variants: ['scalar', 'avx2'], kernels: () => ({}) as never };

  it.each([
    { name: 'the best', addon: offered, asked: undefined, chosen: 'avx2' },
    { name: 'the best where the variable is empty', addon: offered, asked: '', chosen: 'avx2' },
    { name: 'what was asked for', addon: offered, asked: 'scalar', chosen: 'scalar' },
    { name: 'none where the twins were asked for', addon: offered, asked: 'typescript', chosen: undefined },
    { name: 'none without an addon', addon: undefined, asked: undefined, chosen: undefined },
  ])('gives $name', ({ addon, asked, chosen }) => {
    vi.stubEnv('OCELLUS_KERNELS', undefined);
    expect(chooseVariant(addon, asked)).toBe(chosen);
  });

  it('says what there is instead of what was asked for', () => {
    expect(() => chooseVariant(offered, 'neon')).toThrow(
      new InputError('OCELLUS_KERNELS: expected one of typescript, scalar, avx2 on this machine, got neon'),
    );
    expect(() => chooseVariant(undefined, 'avx2')).toThrow('expected one of typescript on this machine, got avx2');
  });
});

describe('loadAddon with OCELLUS_KERNELS_FILE', () => {
  it.each([
    { name: 'that does not exist', make: () => join(folder, 'none.node') },
    {
      name: 'that is a script',
      make: () => {
        const path = join(folder, 'script.js');
        writeFileSync(path, 'module.exports = { abi: 1, variants: [] };');
        return path;
      },
    },
    {
      name: 'of 0 bytes',
      make: () => {
        const path = join(folder, 'empty.node');
        writeFileSync(path, '');
        return path;
      },
    },
  ])('refuses a file $name', ({ make }) => {
    const path = make();
    vi.stubEnv('OCELLUS_KERNELS_FILE', path);
    expect(loadAddon).toThrow(InputError);
    expect(loadAddon).toThrow(`OCELLUS_KERNELS_FILE: ${path} cannot be loaded`);
  });

  it('refuses an addon that is not ours', () => {
    const other = asset(
      ...['node_modules', 'onnxruntime-node', 'bin', 'napi-v6', process.platform, process.arch],
      'onnxruntime_binding.node',
    );
    vi.stubEnv('OCELLUS_KERNELS_FILE', other);
    expect(loadAddon).toThrow(`${other} is of another version (undefined, expected `);
  });

  it.skipIf(!file)(
    `says of one that was cut off that it was, wherever, and of one for another processor${needsAddon}`,
    () => {
      const path = join(folder, 'cut.node');
      const whole = readFileSync(file!);
      vi.stubEnv('OCELLUS_KERNELS_FILE', path);
      // The loader faults where it reads beyond the end, and ends the process.
      for (const size of [300, 4096, 200_000, whole.length - 1]) {
        writeFileSync(path, whole.subarray(0, size));
        expect(loadAddon).toThrow(
          `${path} cannot be loaded: it was cut off: expected ${whole.length} bytes, got ${size}`,
        );
      }
      const [arch, machine] = process.arch === 'arm64' ? ['x64', 62] : ['arm64', 183];
      whole.writeUInt16LE(machine, 18);
      writeFileSync(path, whole);
      expect(loadAddon).toThrow(`${path} cannot be loaded: it was built for ${arch}, expected ${process.arch}`);
    },
  );

  it.skipIf(!file)(`takes a copy of ours from any place${needsAddon}`, () => {
    const path = join(folder, 'copy.node');
    writeFileSync(path, readFileSync(file!));
    vi.stubEnv('OCELLUS_KERNELS_FILE', path);
    const found = loadAddon();
    expect(found).toMatchObject({ file: path, why: '' });
    expect(found.addon!.variants).toEqual(addon!.variants);
  });
});

describe('kernels', () => {
  const load = async () => (await import('../../sdk/kernels/kernels.ts')).kernels;

  it('are the twins where the environment says so', async () => {
    vi.stubEnv('OCELLUS_KERNELS', 'typescript');
    const { motion } = await import('../../sdk/kernels/motion/typescript.ts');
    const kernels = await load();
    expect(kernels.motion).toBe(motion);
    expect(kernels.name).toMatch(/^TypeScript \(.+\)$/);
  });

  it.each(variants)('are native with OCELLUS_KERNELS=$name', async ({ name }) => {
    vi.stubEnv('OCELLUS_KERNELS', name);
    const kernels = await load();
    expect(kernels.name).toBe(`native ${name}`);
    expect(kernels.dot.dotI8(Int8Array.of(2), Int8Array.of(3))).toBe(6);
  });

  it('do not load when the environment asks for what there is not', async () => {
    vi.stubEnv('OCELLUS_KERNELS', 'mmx');
    await expect(load()).rejects.toThrow('OCELLUS_KERNELS: expected one of typescript');
  });
});

describe.skipIf(!addon)(`the addon${needsAddon}`, () => {
  it('knows the word for each variant, and no other', () => {
    expect(addon!.variants[0]).toBe('scalar');
    expect(() => addon!.kernels('sse9')).toThrow(TypeError);
    for (const { name, functions } of variants) {
      for (const used of Object.values(functions.chosen)) expect(addon!.variants).toContain(used);
      // The best that there is of its own, and at most what was asked for.
      expect(addon!.variants.indexOf(functions.chosen.dot!)).toBeLessThanOrEqual(addon!.variants.indexOf(name));
    }
  });

  it('uses what variants.def lists', () => {
    const listed = [
      ...readFileSync(asset('sdk', 'kernels', 'variants.def'), 'utf8').matchAll(/^KERNEL\((\w+), (\w+)\)/gm),
    ];
    for (const { name, functions } of variants) {
      for (const [, operation, isa] of listed) {
        if (isa === name) expect(functions.chosen[operation!]).toBe(name);
      }
    }
  });

  it('works in several threads at once, which come and go', async () => {
    const script = `
      const { parentPort, workerData } = require('node:worker_threads');
      for (let round = 0; round < 20; round++) {
        const loaded = { exports: {} };
        process.dlopen(loaded, workerData);
        const { variants, kernels } = loaded.exports;
        for (const variant of variants) {
          const { dotI8, motion } = kernels(variant);
          const a = new Int8Array(1280).fill(3);
          if (dotI8(a, a) !== 9 * 1280) throw new Error(variant);
          const cells = () => new Uint16Array(16 * 4);
          const masks = [new Uint8Array(64), new Uint8Array(64).fill(1)];
          const luma = new Uint8Array(128 * 32).fill(200);
          const numbers = Int32Array.of(128, 32, 128, 1, 64, 8192, 512, 256, 64, 100, 1500);
          const count = motion(luma, numbers, cells(), cells(), cells(), cells(), cells(), cells(), ...masks);
          if (count !== 64) throw new Error(variant + ': ' + count);
        }
      }
      parentPort.postMessage('done');`;
    for (let turn = 0; turn < 3; turn++) {
      const done = Array.from({ length: 4 }, () => {
        const worker = new Worker(script, { eval: true, workerData: file });
        return new Promise((resolve, reject) => {
          worker.once('error', reject);
          let said: unknown;
          worker.once('message', (message) => {
            said = message;
          });
          worker.once('exit', () => resolve(said));
        });
      });
      expect(await Promise.all(done)).toEqual(['done', 'done', 'done', 'done']);
    }
  });

  it('throws a TypeError or a RangeError at junk, and never faults', () => {
    const seed = String(Date.now() % 1_000_000);
    const fuzz = asset('tests', 'kernels', 'fuzz.mjs');
    // A crash makes this throw; the seed in the command repeats it.
    const said = JSON.parse(execFileSync(process.execPath, [fuzz, file!, seed, '2000'], { encoding: 'utf8' }));
    const functions = Object.keys(variants[0]!.functions).filter((name) => name !== 'chosen');
    // And the function that `preprocessor` gives.
    expect(said.names).toEqual([...functions, 'run']);
    expect(said.thrown).toBeGreaterThan(1000);
    expect(said.returned).toBeGreaterThan(1000);
  });
});
