import { beforeAll, describe, expect, it } from 'vitest';
import type { ClassifierCard } from '../../../sdk/core/cards/card.ts';
import type { ModelFile } from '../../../sdk/core/cards/model-file.ts';
import { Compilation } from '../../../sdk/core/compiler/compile.ts';
import { LayerWriter, onnxWeights } from '../../../sdk/core/compiler/layers-to-onnx.ts';
import { quantisedOnnx } from '../../../sdk/core/compiler/qdq.ts';
import { standardRecipe } from '../../../sdk/core/compiler/recipe.ts';
import { readOnnxGraph } from '../../../sdk/core/onnx/graph.ts';
import { ErrorSum } from '../../../sdk/core/quantise/agreement.ts';
import { type Outputs, openOnnx, openProgram } from '../../../sdk/core/quantise/networks.ts';
import type { LabelledPixels, Pixels } from '../../../sdk/core/quantise/pictures.ts';
import { cardOfQdq, isAsGood, quantiseModel } from '../../../sdk/core/quantise/quantise-model.ts';
import { better, isCloser, type TriedRecipe } from '../../../sdk/core/quantise/search.ts';
import { families, familySide } from '../compiler/families.ts';
import { NetworkBuilder, pictures } from '../compiler/networks.ts';

const card = (side: number, outputs: ClassifierCard['outputs'] = { logits: 'logits' }): ClassifierCard => ({
  name: 'small',
  task: 'classify',
  input: {
    ...{ name: 'images', width: side, height: side, layout: 'NCHW', type: 'float32', channels: 'RGB' },
    ...{ mean: [0, 0, 0], std: [1, 1, 1], resize: 'stretch', region_resize: 'stretch', align: 'center', pad: 114 },
  },
  outputs,
  dimension: 0,
  labels: ['one', 'two', 'three'],
});

const fileOf = (bytes: Uint8Array<ArrayBuffer>, description: ClassifierCard): ModelFile => ({
  ...{ name: 'small.onnx', form: 'network', bytes, weights: [], description },
});

/** Pictures as a program takes them: channels last. */
const pixels = (count: number, side: number, seed?: number): Pixels[] =>
  pictures(count, side, seed).map((one) =>
    Uint8Array.from(one, (_, i) => one[(i % 3) * side * side + Math.floor(i / 3)]!),
  );

/** One of everything that MobileNet-like classifiers have, one channel fifty times as wide as the others. */
function mobile(): Uint8Array<ArrayBuffer> {
  const net = new NetworkBuilder();
  const stem = net.node('Relu', [net.conv(net.picture(), [3, 8], 3, { strides: [2, 2] })]);
  const wide = net.constant([8, 1, 1], [50, 1, 1, 1, 1, 1, 1, 1]);
  const deep = net.node('Clip', [
    net.conv(net.node('Mul', [stem, wide]), [8, 8], 3, { group: 8 }),
    net.constant([], [0]),
    net.constant([], [6]),
  ]);
  const gate = net.conv(deep, [8, 8]);
  const swish = net.node('Mul', [gate, net.node('Sigmoid', [gate])]);
  const sum = net.node('Add', [swish, deep]);
  const joined = net.node(
    'Concat',
    [sum, net.node('LeakyRelu', [net.conv(stem, [8, 4])], { floats: { alpha: 0.1 } })],
    {
      ints: { axis: 1 },
    },
  );
  const pooled = net.node('MaxPool', [joined], { ints: { kernel_shape: [2, 2], strides: [2, 2] } });
  // Its range is known without pictures, in floats too.
  const bounded = net.node('Clip', [net.conv(pooled, [12, 16]), net.constant([], [0]), net.constant([], [6])]);
  const means = net.node('GlobalAveragePool', [bounded]);
  const flat = net.node('Flatten', [net.conv(means, [16, 3])]);
  net.operations.push({ op: 'Identity', inputs: [flat], outputs: ['logits'] });
  net.output('logits');
  return net.build(16);
}

/** Functions of one number that are tables in a program: one after the other, with a product and a quotient of them. */
function functions(): Uint8Array<ArrayBuffer> {
  const net = new NetworkBuilder();
  let x = net.node('Relu', [net.conv(net.picture(), [3, 8], 3)]);
  for (const [op, attributes] of [
    ['Tanh', {}],
    ['Elu', { floats: { alpha: 0.7 } }],
    ['Erf', {}],
    ['Softplus', {}],
    ['Abs', {}],
    ['Gelu', {}],
    ['Gelu', { texts: { approximate: 'tanh' } }],
    ['Mish', {}],
  ] as const)
    x = net.node(op, [net.conv(x, [8, 8])], attributes);
  const y = net.conv(x, [8, 8]);
  const gate = net.node('Tanh', [
    net.node('Add', [net.node('Mul', [y, net.constant([], [0.5])]), net.constant([], [0.3])]),
  ]);
  const product = net.node('Mul', [y, gate]);
  const above = net.node('Add', [net.node('Relu', [net.conv(product, [8, 8])]), net.constant([], [1])]);
  const cube = net.node('Pow', [net.node('Div', [net.constant([], [2]), above]), net.constant([], [3])]);
  net.output(net.conv(cube, [8, 3]));
  // The first that has Gelu.
  return net.build(16, 'float32', 20);
}

/** The error of each output beside another network's. */
async function errorsOf(
  got: { run(p: Pixels): Promise<Outputs> },
  wanted: { run(p: Pixels): Promise<Outputs> },
  on: Pixels[],
) {
  const sums = new Map<string, ErrorSum>();
  for (const picture of on) {
    const expected = await wanted.run(picture);
    const outputs = await got.run(picture);
    for (const [name, { data, shape }] of expected) {
      expect(outputs.get(name)!.shape).toEqual(shape);
      const sum = sums.get(name) ?? new ErrorSum();
      sum.add(outputs.get(name)!.data as Float32Array, data as Float32Array);
      sums.set(name, sum);
    }
  }
  return [...sums.values()].map(({ relative }) => relative);
}

const input = (side: number) =>
  ({ width: side, height: side, layout: 'NCHW', mean: [0, 0, 0], std: [1, 1, 1] }) as const;

const networks = {
  'MobileNet: one channel much wider than the others': mobile,
  'functions of one number that no step ends in': functions,
  ...families,
};

describe.each(Object.entries(networks))('%s', (name, make) => {
  const side = name in families ? familySide : 16;
  const bytes = make();
  const own = card(side);

  it('is written as ONNX in floats: the same numbers', async () => {
    const compilation = await Compilation.open({ bytes, weights: [] }, input(side));
    const writer = new LayerWriter({
      constantsOf(layer, { net }) {
        const { shape, numbers } = onnxWeights(layer, layer.weights);
        return {
          weights: net.constant('float32', shape, numbers),
          bias: net.constant('float32', [layer.c], layer.bias),
        };
      },
      after: (_, value) => value,
    });
    writer.write(compilation.bridged());
    const [written, first] = [await openOnnx(writer.net.finish(), cardOfQdq(own)), await openOnnx(bytes, own)];
    for (const error of await errorsOf(written, first, pixels(2, side, 11))) expect(error).toBeLessThan(1e-4);
    await Promise.all([written.close(), first.close()]);
  });

  it('is written as ONNX in 8 bits, and runs in onnxruntime as made, with the numbers of the program', async () => {
    const compilation = await Compilation.open({ bytes, weights: [] }, input(side));
    const calibration = await compilation.calibrate(() => pictures(8, side), true);
    const program = openProgram(compilation.program(calibration));
    const quantisation = compilation.quantisation(calibration);
    const written = await openOnnx(quantisedOnnx(compilation.bridged(), quantisation, 'per_channel'), cardOfQdq(own));
    for (const error of await errorsOf(written, program, pixels(2, side, 11))) expect(error).toBeLessThan(0.05);
    const tensors = compilation.quantisation(calibration, { ...standardRecipe, share: 0, weightBits: 7 });
    const whole = quantisedOnnx(compilation.bridged(), tensors, 'per_tensor');
    const running = await openOnnx(whole, cardOfQdq(own));
    const first = await openOnnx(bytes, own);
    for (const error of await errorsOf(running, first, pixels(2, side, 11))) expect(error).toBeLessThan(0.6);
    expect(readOnnxGraph(whole)!.nodes.filter(({ op }) => op === 'QuantizeLinear').length).toBeGreaterThanOrEqual(3);
    await Promise.all([written.close(), program.close(), running.close(), first.close()]);
  });
});

describe('a layer that stays in floats', () => {
  it('is a convolution of floats, whatever stands before and after it', async () => {
    const bytes = mobile();
    const compilation = await Compilation.open({ bytes, weights: [] }, input(16));
    const calibration = await compilation.calibrate(() => pictures(8), true);
    const names = [...compilation.floatable().keys()];
    expect(names.length).toBeGreaterThanOrEqual(6);
    const first = await openOnnx(bytes, card(16));
    const bytesOnly = openProgram(compilation.program(calibration));
    const floats = openProgram(compilation.program(calibration, { ...standardRecipe, floats: new Set(names) }));
    const [[before], [then]] = [
      await errorsOf(bytesOnly, first, pixels(3, 16, 11)),
      await errorsOf(floats, first, pixels(3, 16, 11)),
    ];
    expect(then!).toBeLessThan(0.3 * before!);
    const steps = compilation.program(calibration, { ...standardRecipe, floats: new Set(names) }).steps;
    const inFloats = ['conv_float', 'depthwise_float'].map((op) => steps.filter((step) => step.op === op));
    expect(inFloats.map(({ length }) => length)).toEqual([names.length - 1, 1]);
    expect(steps.filter(({ op }) => op === 'conv' || op === 'depthwise')).toEqual([]);
    const written = await openOnnx(
      quantisedOnnx(
        compilation.bridged(new Set(names)),
        compilation.quantisation(calibration, { ...standardRecipe, floats: new Set(names) }),
        'per_channel',
      ),
      cardOfQdq(card(16)),
    );
    for (const error of await errorsOf(written, floats, pixels(3, 16, 11))) expect(error).toBeLessThan(0.01);
    await written.close();
    await Promise.all([first.close(), bytesOnly.close(), floats.close()]);
  });
});

const tried = (agreement: number, error: number, inFloats = 0, accuracy?: number): TriedRecipe => ({
  ...{ recipe: standardRecipe, rounding: 'nearest', agreement, error, inFloats, pictures: 8, milliseconds: 1 },
  ...(accuracy !== undefined && { accuracy }),
});

/** A detector's, where the float network found so many. */
const found = (objects: number | undefined, ...rest: Parameters<typeof tried>): TriedRecipe => ({
  ...tried(...rest),
  ...(objects !== undefined && { objects }),
});

describe('of two recipes of a detector', () => {
  it.each([
    ['the other one that agrees clearly better', found(20, 0.92, 0.1), true],
    ['the first where the gain is as small as chance', found(20, 0.905, 0.1), false],
    ['the first where the other’s outputs are further away', found(20, 0.95, 0.3), false],
    ['the first where floats take more than they give', found(20, 0.95, 0.1, 0.2), false],
  ])('%s is kept', (_, other, isTaken) => {
    const first = found(20, 0.9, 0.2);
    expect(better(first, other)).toBe(isTaken ? other : first);
  });

  it.each([
    ['a classifier’s that is clearly closer is taken', found(undefined, 0.9975, 0.17), true],
    ['a classifier’s that is hardly closer is not', found(undefined, 0.9951, 0.195), false],
    ['a classifier’s that takes more floats than it gives is not', found(undefined, 0.9999, 0.15, 0.08), false],
    ['of hardly any objects, one that finds one more is not', found(3, 1, 0.25), false],
    ['of hardly any objects, one that is clearly closer is taken', found(3, 0.985, 0.1), true],
  ])('where an agreement is no measure: %s', (_, other, isTaken) => {
    const first = found(other.objects, 0.995, 0.2);
    expect(better(first, other)).toBe(isTaken ? other : first);
  });

  it('labels decide where there are any', () => {
    const first = tried(0.95, 0.2, 0, 0.3);
    const [more, less] = [tried(0.9, 0.3, 0, 0.32), tried(0.99, 0.1, 0, 0.305)];
    expect(better(first, more)).toBe(more);
    expect(better(first, less)).toBe(first);
  });
});

describe('layers in floats beside what they read', () => {
  it.each([
    [
      'are kept where the outputs are clearly closer, though what is found agrees a little less',
      tried(0.885, 0.15, 0.01),
      true,
    ],
    ['are not where they take more time than that', tried(0.9, 0.15, 0.1), false],
    ['are not where the outputs are hardly closer', tried(0.95, 0.195), false],
    ['are not where clearly less is found', tried(0.87, 0.1, 0.01), false],
  ])('%s', (_, other, isTaken) => {
    expect(isCloser(tried(0.9, 0.2), other)).toBe(isTaken);
  });

  it('are kept by accuracy where there are labels', () => {
    const first = tried(0.95, 0.2, 0, 0.3);
    expect(isCloser(first, tried(0.9, 0.3, 0.01, 0.32))).toBe(true);
    expect(isCloser(first, tried(0.99, 0.1, 0.01, 0.3))).toBe(false);
  });
});

describe('an ONNX file', () => {
  it.each([
    ['a detector’s, agrees as well', found(20, 0.965, 0.2), found(20, 0.98, 0.05), true],
    ['a detector’s, agrees less and has numbers as close', found(20, 0.95, 0.052), found(20, 0.98, 0.05), true],
    ['a detector’s, agrees less and has others', found(20, 0.95, 0.06), found(20, 0.98, 0.05), false],
    ['a detector’s, of pictures where nothing is', found(0, 1, 0.9), found(0, 1, 0.05), false],
    ['a detector’s, of pictures where hardly anything is', found(3, 0.98, 0.9), found(3, 0.98, 0.05), false],
    ['a classifier’s, has nearly the cosine', found(undefined, 0.9972, 0.077), found(undefined, 0.9988, 0.05), true],
    [
      'a classifier’s, has a cosine of 0.98 for 1',
      found(undefined, 0.981, 0.2),
      found(undefined, 0.9999, 0.011),
      false,
    ],
    ['a classifier’s, is as far as the program', found(undefined, 0.95, 0.31), found(undefined, 0.96, 0.3), true],
    ['is as accurate by labels', found(undefined, 0.985, 0.2, 0, 0.75), found(undefined, 0.999, 0.05, 0, 0.75), true],
    [
      'names as many right by chance',
      found(undefined, 0.5, 0.9, 0, 0.75),
      found(undefined, 0.999, 0.05, 0, 0.75),
      false,
    ],
    ['is less accurate by labels', found(undefined, 0.99, 0.2, 0, 0.7), found(undefined, 0.999, 0.05, 0, 0.75), false],
  ])('that is %s: %o', (_, file, program, isTaken) => {
    expect(isAsGood(file, program)).toBe(isTaken);
  });

  it('with the scales of the program need only be that program', () => {
    const program = found(undefined, 0.99, 0.25);
    const [near, far] = [found(undefined, 0.985, 0.35), found(undefined, 0.9, 0.6)];
    expect(isAsGood(near, program)).toBe(false);
    expect(isAsGood(near, program, 'per_channel')).toBe(true);
    expect(isAsGood(far, program, 'per_channel')).toBe(false);
  });
});

describe('quantiseModel with labels', () => {
  it('compares by accuracy on every second labelled picture, reports on the others, and measures on all of the rest', async () => {
    const network = mobile();
    const first = await openOnnx(network, card(16));
    // What the float network says is right, but for one picture in four.
    const labelled: LabelledPixels[] = [];
    for (const [i, one] of pixels(16, 16, 21).entries()) {
      const logits = [...((await first.run(one)).get('logits')!.data as Float32Array)];
      const best = logits.indexOf(Math.max(...logits));
      labelled.push({ pixels: one, labels: { classId: i % 4 === 3 ? (best + 1) % 3 : best } });
    }
    await first.close();
    const made = await quantiseModel(fileOf(network, card(16)), {
      pictures: () => pixels(9, 16),
      labelled: () => labelled,
    });
    expect(made.pictures).toEqual({ measured: 9, compared: 8, reported: 8 });
    // The wrong ones all have odd numbers.
    expect(made.floatAccuracy).toBe(0.5);
    expect(made.reported.accuracy).toBeCloseTo(0.5, 0);
    expect(made.qdq!.accuracy).toBeDefined();
    expect(made.tried.every(({ accuracy }) => accuracy! > 0.7)).toBe(true);
  });

  it('refuses too few of them', async () => {
    const few = pixels(7, 16).map((one) => ({ pixels: one, labels: { classId: 0 } }));
    const options = { pictures: () => pixels(9, 16), labelled: () => few };
    await expect(quantiseModel(fileOf(mobile(), card(16)), options)).rejects.toThrow(
      'expected at least 8 labelled pictures',
    );
  });
});

/**
 * The second convolution gives small differences of large numbers, which bytes between the two do not hold.
 *
 * @param isDivided Is there a factor between the two, which is a step of its own as others read what it reads?
 */
function differences(isDivided = false): Uint8Array<ArrayBuffer> {
  const net = new NetworkBuilder();
  const alike = net.random([8, 3, 1, 1], 0.02, 0.5);
  const first = net.node('Relu', [net.node('Conv', [net.picture(), alike, net.random([8], 0.1, 1)])]);
  const signs = Array.from({ length: 64 }, (_, i) => ((i + Math.floor(i / 8)) % 2 ? 8 : -8));
  const read = isDivided ? net.node('Div', [first, net.constant([8, 1, 1], [2, 2, 2, 2, 1, 1, 1, 1])]) : first;
  const made = net.node('Relu', [net.node('Conv', [read, net.constant([8, 8, 1, 1], signs), net.random([8], 0.5)])]);
  const second = isDivided ? net.node('Add', [made, first]) : made;
  // Most of the network's work, so that the two cost little.
  const third = net.node('Relu', [net.conv(second, [8, 32], 3)]);
  const fourth = net.node('Relu', [net.conv(third, [32, 32], 3)]);
  const flat = net.node('Flatten', [net.conv(net.node('GlobalAveragePool', [fourth]), [32, 3])]);
  net.operations.push({ op: 'Identity', inputs: [flat], outputs: ['logits'] });
  net.output('logits');
  return net.build(16);
}

describe('a layer that gives small differences of large numbers', () => {
  it('is kept in floats together with what it reads', async () => {
    const { recipe, tried, layers } = await quantiseModel(fileOf(differences(), card(16)), {
      pictures: () => pixels(24, 16),
    });
    const names = [...new Set(layers.map(({ name }) => name))].filter((name) => name.startsWith('Conv'));
    expect(recipe.floats).toEqual(new Set([names[1], names[0]]));
    const compensated = tried.filter(({ rounding }) => rounding === 'compensated');
    const none = compensated.find((one) => one.recipe.floats.size === 0)!;
    const alone = compensated.find((one) => one.recipe.floats.size === 1)!;
    const both = tried.find((one) => one.recipe === recipe)!;
    expect(both.error).toBeLessThan(none.error / 2);
    expect(alone.recipe.floats).toEqual(new Set([names[1]]));
    expect(both.error).toBeLessThan(alone.error * 0.95);
  });

  it('is tried in floats alone where what it reads is a factor, which is no convolution that can be', async () => {
    const network = differences(true);
    const { tried, layers } = await quantiseModel(fileOf(network, card(16)), { pictures: () => pixels(24, 16) });
    const factor = layers.find(({ name }) => name.startsWith('Div'))!;
    expect(factor).toMatchObject({ operator: 'depthwise 1x1', canBeFloat: false });
    const names = [...new Set(tried.flatMap(({ recipe }) => [...recipe.floats]))];
    expect(names.length).toBeGreaterThan(0);
    expect(names.every((name) => name.startsWith('Conv'))).toBe(true);
    const input = { width: 16, height: 16, layout: 'NCHW', mean: [0, 0, 0], std: [1, 1, 1] } as const;
    const compilation = await Compilation.open({ bytes: network, weights: [] }, input);
    for (const [name, read] of compilation.floatable())
      expect(() => compilation.network(new Set([name, ...read]))).not.toThrow();
  });
});

describe('quantiseModel', () => {
  let made: Awaited<ReturnType<typeof quantiseModel>>;
  beforeAll(async () => {
    made = await quantiseModel(fileOf(mobile(), card(16)), { pictures: () => pixels(24, 16) });
  });

  it('shares the pictures out, and reports on those that nothing was chosen on', () => {
    expect(made.pictures).toEqual({ measured: 18, compared: 3, reported: 3 });
    expect(made.reported.pictures).toBe(3);
    expect(made.reported.agreement).toBeGreaterThan(0.99);
  });

  it('tells each layer’s own error, and that of all before it', () => {
    for (const { own, accumulated } of made.layers) {
      expect(own.relative).toBeGreaterThanOrEqual(0);
      expect(own.relative).toBeLessThan(0.2);
      expect(accumulated.relative).toBeLessThan(0.3);
    }
    const last = made.layers.at(-1)!;
    expect(last.accumulated.relative).toBeGreaterThanOrEqual(last.own.relative * 0.5);
    expect(made.layers.some(({ operator }) => operator === 'depthwise 3x3 clip')).toBe(true);
  });

  it('gives an ONNX file that agrees with the float network', () => {
    expect(made.qdqFault).toBeUndefined();
    expect(made.qdq!.agreement).toBeGreaterThan(0.98);
  });

  it('refuses too few pictures, and what is quantised already', async () => {
    await expect(quantiseModel(fileOf(mobile(), card(16)), { pictures: () => pixels(7, 16) })).rejects.toThrow(
      'expected at least 8 pictures',
    );
    await expect(
      quantiseModel(fileOf(made.qdq!.bytes, cardOfQdq(card(16))), { pictures: () => pixels(8, 16) }),
    ).rejects.toThrow('is quantised already (QDQ)');
  });
});
