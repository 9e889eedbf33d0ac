import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { FoundModel } from '../../../sdk/core/cards/model-file.ts';
import { filesFor, pythonEngines } from '../../../tools/cli/bench/adapters.ts';
import { PythonEngine, placesOf } from '../../../tools/cli/bench/python-engine.ts';
import type { ForeignEngine } from '../../../tools/cli/bench/task.ts';
import { closing } from '../../support/closing.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { sharedData } from '../../support/needs.ts';

const info = (name: string, ...shape: (number | string)[]) => ({ name, type: 'float32', shape });
const sent = (name: string, ...shape: number[]) => ({ name, shape });

describe('placesOf', () => {
  const placed = (outputs: ReturnType<typeof sent>[], expected: ReturnType<typeof info>[]) =>
    placesOf(outputs, expected, 'net.param').map(({ info: { name, shape }, from, turned }) => [
      name,
      shape,
      from,
      turned,
    ]);

  it.each([
    ['without the batch', [sent('out0', 9, 85)], [info('output', 1, 9, 85)], [['output', [1, 9, 85], 0, undefined]]],
    [
      'by shape where the order is another',
      [sent('b', 9, 32), sent('a', 9, 80)],
      [info('scores', 1, 9, 80), info('boxes', 1, 9, 32)],
      [
        ['scores', [1, 9, 80], 1, undefined],
        ['boxes', [1, 9, 32], 0, undefined],
      ],
    ],
    [
      'by order where shapes are equal',
      [sent('x', 1, 4), sent('y', 1, 4)],
      [info('a', 1, 4), info('b', 1, 4)],
      [
        ['a', [1, 4], 0, undefined],
        ['b', [1, 4], 1, undefined],
      ],
    ],
    ['rows for columns', [sent('o', 1, 9, 84)], [info('output0', 1, 84, 9)], [['output0', [1, 84, 9], 0, [9, 84]]]],
    ['an open side', [sent('o', 9, 85)], [info('output', 'batch', 'cells', 85)], undefined],
    ['as they are called where nothing is known', [sent('o', 9, 85)], [], [['o', [9, 85], 0, undefined]]],
  ])('finds outputs %s', (_, outputs, expected, found) => {
    if (found) expect(placed(outputs, expected)).toEqual(found);
    // Of a batch that is open one dimension more is expected than came.
    else expect(() => placed(outputs, expected)).toThrow('got o [9, 85]');
  });

  it('refuses outputs that do not fit', () => {
    expect(() => placed([sent('o', 9, 84)], [info('output', 1, 9, 85)])).toThrow(
      'net.param: expected the outputs output [1, 9, 85] of the network, got o [9, 84]',
    );
    expect(() => placed([sent('o', 9)], [info('a', 9), info('b', 9)])).toThrow('got o [9]');
  });
});

describe('filesFor', () => {
  const names = [
    ...['net.onnx', 'net_large.onnx', 'net.tflite', 'net-int8.tflite', 'net_large.tflite', 'network.tflite'],
    ...['net.ncnn.param', 'net.ncnn.bin', 'other.param'],
  ];

  it('are those of the same name beside it, and not those of another network', async () => {
    const folder = temporaryFolder();
    for (const one of names) writeFileSync(join(folder, one), '');
    const files = async (name: string, engine: ForeignEngine) => {
      const network = { path: join(folder, `${name}.onnx`), sha256: undefined };
      const found: FoundModel = { name, card: undefined, program: undefined, network };
      return (await filesFor(found, engine)).map((file) => file.slice(folder.length + 1));
    };
    expect(await files('net', 'litert')).toEqual(['net-int8.tflite', 'net.tflite']);
    expect(await files('net', 'ncnn')).toEqual(['net.ncnn.param']);
    expect(await files('net_large', 'litert')).toEqual(['net_large.tflite']);
    await expect(files('net_large', 'ncnn')).rejects.toThrow('expected a file net_large*.param beside net_large.onnx');
    await expect(files('absent', 'ncnn')).rejects.toThrow('found none');
  });
});

/** A program in the place of Python that speaks as adapter.py does: it doubles what it is given, in half a millisecond of its own. */
function interpreter(change = ''): string {
  const file = join(temporaryFolder(), 'python');
  writeFileSync(
    file,
    `#!${process.execPath}
const spec = JSON.parse(process.argv[4] ?? '{}');
const header = { version: '1', precision: 'fp32', startMs: 7, input: spec.shape, outputs: [{ name: 'out0', shape: [2, 3] }] };
${change}
const told = Buffer.from(JSON.stringify(header));
const length = Buffer.alloc(4);
length.writeUInt32LE(told.length);
process.stdout.write(Buffer.concat([length, told]));
let held = Buffer.alloc(0);
process.stdin.on('data', (chunk) => {
  held = Buffer.concat([held, chunk]);
  while (held.length > 0 && (held[0] === 109 || held.length >= 25)) {
    if (held[0] === 109) {
      held = held.subarray(1);
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(5000n);
      process.stdout.write(bytes);
      continue;
    }
    const values = new Float32Array(held.subarray(1, 25).buffer.slice(held.byteOffset + 1, held.byteOffset + 25));
    held = held.subarray(25);
    const took = Buffer.alloc(16);
    took.writeBigInt64LE(500000n);
    took.writeBigInt64LE(400000n, 8);
    process.stdout.write(took);
    const answer = Buffer.from(values.map((value) => value * 2).buffer);
    // In two pieces, as a pipe may deliver it.
    process.stdout.write(answer.subarray(0, 5));
    setImmediate(() => process.stdout.write(answer.subarray(5)));
  }
});
`,
  );
  chmodSync(file, 0o755);
  return file;
}

describe('PythonEngine', () => {
  const engineOf = async (python: string, expected = [info('output', 1, 2, 3)]) => {
    const engine = new PythonEngine({ engine: 'ncnn', python, file: 'net.param' }, [1, 1, 2, 3], expected);
    closing(engine, (it) => it.close());
    await engine.load(new Uint8Array(), { threads: 1 });
    return engine;
  };

  it('runs what is in the input, and tells the pipe’s time from the engine’s', async () => {
    const engine = await engineOf(interpreter());
    expect(engine.header).toMatchObject({ version: '1', startMs: 7 });
    const input = engine.bind('input', 'float32', [1, 1, 2, 3]);
    for (const first of [1, 10]) {
      input.set([1, 2, 3, 4, 5, 6].map((value) => value * first));
      const { data, shape } = (await engine.run()).get('output')!;
      expect([shape, [...data]]).toEqual([[1, 2, 3], [2, 4, 6, 8, 10, 12].map((value) => value * first)]);
    }
    expect(engine.transport.wallMs).toBeGreaterThan(0);
    expect(engine.transport.theirsMs).toBeCloseTo(0.8, 9);
    expect(await engine.addedBytes()).toBe(5000);
  });

  it('turns rows and columns back', async () => {
    const engine = await engineOf(interpreter(), [info('output', 1, 3, 2)]);
    engine.bind('input', 'float32', [1, 1, 2, 3]).set([1, 2, 3, 4, 5, 6]);
    expect([...(await engine.run()).get('output')!.data]).toEqual([2, 8, 4, 10, 6, 12]);
  });

  it.each([
    [
      'ends with an error',
      `console.error('a warning\\nthe layer Foo is not supported'); process.exit(1);`,
      'ncnn: the layer Foo is not supported',
    ],
    ['ends without a word', 'process.exit(0);', 'ncnn: its process ended'],
    ['has other outputs', `header.outputs[0].shape = [4];`, 'got out0 [4]'],
  ])('says it where the other process %s', async (_, change, why) => {
    await expect(engineOf(interpreter(change))).rejects.toThrow(why);
  });

  it('says it where there is no such Python', async () => {
    await expect(engineOf('/nowhere/python')).rejects.toThrow('ENOENT');
    const { ncnn, litert } = await pythonEngines('/nowhere/python');
    expect([ncnn.why, litert.why]).toEqual([expect.stringContaining('--python names another'), ncnn.why]);
  });
});

const python = process.env.OCELLUS_TEST_ENGINES_PYTHON;
const name = 'ncnn and LiteRT (needs OCELLUS_TEST_ENGINES_PYTHON, a Python with ncnn and ai-edge-litert)';
describe.skipIf(!python)(name, { timeout: 900_000 }, () => {
  it('are found, with their versions', async () => {
    const found = await pythonEngines(python!);
    expect([found.ncnn, found.litert]).toEqual([
      expect.objectContaining({ version: expect.any(String) }),
      expect.objectContaining({ version: expect.any(String) }),
    ]);
  });

  it('ncnn computes what it is given', async () => {
    const file = join(temporaryFolder(), 'net.param');
    writeFileSync(file, '7767517\n2 2\nInput in0 0 1 in0\nPooling pool 1 1 in0 out0 0=0 1=2 2=2\n');
    writeFileSync(file.replace('.param', '.bin'), '');
    const engine = new PythonEngine(
      { engine: 'ncnn', python: python!, file },
      [1, 1, 4, 4],
      [info('output', 1, 1, 2, 2)],
    );
    closing(engine, (it) => it.close());
    await engine.load(new Uint8Array(), { threads: 1 });
    const input = engine.bind('input', 'float32', [1, 1, 4, 4]);
    input.set(Array.from({ length: 16 }, (_, i) => i));
    expect([...(await engine.run()).get('output')!.data]).toEqual([5, 7, 13, 15]);
    expect(await engine.addedBytes()).toBeGreaterThan(0);
  });

  it('ncnn says which file it cannot load', async () => {
    const file = join(temporaryFolder(), 'net.param');
    writeFileSync(file, 'nonsense');
    const engine = new PythonEngine({ engine: 'ncnn', python: python!, file }, [1, 3, 4, 4], []);
    closing(engine, (it) => it.close());
    await expect(engine.load(new Uint8Array(), { threads: 1 })).rejects.toThrow(`ncnn does not load ${file}`);
  });

  it.skipIf(!sharedData('models'))('LiteRT’s YOLOX agrees with the network (needs ../shared/data)', async () => {
    const file = join(temporaryFolder(), 'net.tflite');
    copyFileSync(sharedData('models', 'yolox_nano_float16.tflite')!, file);
    const expected = [info('output', 1, 3549, 85)];
    const engine = new PythonEngine({ engine: 'litert', python: python!, file }, [1, 3, 416, 416], expected);
    closing(engine, (it) => it.close());
    await engine.load(new Uint8Array(), { threads: 1 });
    const { OnnxRuntimeEngine } = await import('../../../sdk/core/engines/onnxruntime.ts');
    const { readFile } = await import('node:fs/promises');
    const network = closing(new OnnxRuntimeEngine(), (it) => it.close());
    await network.load(await readFile(sharedData('models', 'yolox_nano.onnx')!), { threads: 1 });
    const values = Float32Array.from({ length: 3 * 416 * 416 }, (_, i) => (i * 37 + (i >> 9) * 11) & 255);
    const [channels, side] = [3, 416];
    network.bind('images', 'float32', [1, channels, side, side]).set(values);
    const isLast = engine.header.input.at(-1) === channels;
    const input = engine.bind('input', 'float32', engine.header.input);
    for (let i = 0; i < values.length; i++) {
      const channel = Math.floor(i / (side * side));
      input[isLast ? (i % (side * side)) * channels + channel : i] = values[i]!;
    }
    const mine = (await engine.run()).get('output')!.data;
    const its = [...(await network.run()).values()][0]!.data as Float32Array;
    let most = 0;
    for (const [i, value] of its.entries()) most = Math.max(most, Math.abs(value - (mine as Float32Array)[i]!));
    // Weights of 16 bits.
    expect(most).toBeLessThan(0.3);
  });
});
