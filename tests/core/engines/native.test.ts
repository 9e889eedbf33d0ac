import { afterEach, describe, expect, it } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { NativeEngine } from '../../../sdk/core/engines/native.ts';
import { tinyProgram } from '../../kernels/program/tiny.mjs';
import { needsAddon, variants } from '../../kernels/variants.ts';

const engines: NativeEngine[] = [];
async function loaded(model: Uint8Array = tinyProgram()): Promise<NativeEngine> {
  const engine = new NativeEngine();
  engines.push(engine);
  await engine.load(model, { threads: 1 });
  return engine;
}
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

/** 4x4 pixels of three channels: all 0 but one, which is in the second of the four 2x2 blocks. */
function picture(value: number): Uint8Array {
  const pixels = new Uint8Array(48);
  pixels[(1 * 4 + 2) * 3 + 1] = value;
  return pixels;
}

/** What `tinyProgram` makes of it: the greatest of each block. */
const pooled = (value: number) => [0, 0, 0, 0, value, 0, 0, 0, 0, 0, 0, 0];

describe.skipIf(variants.length === 0)(`NativeEngine${needsAddon}`, () => {
  it('tells what goes in, so many pictures as one likes, and what comes out', async () => {
    const { inputs, outputs } = await loaded();
    expect(inputs).toEqual([{ name: 'in', type: 'uint8', shape: ['batch', 4, 4, 3] }]);
    expect(outputs).toEqual([{ name: 'out', type: 'uint8', shape: [1, 2, 2, 3] }]);
  });

  it('runs on the buffer that bind() gave, into the same arrays each time', async () => {
    const engine = await loaded();
    const buffer = engine.bind('in', 'uint8', [1, 4, 4, 3]);
    const results = [];
    for (const value of [9, 200]) {
      buffer.set(picture(value));
      const out = (await engine.run()).get('out')!;
      expect(out.shape).toEqual([1, 2, 2, 3]);
      expect([...(out.data as Uint8Array)]).toEqual(pooled(value));
      results.push(out.data);
    }
    expect(results[1]).toBe(results[0]);
  });

  it('runs several pictures in one call, and the first few of them', async () => {
    const engine = await loaded();
    const buffer = engine.bind('in', 'uint8', [3, 4, 4, 3]);
    for (const offset of [0, 100]) {
      buffer.set([7, 8, 9].flatMap((value) => [...picture(value + offset)]));
      for (const count of [undefined, 1, 2, 3]) {
        const { data, shape } = (await engine.run(count)).get('out')!;
        const values = [7, 8, 9].slice(0, count).map((value) => value + offset);
        expect(shape).toEqual([values.length, 2, 2, 3]);
        expect([...(data as Uint8Array)]).toEqual(values.flatMap(pooled));
      }
    }
  });

  it('says what does not fit of an input', async () => {
    const engine = await loaded();
    expect(() => engine.bind('images', 'uint8', [1, 4, 4, 3])).toThrow('input: expected one of in, got images');
    expect(() => engine.bind('in', 'float32', [1, 4, 4, 3])).toThrow("input.type: the model's input in is uint8");
    expect(() => engine.bind('in', 'uint8', [1, 4, 5, 3])).toThrow(
      "input: the model's input in is [batch, 4, 4, 3], the card's size and layout give [1, 4, 5, 3]",
    );
    const size = { name: 'sizes', values: [4, 4], shape: [1, 2] };
    expect(() => engine.bind('in', 'uint8', [1, 4, 4, 3], size)).toThrow(
      'input: a compiled program takes a picture only, the card wants sizes given too',
    );
  });

  it('refuses what is no program, or a damaged one, and loads the next', async () => {
    const damaged = tinyProgram();
    damaged[200]! ^= 1;
    for (const bytes of [new Uint8Array(0), new Uint8Array(500), tinyProgram().subarray(0, 700), damaged]) {
      const loading = loaded(bytes);
      await expect(loading).rejects.toThrow(InputError);
      await expect(loading).rejects.toThrow('the compiled program: ');
    }
    expect((await loaded()).inputs).toHaveLength(1);
  });

  it('has no model before load() and after close()', async () => {
    const engine = new NativeEngine();
    const message = 'the engine has no model: call load() first';
    expect(() => engine.inputs).toThrow(message);
    await engine.load(tinyProgram(), { threads: 1 });
    await expect(engine.run()).rejects.toThrow('the engine has no input buffer: call bind() first');
    engine.bind('in', 'uint8', [1, 4, 4, 3]);
    await engine.close();
    await expect(engine.run()).rejects.toThrow(message);
    await engine.close();
  });
});
