import '../../sdk/core/engines/no-telemetry.ts';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession } from 'onnxruntime-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { type ReadConstant, type ReadNode, readGraph } from './onnx-reader.ts';

const models = [
  // Boxes and scores, and before and after each of its four Resizes, which onnxruntime 1.30 does in floats.
  { name: 'nanodet-g-416-int8', left: 10 },
  // The embedding is; the logits come out of the last product as floats.
  { name: 'efficientnet-lite0-int8', left: 1 },
];

const pathOf = (name: string) => asset('sdk', 'models', `${name}.onnx`);

describe.each(models)('$name', ({ name, left }) => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ocellus-int8-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it(`runs in int8: ${left} nodes between integers and floats are left, and no convolution in floats`, async () => {
    const optimizedModelFilePath = join(folder, 'optimised.onnx');
    const session = await InferenceSession.create(pathOf(name), { optimizedModelFilePath, logSeverityLevel: 3 });
    await session.release();
    const ops = readGraph(await readFile(optimizedModelFilePath)).nodes.map(({ op }) => op);
    expect(ops.filter((op) => op === 'QLinearConv').length).toBeGreaterThan(30);
    expect(ops.filter((op) => op === 'Conv')).toEqual([]);
    expect(ops.filter((op) => op === 'QuantizeLinear' || op === 'DequantizeLinear')).toHaveLength(left);
  });

  it('has no two weights that x86 without VNNI would saturate', async () => {
    const { nodes, constants } = readGraph(await readFile(pathOf(name)));
    let products = 0;
    for (const node of nodes.filter(({ op }) => op === 'Conv' || op === 'Gemm')) {
      const weights = weightsOf(node, nodes, constants);
      // A depthwise convolution has sums of 32 bits everywhere.
      if (weights.shape[1] === 1) continue;
      products++;
      expect(worstPair(weights) * 255, node.outputs[0]).toBeLessThan(2 ** 15);
    }
    expect(products).toBeGreaterThan(20);
  });
});

it('uses all 8 bits where pairs allow it', async () => {
  const { nodes, constants } = readGraph(await readFile(pathOf('efficientnet-lite0-int8')));
  const all = nodes.filter(({ op }) => op === 'Conv').map((node) => weightsOf(node, nodes, constants));
  const largest = all.map(({ bytes }) =>
    new Int8Array(bytes).reduce((most, value) => Math.max(most, Math.abs(value)), 0),
  );
  expect(largest.filter((value) => value > 100)).toHaveLength(largest.length);
});

function weightsOf(node: ReadNode, nodes: ReadNode[], constants: ReadonlyMap<string, ReadConstant>): ReadConstant {
  const real = nodes.find(({ outputs }) => outputs.includes(node.inputs[1]!));
  const weights = constants.get(real?.inputs[0] ?? '');
  expect(weights?.type, `${node.outputs[0]}: int8`).toBe(3);
  return weights!;
}

/** The largest sum of two neighbouring weights of one sign, in the order of summing: pixel by pixel, channels innermost. */
function worstPair({ shape, bytes }: ReadConstant): number {
  const [rows = 0, channels = 0, height = 1, width = 1] = shape;
  const weights = new Int8Array(bytes);
  const pixels = height * width;
  let worst = 0;
  for (let row = 0; row < rows; row++) {
    const at = (i: number) =>
      weights[row * channels * pixels + (i % channels) * pixels + Math.floor(i / channels)] ?? 0;
    for (let i = 0; i < channels * pixels; i += 2) {
      const [a, b] = [at(i), i + 1 < channels * pixels ? at(i + 1) : 0];
      worst = Math.max(worst, Math.max(a, 0) + Math.max(b, 0), -Math.min(a, 0) - Math.min(b, 0));
    }
  }
  return worst;
}
