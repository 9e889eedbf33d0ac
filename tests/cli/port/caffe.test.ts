import { Tensor as OrtTensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { Tracer } from '../../../sdk/core/compiler/network/trace.ts';
import { readOnnxGraph } from '../../../sdk/core/onnx/graph.ts';
import { caffeToOnnx, runCaffe, shapesOf } from '../../../tools/cli/port/caffe/caffe.ts';
import { readCaffe } from '../../../tools/cli/port/caffe/network.ts';
import { pooledSide } from '../../../tools/cli/port/caffe/pooling.ts';
import { readTextFormat } from '../../../tools/cli/port/caffe/text-format.ts';
import { readWeights } from '../../../tools/cli/port/caffe/weights.ts';
import { caffemodel, mobileNetSsd, randomNumbers, randomWeights, squeezeNet } from './caffe-model.ts';

const input = (shape: string) =>
  `layer { name: "data" type: "Input" top: "data" input_param { shape { ${shape
    .split('x')
    .map((side) => `dim: ${side}`)
    .join(' ')} } } }\n`;
const layer = (type: string, settings = '', bottoms = ['data'], tops = ['out']) =>
  `layer { name: "it" type: "${type}" ${bottoms.map((name) => `bottom: "${name}"`).join(' ')} ${tops.map((name) => `top: "${name}"`).join(' ')} ${settings} }\n`;

/** The greatest difference of any tensor between ours and onnxruntime's, as a share of its greatest number. */
async function compare(prototxt: string): Promise<Map<string, number>> {
  const made = randomWeights(prototxt);
  const weights = made.size === 0 ? made : readWeights(caffemodel(made), 'net.caffemodel');
  const network = readCaffe(prototxt, weights, 'net.prototxt');
  const random = randomNumbers(7);
  const fed = network.inputs.map(({ name, shape }) => {
    const data = new Float32Array(shape.reduce((product, side) => product * side, 1)).map(() => random() * 2);
    return { name, shape, data };
  });
  const ours = runCaffe(network, new Map(fed.map(({ name, data }) => [name, data])), 'net.prototxt');
  const bytes = caffeToOnnx(network, 'net.prototxt');
  const wanted = readOnnxGraph(bytes)!.nodes.flatMap(({ outputs }) => outputs);
  const tracer = await Tracer.open(
    bytes,
    [],
    wanted.filter((name) => !network.outputs.includes(name)),
  );
  const theirs = await tracer.run(
    Object.fromEntries(fed.map(({ name, shape, data }) => [name, new OrtTensor('float32', data, shape)])),
  );
  await tracer.close();
  const differences = new Map<string, number>();
  for (const [name, { shape, data }] of ours) {
    const other = theirs.get(name);
    if (!other) continue;
    expect([name, other.dims]).toEqual([name, [...shape]]);
    const greatest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);
    const off = data.reduce((most, value, i) => Math.max(most, Math.abs(value - Number(other.data[i]))), 0);
    expect([name, Number.isFinite(off), greatest > 1e-6]).toEqual([name, true, true]);
    differences.set(name, off / greatest);
  }
  return differences;
}

describe('a Caffe network', () => {
  it.each([
    ['Convolution', 'convolution_param { num_output: 6 kernel_size: 3 stride: 2 pad: 1 group: 2 dilation: 2 }'],
    ['Convolution', 'convolution_param { num_output: 4 kernel_h: 1 kernel_w: 5 pad_w: 2 bias_term: false }'],
    ['Deconvolution', 'convolution_param { num_output: 6 kernel_size: 4 stride: 2 pad: 1 group: 2 }'],
    ['InnerProduct', 'inner_product_param { num_output: 5 }'],
    ['Pooling', 'pooling_param { pool: MAX kernel_size: 3 stride: 2 }'],
    ['Pooling', 'pooling_param { pool: MAX kernel_size: 2 stride: 2 pad: 1 }'],
    ['Pooling', 'pooling_param { pool: AVE kernel_size: 3 stride: 2 }'],
    ['Pooling', 'pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }'],
    ['Pooling', 'pooling_param { pool: AVE kernel_size: 3 stride: 3 pad: 2 }'],
    ['Pooling', 'pooling_param { pool: AVE global_pooling: true }'],
    ['Pooling', 'pooling_param { pool: MAX global_pooling: true }'],
    ['Pooling', 'pooling_param { pool: MAX kernel_size: 3 stride: 2 round_mode: FLOOR }'],
    ['ReLU', ''],
    ['ReLU', 'relu_param { negative_slope: 0.1 }'],
    ['ReLU6', ''],
    ['Clip', 'clip_param { min: -0.5 max: 0.75 }'],
    ['ELU', 'elu_param { alpha: 0.5 }'],
    ['PReLU', ''],
    ['Power', 'power_param { power: 2 scale: 0.5 shift: 1 }'],
    ['Power', ''],
    ['Sigmoid', ''],
    ['TanH', ''],
    ['AbsVal', ''],
    ['BNLL', ''],
    ['Dropout', ''],
    ['LRN', 'lrn_param { local_size: 3 alpha: 0.5 beta: 0.75 }'],
    ['BatchNorm', ''],
    ['Scale', 'scale_param { bias_term: true }'],
    ['Softmax', ''],
    ['Softmax', 'softmax_param { axis: -1 }'],
    ['Normalize', 'norm_param { across_spatial: false channel_shared: false }'],
    ['Flatten', ''],
    ['Flatten', 'flatten_param { axis: 2 end_axis: 3 }'],
    ['Reshape', 'reshape_param { shape { dim: 0 dim: 2 dim: -1 } }'],
    ['Reshape', 'reshape_param { axis: 1 num_axes: 1 shape { dim: 2 dim: -1 } }'],
    ['Permute', 'permute_param { order: 0 order: 2 order: 3 order: 1 }'],
  ])('%s %s: ONNX’ operators compute what Caffe defines', async (type, settings) => {
    const differences = await compare(input('1x4x8x11') + layer(type, settings));
    expect(differences.get('out')).toBeLessThan(1e-5);
  });

  it.each([
    ['Eltwise', 'eltwise_param { operation: SUM coeff: 1 coeff: -0.5 }', ['data', 'other'], ['out']],
    ['Eltwise', 'eltwise_param { operation: PROD }', ['data', 'other'], ['out']],
    ['Eltwise', 'eltwise_param { operation: MAX }', ['data', 'other'], ['out']],
    ['Concat', '', ['data', 'other'], ['out']],
    ['Concat', 'concat_param { axis: -1 }', ['data', 'other'], ['out']],
    ['Scale', 'scale_param { axis: 0 }', ['data', 'other'], ['out']],
    ['Bias', 'bias_param { axis: 0 }', ['data', 'other'], ['out']],
    ['Slice', 'slice_param { slice_point: 1 }', ['data'], ['out', 'rest']],
    ['Slice', 'slice_param { axis: 2 }', ['data'], ['out', 'rest']],
    ['Split', '', ['data'], ['out', 'rest']],
  ])('%s %s', async (type, settings, bottoms, tops) => {
    const other = `layer { name: "other" type: "Power" bottom: "data" top: "other" power_param { shift: 0.3 scale: -1 } }\n`;
    const text = input('1x4x6x5') + (bottoms.includes('other') ? other : '') + layer(type, settings, bottoms, tops);
    const differences = await compare(text);
    for (const top of tops) expect(differences.get(top)).toBeLessThan(1e-6);
  });

  it('rounds up where it pools: of 112 it makes 56, where others make 55', async () => {
    expect([pooledSide(112, 3, 2, 0), pooledSide(112, 3, 2, 0, false)]).toEqual([56, 55]);
    // A last window would begin in the padding.
    expect([pooledSide(5, 2, 2, 1), pooledSide(6, 2, 2, 1)]).toEqual([3, 4]);
    const text = input('1x1x112x112') + layer('Pooling', 'pooling_param { kernel_size: 3 stride: 2 }');
    expect(shapesOf(readCaffe(text, new Map(), 'net'), 'net').get('out')).toEqual([1, 1, 56, 56]);
    expect((await compare(text)).get('out')).toBe(0);
  });

  it('SqueezeNet’s layers: every blob is the same, and layers that write onto what they read keep apart', async () => {
    const differences = await compare(squeezeNet(47));
    expect(differences.size).toBe(30);
    expect(differences.get('conv1/conv1')).toBeLessThan(1e-5);
    expect(differences.get('conv1')).toBeLessThan(1e-5);
    for (const [name, difference] of differences) expect([name, difference < 1e-4]).toEqual([name, true]);
  });

  it('MobileNet-SSD’s layers: its boxes are decoded in the network, its suppression is left to the decoder', async () => {
    const differences = await compare(mobileNetSsd(64));
    expect(differences.get('boxes')).toBeLessThan(1e-4);
    expect(differences.get('scores')).toBeLessThan(1e-4);
    const network = readCaffe(mobileNetSsd(64), new Map(), 'net');
    expect(network.outputs).toEqual(['boxes', 'scores']);
    // 8 x 8 and 4 x 4 cells, with four boxes each.
    expect(shapesOf(network, 'net').get('scores')).toEqual([1, 320, 3]);
  });

  it('prior boxes are where SSD has them', () => {
    const text =
      input('1x3x100x200') +
      'layer { name: "pool" type: "Pooling" bottom: "data" top: "pool" pooling_param { pool: AVE kernel_size: 50 stride: 50 } }\n' +
      layer('PriorBox', 'prior_box_param { min_size: 20 max_size: 45 aspect_ratio: 4 clip: true }', ['pool', 'data']);
    const network = readCaffe(text, new Map(), 'net');
    const { data, shape } = runCaffe(network, new Map([['data', new Float32Array(60_000)]]), 'net').get('out')!;
    expect(shape).toEqual([1, 2, 2 * 4 * 4 * 4]);
    // The first cell's middle is at 25, 25: 20 wide and high, 30, 40 x 10, 10 x 40.
    const first = [15 / 200, 15 / 100, 35 / 200, 35 / 100, 10 / 200, 10 / 100, 40 / 200, 40 / 100];
    const others = [5 / 200, 20 / 100, 45 / 200, 30 / 100, 20 / 200, 5 / 100, 30 / 200, 45 / 100];
    expect([...data.subarray(0, 16)].map((value) => value.toFixed(5))).toEqual(
      [...first, ...others].map((value) => value.toFixed(5)),
    );
    expect(data.at(-1)).toBeCloseTo(0.1);
  });

  it('reads what Caffe wrote before 2014', () => {
    const text = `input: "data" input_dim: 1 input_dim: 3 input_dim: 9 input_dim: 9
      layers { name: "c" type: CONVOLUTION bottom: "data" top: "c" convolution_param { num_output: 2 kernel_size: 3 } }
      layers { name: "loss" type: SOFTMAX_LOSS bottom: "c" bottom: "label" include: { phase: TRAIN } }`;
    const weights = randomWeights(text);
    const old = readWeights(caffemodel(weights, true), 'old.caffemodel');
    expect(old.get('c')![1]).toEqual({ shape: [1, 1, 1, 2], data: weights.get('c')![1]!.data });
    const network = readCaffe(text, old, 'old.prototxt');
    expect(network).toMatchObject({ outputs: ['c'], layers: [{ type: 'Convolution' }] });
  });

  it('leaves out what is there for training only', () => {
    const text = `${input('1x3x8x8')}
      ${layer('ReLU', 'include { phase: TRAIN }', ['data'], ['train'])}
      ${layer('ReLU', 'exclude { phase: TEST }', ['data'], ['other'])}
      ${layer('ReLU', 'include { phase: TEST }')}`;
    expect(readCaffe(text, new Map(), 'net').outputs).toEqual(['out']);
  });
});

describe('a faulty Caffe network', () => {
  const read = (text: string) => () => {
    const network = readCaffe(text, randomWeights(text), 'net.prototxt');
    return caffeToOnnx(network, 'net.prototxt');
  };

  it.each([
    ['name: "x"', 'net.prototxt: expected the description of a Caffe network (layer { … }), got none'],
    [
      'layer { name: "a" type: "ReLU"',
      'net.prototxt, line 1: expected } at the end of a message, got the end of the file',
    ],
    ['layer {\n type "ReLU" }', 'net.prototxt, line 2: expected : or { after type, got "ReLU"'],
    ['layer {\n type: } }', 'line 2: expected a value of type, got "}"'],
    ['layer { $ }', 'line 1: expected a field, a value or a brace, got "$ }"'],
    [layer('ReLU'), 'expected an input with its shape'],
    [
      input('1x3x8x8') + layer('ReLU', '', ['elsewhere']),
      'the layer it reads elsewhere, which no layer before it writes',
    ],
    [input('1x3x0x8') + layer('ReLU'), 'the input data: expected a shape of whole numbers above 0, got [1, 3, 0, 8]'],
    [input('1x3x99999999x99999999') + layer('ReLU'), 'expected a shape of whole numbers above 0'],
    [
      input('1x3x8x8') + layer('Crop'),
      'the layer it is of the type Crop, which is not read: expected one of Input, Convolution',
    ],
    [input('1x3x8x8') + layer('Data', '', []), 'the layer it (Data) reads the data of training'],
    [
      input('1x3x8x8') + layer('Convolution', 'convolution_param { num_output: 2 kernel_size: 9 }'),
      'the layer it (Convolution): expected windows that fit into its bottom, got 0 x 0 of them',
    ],
    [
      input('1x3x8x8') + layer('Convolution', 'convolution_param { num_output: 2 kernel_size: 3 stride: 0 }'),
      'expected a stride of whole numbers, 1 to 4096, got 0, 0',
    ],
    [
      input('1x3x8x8') + layer('Convolution', 'convolution_param { num_output: 4 kernel_size: 1 group: 2 }'),
      'expected channels that 2 groups share, got 3 in, 4 out',
    ],
    [
      input('1x3x8x8') + layer('Pooling', 'pooling_param { pool: STOCHASTIC kernel_size: 2 }'),
      'expected the pooling MAX or AVE, got STOCHASTIC',
    ],
    [input('1x3x8x8') + layer('LRN', 'lrn_param { norm_region: WITHIN_CHANNEL }'), 'the norm_region ACROSS_CHANNELS'],
    [input('1x3x8x8') + layer('Reshape', 'reshape_param { shape { dim: 5 dim: -1 } }'), 'expected'],
    [
      input('1x3x8x8') + layer('Permute', 'permute_param { order: 0 order: 9 }'),
      'an order of the axes of [1, 3, 8, 8], got 0, 9',
    ],
    [input('1x3x8x8') + layer('Concat', 'concat_param { axis: 7 }'), 'an axis of [1, 3, 8, 8], got 7'],
    [input('1x3x8x8') + layer('Eltwise', '', ['data']), 'expected 2 to 1000 bottoms, got 1'],
    [
      input('1x3x8x8') + layer('ReLU', 'relu_param { negative_slope: much }'),
      'expected negative_slope to be a number, got much',
    ],
    ['layers { layer { name: "v0" type: "conv" } }', "is of Caffe's first format (V0)"],
  ])('%#: says what was expected', (text, message) => {
    expect(read(text)).toThrow(message);
  });

  it('weights that are missing or of another shape are named', () => {
    const text = input('1x3x8x8') + layer('Convolution', 'convolution_param { num_output: 2 kernel_size: 3 }');
    const without = readCaffe(text, new Map(), 'net.prototxt');
    expect(() => caffeToOnnx(without, 'net.prototxt')).toThrow(
      'net.prototxt: the layer it (Convolution): expected weights in the caffemodel, got 0 blobs of that layer',
    );
    const other = readCaffe(text, new Map([['it', [{ shape: [5], data: new Float32Array(5) }]]]), 'net.prototxt');
    expect(() => caffeToOnnx(other, 'net.prototxt')).toThrow('expected 54 numbers of weights, got 5 ([5])');
  });

  it('a caffemodel that is cut off anywhere, or has any byte changed, ends in an error of ours or in weights', () => {
    const text = input('1x3x8x8') + layer('Convolution', 'convolution_param { num_output: 2 kernel_size: 3 }');
    const whole = caffemodel(randomWeights(text));
    const names: unknown[] = [];
    const tryOut = (bytes: Uint8Array) => {
      try {
        readWeights(bytes, 'net.caffemodel');
        names.push('read');
      } catch (error) {
        names.push((error as Error).name);
        expect((error as Error).message).toMatch(/^net\.caffemodel: expected .* got /);
      }
    };
    for (let length = 0; length < whole.length; length++) tryOut(whole.subarray(0, length));
    const cut = names.splice(0);
    expect(cut.filter((name) => name !== 'InputError')).toEqual([]);
    for (let at = 0; at < whole.length; at++)
      for (const value of [0, 0x7f, 0x80, 0xff]) tryOut(whole.map((byte, i) => (i === at ? value : byte)));
    expect(new Set(names)).toEqual(new Set(['InputError', 'read']));
  });

  it('lengths that reach behind the file’s end are refused at once', () => {
    const hostile = Uint8Array.from([0xa2, 0x06, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x3a]);
    expect(() => readWeights(hostile, 'net.caffemodel')).toThrow(
      'net.caffemodel: expected a part of 4294967295 bytes at byte 2, got 1 to the end of the file: it is cut off or damaged',
    );
    expect(() => readTextFormat('a { '.repeat(100_000), 'deep')).toThrow(
      'deep, line 1: expected at most 32 messages in each other',
    );
  });

  it('a description that is cut off anywhere ends in an error of ours, or is a network', () => {
    const text = mobileNetSsd(64);
    const names = new Set<string>();
    for (let length = 0; length < text.length; length += 41) {
      try {
        read(text.slice(0, length))();
        names.add('read');
      } catch (error) {
        names.add((error as Error).name);
      }
    }
    expect([...names].sort()).toEqual(['InputError', 'read']);
  });
});
