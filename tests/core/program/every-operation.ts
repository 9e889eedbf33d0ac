import { random } from '../../../sdk/base/random.ts';
import { bytesOf, type ElementName, type Program, type ProgramStep } from '../../../sdk/core/program/program.ts';

/** A program of a few kilobytes with a step of each operation and each epilogue, and random constants. */
export function everyOperation(): Program {
  const next = random(5);
  const between = (low: number, high: number) => low + Math.floor(next() * (high - low + 1));
  const bytes = (length: number, low = 0, high = 255) => Uint8Array.from({ length }, () => between(low, high));
  const weights = (length: number) => Int8Array.from({ length }, () => between(-127, 127));
  const bias = (length: number) => Int32Array.from({ length }, () => between(-3000, 3000));
  const floats = (length: number, size: number) => Float32Array.from({ length }, () => size * (0.5 + next()));
  const shorts = (length: number) => Int16Array.from({ length }, () => between(100, 32767));
  const views: Program['views'][number][] = [];
  const steps: ProgramStep[] = [];
  let end = 64;

  /** A buffer of its own. @returns The view's index. */
  const view = (side: number, channels: number, halo = 0, element: ElementName = 'uint8') => {
    const pixelBytes = Math.ceil((channels * bytesOf(element)) / 4) * 4;
    const rowBytes = (side + 2 * halo) * pixelBytes;
    const zeroPoints = halo > 0 ? { zeroPoints: bytes(channels) } : {};
    const offset = end + halo * (rowBytes + pixelBytes);
    views.push({ offset, h: side, w: side, channels, pixelBytes, rowBytes, halo, element, ...zeroPoints });
    end += Math.ceil(((side + 2 * halo) * rowBytes) / 64) * 64;
    return views.length - 1;
  };
  const add = (step: Partial<ProgramStep> & Pick<ProgramStep, 'op' | 'in' | 'out'>) => {
    steps.push({ epilogue: 'linear', name: `${step.op} ${steps.length}`, macs: 0, ...step });
    return step.out;
  };
  const window = (kernel: number, stride = 1, pad = 0) =>
    ({ kernel: [kernel, kernel], stride: [stride, stride], pad: [pad, pad], dilation: [1, 1] }) as const;
  const clip = (c: number) => ({ z: bytes(c), lo: bytes(c, 0, 40), hi: bytes(c, 200, 255) });

  const picture = add({ op: 'input', in: 0, out: view(4, 12, 1), spaceToDepth: [0, 0, 1, 0, 0, 1, 1, 1] });
  const dense = (from: number, to: number, inputs: number, channels: number, taps: number) => ({
    ...({ op: 'conv', in: from, out: to, macs: 16 * channels * inputs * taps } as const),
    ...{ weights: weights(channels * inputs * taps), bias: bias(channels) },
  });
  const a = add({ ...dense(picture, view(4, 5, 1), 12, 5, 9), ...window(3, 1, 1), m: floats(5, 0.002), ...clip(5) });
  const b = add({
    ...{ op: 'depthwise', epilogue: 'silu', in: a, out: view(4, 5), macs: 16 * 5 * 9, ...window(3, 1, 1) },
    ...{ weights: weights(45), bias: bias(5), m: floats(5, 0.05), k: shorts(5), z: bytes(5), e: 8, rs: 0 },
  });
  const c = add({
    ...{ ...dense(b, view(4, 5), 5, 5, 1), epilogue: 'silu', ...window(1), in2: a, residual: true, e: 7, rs: 2 },
    ...{ m: floats(5, 0.02), k: shorts(5), z: bytes(5), zb: bytes(5), kr: shorts(5) },
  });
  const d = add({
    ...{ ...dense(c, view(4, 5), 5, 5, 1), ...window(1), in2: b, residual: true, m: floats(5, 0.004), ...clip(5) },
    ...{ zb: bytes(5), rm: floats(5, 0.5) },
  });
  const e = add({
    ...{ ...dense(d, view(4, 5), 5, 5, 1), epilogue: 'leaky', ...window(1) },
    ...{ m: floats(5, 0.004), m2: floats(5, 0.0004), ...clip(5) },
  });
  const f = add({
    ...{ ...dense(e, view(4, 5), 5, 5, 1), epilogue: 'hardswish', ...window(1) },
    ...{ m: floats(5, 0.0001), k32: floats(5, 4), z: bytes(5, 0, 60) },
  });
  const g = add({
    ...{ ...dense(f, view(4, 5), 5, 5, 1), epilogue: 'sigmoid', ...window(1) },
    ...{ m: floats(5, 0.0001), k32: floats(5, 180), z: bytes(5, 0, 9) },
  });
  const h = add({ op: 'max_pool', in: g, out: view(2, 5), ...window(3, 2, 1) });
  const i = add({ op: 'resize_bilinear', in: h, out: view(4, 5), kernel: [2, 2] });
  const j = add({
    ...{ op: 'add', in: i, in2: d, out: view(4, 5), za: bytes(5), zb: bytes(5) },
    ...{ m: floats(5, 0.5), rm: floats(5, 0.5), ...clip(5) },
  });
  const k = add({
    ...{ op: 'average_pool', in: j, out: view(1, 5), ...window(4, 4) },
    ...{ bias: bias(5), m: floats(5, 1 / 16), ...clip(5) },
  });
  const l = add({
    ...{ op: 'multiply', in: j, in2: k, out: view(4, 5), za: bytes(5), zb: bytes(5), m: floats(5, 0.01), ...clip(5) },
  });
  const m = add({ op: 'requantise', in: l, out: view(4, 5), za: bytes(5), m: floats(5, 1.1), ...clip(5) });
  const n = add({ op: 'table', in: m, out: m, table: bytes(5 * 256) });
  const o = add({ op: 'resize_nearest', in: n, out: view(8, 5), kernel: [2, 2] });
  const scores = add({
    ...{ ...dense(n, view(4, 3, 0, 'float32'), 5, 3, 1), epilogue: 'float_sigmoid', ...window(1), m: floats(3, 1e-4) },
  });
  const boxes = add({
    ...{ ...dense(n, view(4, 3, 0, 'float32'), 5, 3, 1), epilogue: 'float', ...window(1), m: floats(3, 0.01) },
  });
  const rest = add({ op: 'dequantise', in: o, out: view(8, 5, 0, 'float32'), za: bytes(5), m: floats(5, 0.03) });
  const float = (channels: number, side = 4) => view(side, channels, 0, 'float32');
  /** Floats that are not as high as wide. */
  const stack = (h: number, w: number, channels: number) => {
    const [pixelBytes, rowBytes] = [4 * channels, 4 * channels * w];
    views.push({ offset: end, h, w, channels, pixelBytes, rowBytes, halo: 0, element: 'float32' });
    end += Math.ceil((h * rowBytes) / 64) * 64;
    return views.length - 1;
  };
  const some = (length: number, size = 1) => Float32Array.from({ length }, () => size * (2 * next() - 1));
  const p = add({ op: 'dequantise', in: n, out: float(5), za: bytes(5), m: floats(5, 0.02) });
  const row = add({ op: 'constant', in: 0, out: float(5, 1), values: some(5) });
  const one = add({ op: 'constant', in: 0, out: float(1, 1), values: Float32Array.of(0.7) });
  const matrix = add({ op: 'constant', in: 0, out: float(8, 2), values: some(32) });
  const sum = add({ op: 'add_float', in: p, in2: row, out: float(5) });
  const difference = add({ op: 'subtract_float', in: one, in2: sum, out: float(5) });
  const part = add({ op: 'divide_float', in: difference, in2: p, out: float(5) });
  const limited = add({ op: 'function_float', in: part, out: float(5), fn: 'clip', values: Float32Array.of(-3, 3) });
  const bent = add({ op: 'function_float', in: limited, out: float(5), fn: 'leaky', values: some(5) });
  let curved = add({ op: 'multiply_float', in: bent, in2: sum, out: float(5) });
  for (const fn of ['hardswish', 'silu', 'exp', 'sqrt', 'sigmoid'] as const) {
    curved = add({ op: 'function_float', in: curved, out: float(5), fn });
  }
  // Four of five channels.
  const walk = Int32Array.of(0, 4, 1, 1, 4, 1, 2, 4, 1, ...Array.from({ length: 5 }, () => [0, 1, 0]).flat());
  const moved = add({ op: 'rearrange', in: curved, out: float(4), walk });
  const parts = add({ op: 'softmax', in: moved, out: float(4), group: 2 });
  const product = add({ op: 'matmul', in: parts, in2: matrix, out: float(8), macs: 16 * 4 * 8 });
  const bytesAgain = add({ op: 'quantise', in: product, out: view(4, 8, 1), m: floats(8, 90), z: bytes(8) });
  const last = add({ op: 'dequantise', in: bytesAgain, out: float(8), za: bytes(8), m: floats(8, 0.03) });
  const dark = add({ op: 'constant', in: 0, out: float(2, 3), values: some(18) });
  const nine = add({ op: 'constant', in: 0, out: stack(9, 8, 2), values: some(144) });
  const windows = { kernel: [3, 3], stride: [2, 1], pad: [1, 2], dilation: [1, 2] } as const;
  const felt = add({ op: 'conv_float', in: last, in2: nine, out: stack(2, 4, 2), ...windows, macs: 8 * 2 * 72 });
  const edge = add({ op: 'depthwise_float', in: felt, in2: dark, out: float(2), ...window(3, 1, 2), macs: 16 * 2 * 9 });
  const larger = add({ op: 'max_float', in: edge, in2: one, out: float(2) });
  const smaller = add({ op: 'min_float', in: larger, in2: edge, out: float(2) });
  const place = add({ op: 'argmax', in: smaller, out: float(1) });
  const logs = add({ op: 'function_float', in: smaller, out: float(2), fn: 'log' });
  const output = (name: string, index: number) => {
    const { offset, h: rows, w: columns, pixelBytes } = views[index]!;
    const shape = [1, rows, columns, pixelBytes / 4];
    return { name, direction: 'output', element: 'float32', shape, offset } as const;
  };
  return {
    tensors: [
      { name: 'images', direction: 'input', element: 'uint8', shape: [1, 8, 8, 3] },
      ...[
        output('scores', scores),
        output('boxes', boxes),
        output('größen', rest),
        output('floats', last),
        output('edges', edge),
        output('places', place),
        output('logs', logs),
      ],
    ],
    views,
    steps,
    arenaBytes: end + 64,
  };
}
