import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { packageRoot } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { OnnxRuntimeEngine } from '../../../sdk/core/engines/onnxruntime.ts';
import { constantModel, onnxModel } from '../onnx-builder.ts';

const engines: OnnxRuntimeEngine[] = [];
async function loaded(model: Uint8Array): Promise<OnnxRuntimeEngine> {
  const engine = new OnnxRuntimeEngine();
  engines.push(engine);
  await engine.load(model, { threads: 1 });
  return engine;
}
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

/** Twice what it gets. */
const doubling = (shape: (number | string)[]) =>
  onnxModel({
    inputs: [{ name: 'in', shape }],
    outputs: [{ name: 'out', shape }],
    operations: [{ op: 'Add', inputs: ['in', 'in'], outputs: ['out'] }],
  });

describe('OnnxRuntimeEngine', () => {
  it('runs on the buffer that bind() gave, into the same buffers each time', async () => {
    const engine = await loaded(doubling([1, 4]));
    const buffer = engine.bind('in', 'float32', [1, 4]);
    buffer.set([1, 2, 3, 4]);
    const first = (await engine.run()).get('out')!;
    expect(first).toEqual({ data: Float32Array.of(2, 4, 6, 8), shape: [1, 4] });
    buffer.fill(5);
    const second = (await engine.run()).get('out')!;
    expect(second.data).toBe(first.data);
    expect([...second.data]).toEqual([10, 10, 10, 10]);
  });

  it('runs a model whose sizes are open', async () => {
    const engine = await loaded(doubling(['batch', 'count']));
    engine.bind('in', 'float32', [1, 3]).set([1, 2, 3]);
    expect((await engine.run()).get('out')).toEqual({ data: Float32Array.of(2, 4, 6), shape: [1, 3] });
  });

  it.each([
    ['int8', [0, 1, 3, -128, 127, -3]],
    ['int32', [0, 1, 3, -300, 300, -3]],
    ['int64', [0, 1, 3, -300, 300, -3]],
  ] as const)(
    'writes floats into an input of %s: rounded, and as near as its range has them',
    async (type, written) => {
      for (const shape of [
        [2, 3, 1, 1],
        ['batch', 3, 1, 1],
      ]) {
        const engine = await loaded(
          onnxModel({
            inputs: [{ name: 'in', type, shape }],
            outputs: [{ name: 'out', shape }],
            operations: [{ op: 'Cast', inputs: ['in'], outputs: ['out'], ints: { to: 1 } }],
          }),
        );
        expect(engine.inputs).toMatchObject([{ name: 'in', type: 'float32' }]);
        engine.bind('in', 'float32', [2, 3, 1, 1]).set([Number.NaN, 1.4, 2.6, -300, 300, -2.6]);
        expect([...(await engine.run()).get('out')!.data]).toEqual(written);
        if (shape[0] === 2) continue;
        expect([...(await engine.run(1)).get('out')!.data]).toEqual(written.slice(0, 3));
      }
    },
  );

  it('takes and gives floats where the model has float16', async () => {
    for (const sides of [
      [2, 3],
      ['batch', 'count'],
    ]) {
      const engine = await loaded(
        onnxModel({
          inputs: [{ name: 'in', type: 'float16', shape: sides }],
          outputs: [{ name: 'out', type: 'float16', shape: sides }],
          operations: [{ op: 'Add', inputs: ['in', 'in'], outputs: ['out'] }],
        }),
      );
      expect([engine.inputs[0]!.type, engine.outputs[0]!.type]).toEqual(['float32', 'float32']);
      const buffer = engine.bind('in', 'float32', [2, 3]);
      for (const first of [0.25, 1000]) {
        buffer.set([first, 1, -2, 0.1, 65504, 3]);
        const { data, shape } = (await engine.run()).get('out')!;
        expect([shape, data.constructor]).toEqual([[2, 3], Float32Array]);
        // 0.1 is 0.0999755859375 in 16 bits, and twice the greatest is beyond them.
        expect([...data]).toEqual([2 * first, 2, -4, 0.199951171875, Number.POSITIVE_INFINITY, 6]);
      }
      if (typeof sides[0] === 'string') {
        expect((await engine.run(1)).get('out')).toEqual({ data: Float32Array.of(2000, 2, -4), shape: [1, 3] });
      }
    }
  });

  // By itself: what onnxruntime decides with its first tensor, it decides once in a process.
  it.skipIf(!('Float16Array' in globalThis))(
    'says why it cannot take float16 where a program made tensors before (needs Float16Array: Node 24 or newer)',
    () => {
      const packageFile = join(packageRoot, 'sdk/core/engines/onnxruntime-package.ts');
      const program = `
        import { createRequire } from 'node:module';
        const { Tensor } = createRequire(${JSON.stringify(packageFile)})('onnxruntime-node');
        new Tensor('float32', new Float32Array(1), [1]);
        const { assertHalfFloats } = await import(${JSON.stringify(packageFile)});
        try { assertHalfFloats(); } catch ({ message }) { console.log(message); }`;
      const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
      expect(said).toMatch(/^onnxruntime cannot take float16 in this process: .*Load a model of Ocellus first$/m);
    },
  );

  it.each(['int64', 'int32', 'float32'] as const)('gives a second input of %s, the same at each run', async (type) => {
    const engine = await loaded(
      onnxModel({
        inputs: [
          { name: 'in', shape: [1, 2] },
          { name: 'size', type, shape: [1, 2] },
        ],
        outputs: [{ name: 'out', shape: [1, 2] }],
        operations: [
          { op: 'Cast', inputs: ['size'], outputs: ['floats'], ints: { to: 1 } },
          { op: 'Mul', inputs: ['in', 'floats'], outputs: ['out'] },
        ],
      }),
    );
    const buffer = engine.bind('in', 'float32', [1, 2], { name: 'size', values: [640, 480], shape: [1, 2] });
    for (const share of [0.5, 0.25]) {
      buffer.fill(share);
      expect([...(await engine.run()).get('out')!.data]).toEqual([640 * share, 480 * share]);
    }
  });

  it('says how to export a model of a fixed batch', async () => {
    const engine = await loaded(doubling([4, 2]));
    expect(() => engine.bind('in', 'float32', [1, 2])).toThrow(
      'in is [4, 2], 4 pictures at once; one is given at a time: export it with a batch of 1',
    );
  });

  it('runs on the first few of an open batch', async () => {
    const engine = await loaded(doubling(['batch', 2]));
    const buffer = engine.bind('in', 'float32', [3, 2]);
    buffer.set([1, 2, 3, 4, 5, 6]);
    expect((await engine.run()).get('out')).toEqual({ data: Float32Array.of(2, 4, 6, 8, 10, 12), shape: [3, 2] });
    for (const first of [1, 7]) {
      buffer[0] = first;
      expect((await engine.run(2)).get('out')).toEqual({ data: Float32Array.of(first * 2, 4, 6, 8), shape: [2, 2] });
      expect((await engine.run(1)).get('out')).toEqual({ data: Float32Array.of(first * 2, 4), shape: [1, 2] });
    }
  });

  it('gives fixed and open outputs together, of each type it reads', async () => {
    const input = { name: 'in', type: 'uint8' as const, shape: [1, 2] };
    const engine = await loaded(
      constantModel(input, [
        { name: 'a', shape: [2], data: [0.5, 1] },
        { name: 'b', type: 'int64', shape: [2], data: [7, 8] },
        { name: 'c', type: 'int32', shape: [1], data: [9], declared: ['any'] },
        { name: 'd', type: 'uint8', shape: [2], data: [3, 4] },
      ]),
    );
    engine.bind('in', 'uint8', [1, 2]);
    for (let i = 0; i < 2; i++) {
      const outputs = await engine.run();
      expect(
        Object.fromEntries([...outputs].map(([name, { data }]) => [name, Array.from(data as ArrayLike<unknown>)])),
      ).toEqual({
        a: [0.5, 1],
        b: [7n, 8n],
        c: [9],
        d: [3, 4],
      });
    }
  });

  it('refuses what is no model', async () => {
    for (const bytes of [new Uint8Array(0), new Uint8Array(100), doubling([1, 4]).subarray(0, 40)]) {
      const loading = loaded(bytes);
      await expect(loading).rejects.toThrow(InputError);
      await expect(loading).rejects.toThrow('onnxruntime cannot load the model: ');
    }
  });

  it('refuses a model with an operator that does not exist', async () => {
    const model = onnxModel({
      inputs: [{ name: 'in', shape: [1] }],
      outputs: [{ name: 'out', shape: [1] }],
      operations: [{ op: 'Dream', inputs: ['in'], outputs: ['out'] }],
    });
    await expect(loaded(model)).rejects.toThrow(/onnxruntime cannot load the model: .*Dream/);
  });

  it('says what does not fit of an input', async () => {
    const engine = await loaded(doubling([1, 4]));
    expect(() => engine.bind('input', 'float32', [1, 4])).toThrow('input: expected one of in, got input');
    expect(() => engine.bind('in', 'uint8', [1, 4])).toThrow(
      "input.type: the model's input in is float32, the card says uint8",
    );
    expect(() => engine.bind('in', 'float32', [1, 5])).toThrow(
      "input: the model's input in is [1, 4], the card's size and layout give [1, 5]",
    );
    expect(() => engine.bind('in', 'float32', [4])).toThrow('give [4]');
    const two = await loaded(
      onnxModel({
        inputs: [
          { name: 'a', shape: [1] },
          { name: 'b', shape: [1] },
        ],
        outputs: [{ name: 'out', shape: [1] }],
        operations: [{ op: 'Add', inputs: ['a', 'b'], outputs: ['out'] }],
      }),
    );
    expect(() => two.bind('a', 'float32', [1])).toThrow('expected a model with one input, got a, b');
  });

  it('has no model before load() and after close()', async () => {
    const engine = new OnnxRuntimeEngine();
    const message = 'the engine has no model: call load() first';
    expect(() => engine.inputs).toThrow(message);
    await engine.load(doubling([1, 4]), { threads: 1 });
    engine.bind('in', 'float32', [1, 4]);
    await engine.close();
    await expect(engine.run()).rejects.toThrow(message);
    await engine.close();
  });
});
