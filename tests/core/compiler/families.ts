import { NetworkBuilder } from './networks.ts';

/** Detectors in small, each with what its family has that others have not: how boxes come of numbers, and attention. */
export const families: Readonly<Record<string, () => Uint8Array<ArrayBuffer>>> = {
  'YOLOv8: boxes as distributions, channels first': yolov8,
  'YOLO11: attention among all pixels': attention,
  'YOLOX: boxes by exponent and grid': yolox,
  'SSD: boxes beside priors, scores by softmax': () => ssd(apart),
  'U-Net: pictures made larger by convolutions': unet,
  'U-Net: sides that are no multiple of the steps': odd,
  'EfficientViT: attention by sums, of values with a one beside them': linear,
  'SSDLite: the same on blocks of MobileNetV3': () => ssd(gated),
};

export const familySide = 16;
const classes = 3;
const cells = 64 + 16;

const silu = (net: NetworkBuilder, x: string) => net.node('Mul', [x, net.node('Sigmoid', [x])]);
const conv = (net: NetworkBuilder, x: string, channels: readonly [number, number], kernel = 1, ints = {}) =>
  silu(net, net.conv(x, channels, kernel, ints));

/** Two pictures of 8 x 8 and 4 x 4. */
function body(net: NetworkBuilder): [string, string] {
  const a = conv(net, net.picture(), [3, 12], 3, { strides: [2, 2] });
  return [a, conv(net, a, [12, 20], 3, { strides: [2, 2] })];
}

/** Made smaller and larger again: joined with what it was, then read by a convolution, and an output by itself. */
function unet(): Uint8Array<ArrayBuffer> {
  const net = new NetworkBuilder();
  const [a, b] = body(net);
  const large = (x: string, channels: readonly [number, number]) =>
    net.node('ConvTranspose', [x, net.random([...channels, 3, 3], 0.3), net.random([channels[1]], 0.5)], {
      ints: { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 1] },
    });
  const up = silu(net, large(b, [20, 10]));
  const joined = conv(net, net.node('Concat', [up, a], { ints: { axis: 1 } }), [22, 9], 3);
  const read = conv(net, net.node('Relu', [large(joined, [9, 7])]), [7, 5], 3);
  net.output(net.conv(read, [5, 3]));
  net.output(net.node('Sigmoid', [large(joined, [9, 1])]));
  return net.build(familySide);
}

/** Every part between the pixels of a smaller picture is of another size. */
function odd(): Uint8Array<ArrayBuffer> {
  const net = new NetworkBuilder();
  const [a, b] = body(net);
  const x = net.node('ConvTranspose', [b, net.random([20, 6, 3, 3], 0.3), net.random([6], 0.5)], {
    ints: { strides: [2, 2] },
  });
  const read = conv(
    net,
    net.node('Concat', [net.node('Relu', [x]), padded(net, a)], { ints: { axis: 1 } }),
    [18, 5],
    3,
  );
  net.output(net.conv(read, [5, 3]));
  net.output(net.node('ConvTranspose', [read, net.random([5, 2, 3, 3], 0.3)], { ints: { strides: [2, 3] } }));
  return net.build(familySide);
}

const padded = (net: NetworkBuilder, x: string) =>
  net.node('Pad', [x, net.integers(0, 0, 0, 0, 0, 0, 1, 1)], { texts: { mode: 'edge' } });

/** Softmax is not among its steps: sums over all pixels are divided by the sum of the ones. */
function linear(): Uint8Array<ArrayBuffer> {
  const net = new NetworkBuilder();
  const [x] = body(net);
  const [heads, dim, pixels] = [3, 4, 64];
  const channels = heads * 3 * dim;
  const all = net.conv(x, [12, channels]);
  const apart = net.node('Reshape', [all, net.integers(1, heads, 3 * dim, pixels)]);
  const rows = net.node('Transpose', [apart], { ints: { perm: [0, 1, 3, 2] } });
  const part = (k: number) => sliceOf(net, rows, k * dim, (k + 1) * dim, 3);
  const [q, k] = [0, 1].map((i) => net.node('Relu', [part(i)])) as [string, string];
  const v = net.node('Pad', [part(2), net.integers(0, 0, 0, 0, 0, 0, 0, 1), net.constant([], [1])]);
  const sums = net.node('MatMul', [net.node('Transpose', [k], { ints: { perm: [0, 1, 3, 2] } }), v]);
  const made = net.node('MatMul', [q, sums]);
  const divisor = net.node('Add', [sliceOf(net, made, dim, dim + 1, 3), net.constant([], [1e-3])]);
  const mixed = net.node('Div', [sliceOf(net, made, 0, dim, 3), divisor]);
  const turned = net.node('Transpose', [mixed], { ints: { perm: [0, 1, 3, 2] } });
  const picture = net.node('Reshape', [turned, net.integers(1, heads * dim, 8, 8)]);
  net.output(net.node('Add', [x, net.conv(picture, [heads * dim, 12])]));
  return net.build(familySide);
}

/** Where each cell lies, in cells: [1, 2, cells]. */
function grid(offset: number): number[] {
  const all = [8, 4].flatMap((side) => Array.from({ length: side * side }, (_, i) => [i % side, Math.floor(i / side)]));
  return [0, 1].flatMap((k) => all.map((one) => one[k]! + offset));
}
const strides = Array.from({ length: cells }, (_, i) => (i < 64 ? 2 : 4));

function sliceOf(net: NetworkBuilder, x: string, from: number, to: number, axis: number): string {
  return net.node('Slice', [x, net.integers(from), net.integers(to), net.integers(axis), net.integers(1)]);
}

/** As Ultralytics' head ends: each side of a box is the mean of 16 bins. */
function yolov8(): Uint8Array<ArrayBuffer> {
  const net = new NetworkBuilder();
  const levels = body(net).map((x, i) => {
    const inputs = i === 0 ? 12 : 20;
    const both = net.node('Concat', [net.conv(x, [inputs, 64]), net.conv(x, [inputs, classes])], { ints: { axis: 1 } });
    return net.node('Reshape', [both, net.integers(1, 64 + classes, i === 0 ? 64 : 16)]);
  });
  const all = net.node('Concat', levels, { ints: { axis: 2 } });
  const [box, score] = net.nodes('Split', [all, net.integers(64, classes)], 2, { ints: { axis: 1 } }) as [
    string,
    string,
  ];
  const bins = net.node('Transpose', [net.node('Reshape', [box, net.integers(1, 4, 16, cells)])], {
    ints: { perm: [0, 2, 1, 3] },
  });
  const shares = net.node('Softmax', [bins], { ints: { axis: 1 } });
  const weights = net.constant(
    [1, 16, 1, 1],
    Array.from({ length: 16 }, (_, i) => i),
  );
  const sides = net.node('Reshape', [net.node('Conv', [shares, weights]), net.integers(1, 4, cells)]);
  const anchors = net.constant([1, 2, cells], grid(0.5));
  const first = net.node('Sub', [anchors, sliceOf(net, sides, 0, 2, 1)]);
  const second = net.node('Add', [anchors, sliceOf(net, sides, 2, 4, 1)]);
  const centre = net.node('Div', [net.node('Add', [first, second]), net.constant([], [2])]);
  const boxes = net.node('Concat', [centre, net.node('Sub', [second, first])], { ints: { axis: 1 } });
  const scaled = net.node('Mul', [boxes, net.constant([1, cells], strides)]);
  net.output(net.node('Concat', [scaled, net.node('Sigmoid', [score])], { ints: { axis: 1 } }));
  return net.build(familySide);
}

/** As in C2PSA: two heads, whose results are added to a convolution of the values, and go on in bytes. */
function attention(): Uint8Array<ArrayBuffer> {
  const net = new NetworkBuilder();
  const [x] = body(net);
  const [heads, key, value, pixels] = [2, 5, 8, 64];
  const channels = heads * value;
  const before = conv(net, x, [12, channels]);
  const all = net.conv(before, [channels, heads * (2 * key + value)]);
  const apart = net.node('Reshape', [all, net.integers(1, heads, 2 * key + value, pixels)]);
  const parts = net.nodes('Split', [apart, net.integers(key, key, value)], 3, { ints: { axis: 2 } });
  const [q, k, v] = parts as [string, string, string];
  const turned = (y: string) => net.node('Transpose', [y], { ints: { perm: [0, 1, 3, 2] } });
  const products = net.node('Mul', [net.node('MatMul', [turned(q), k]), net.constant([], [key ** -0.5])]);
  const shares = net.node('Softmax', [products], { ints: { axis: -1 } });
  const mixed = net.node('Reshape', [net.node('MatMul', [v, turned(shares)]), net.integers(1, channels, 8, 8)]);
  const places = net.conv(net.node('Reshape', [v, net.integers(1, channels, 8, 8)]), [channels, channels], 3, {
    group: channels,
  });
  const after = net.conv(net.node('Add', [mixed, places]), [channels, channels]);
  const sum = net.node('Add', [before, after]);
  net.output(net.node('Transpose', [net.conv(sum, [channels, 5])], { ints: { perm: [0, 2, 3, 1] } }));
  return net.build(familySide);
}

/** With boxes decoded in the graph, as its exporter can. */
function yolox(): Uint8Array<ArrayBuffer> {
  const net = new NetworkBuilder();
  const levels = body(net).map((x, i) => {
    const inputs = i === 0 ? 12 : 20;
    const sigmoid = (count: number) => net.node('Sigmoid', [net.conv(x, [inputs, count])]);
    const both = net.node('Concat', [net.conv(x, [inputs, 4]), sigmoid(1), sigmoid(classes)], { ints: { axis: 1 } });
    return net.node('Reshape', [both, net.integers(1, 5 + classes, i === 0 ? 64 : 16)]);
  });
  const joined = net.node('Concat', levels, { ints: { axis: 2 } });
  const list = net.node('Transpose', [joined], { ints: { perm: [0, 2, 1] } });
  const places = grid(0);
  const pairs = Array.from({ length: 2 * cells }, (_, i) => places[(i % 2) * cells + (i >> 1)]!);
  const scale = net.constant([1, cells, 1], strides);
  const moved = net.node('Add', [sliceOf(net, list, 0, 2, 2), net.constant([1, cells, 2], pairs)]);
  const size = net.node('Mul', [net.node('Exp', [sliceOf(net, list, 2, 4, 2)]), scale]);
  const parts = [net.node('Mul', [moved, scale]), size, sliceOf(net, list, 4, 5 + classes, 2)];
  net.output(net.node('Concat', parts, { ints: { axis: 2 } }));
  return net.build(familySide);
}

type Block = (net: NetworkBuilder, x: string, inputs: number, outputs: number) => string;

const six = (net: NetworkBuilder, x: string) => net.node('Clip', [x, net.constant([], [0]), net.constant([], [6])]);
const hardSigmoid = (net: NetworkBuilder, x: string) =>
  net.node('HardSigmoid', [x], { floats: { alpha: 1 / 6, beta: 0.5 } });

/** A depthwise convolution and one of single pixels, with ReLU6. */
const apart: Block = (net, x, inputs, outputs) => {
  const own = six(net, net.conv(x, [inputs, inputs], 3, { group: inputs, strides: [2, 2] }));
  return six(net, net.conv(own, [inputs, outputs]));
};

/** Hard swish in parts, and a gate for each channel. */
const gated: Block = (net, x, inputs, outputs) => {
  const swish = (y: string) => net.node('Mul', [y, hardSigmoid(net, y)]);
  const own = swish(net.conv(x, [inputs, inputs], 3, { group: inputs, strides: [2, 2] }));
  const means = net.node('GlobalAveragePool', [own]);
  const fewer = net.node('Relu', [net.conv(means, [inputs, 4])]);
  const gate = hardSigmoid(net, net.conv(fewer, [4, inputs]));
  return swish(net.conv(net.node('Mul', [own, gate]), [inputs, outputs]));
};

/** The part before the suppression of overlaps. */
function ssd(block: Block): Uint8Array<ArrayBuffer> {
  const net = new NetworkBuilder();
  const a = block(net, six(net, net.conv(net.picture(), [3, 8], 3)), 8, 16);
  const levels = [[a, 16] as const, [block(net, a, 16, 20), 20] as const];
  const heads = (count: number) =>
    levels.map(([x, inputs], i) => {
      const last = net.node('Transpose', [net.conv(x, [inputs, count])], { ints: { perm: [0, 2, 3, 1] } });
      return net.node('Reshape', [last, net.integers(1, i === 0 ? 64 : 16, count)]);
    });
  const boxes = net.node('Concat', heads(4), { ints: { axis: 1 } });
  const scores = net.node('Concat', heads(classes + 1), { ints: { axis: 1 } });
  const [yx, hw] = net.nodes('Split', [boxes, net.integers(2, 2)], 2, { ints: { axis: 2 } }) as [string, string];
  const priors = net.random([1, cells, 2], 0.1, 0.5);
  const sizes = net.random([1, cells, 2], 0.1, 0.3);
  const tenth = net.constant([], [0.1]);
  const centre = net.node('Add', [net.node('Mul', [net.node('Mul', [yx, tenth]), sizes]), priors]);
  const size = net.node('Mul', [net.node('Exp', [net.node('Mul', [hw, net.constant([], [0.2])])]), sizes]);
  const half = net.node('Div', [size, net.constant([], [2])]);
  net.output(
    net.node('Concat', [net.node('Sub', [centre, half]), net.node('Add', [centre, half])], { ints: { axis: 2 } }),
  );
  net.output(net.node('Softmax', [scores], { ints: { axis: -1 } }));
  return net.build(familySide);
}
