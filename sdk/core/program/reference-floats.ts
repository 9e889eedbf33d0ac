import { expOf } from '../../kernels/boxes/exp.ts';
import { logOf } from '../../kernels/program/log.ts';
import { nearest, saturate8, saturate16, sigmoidOf } from './arithmetic.ts';
import {
  type FloatFunction,
  isFloatWindow,
  limits,
  type OperationName,
  type ProgramStep,
  type ProgramView,
} from './program.ts';

const { fround } = Math;

interface Memory {
  readonly bytes: Uint8Array;
  /** The same memory. */
  readonly floats: Float32Array;
}

interface Views {
  readonly from: ProgramView;
  readonly second: ProgramView | undefined;
  readonly out: ProgramView;
}

/** Runs a step on floats, or `quantise`, which ends them. Each number is made of single rounded operations, in this order. */
export function runFloatStep(step: ProgramStep, views: Views, memory: Memory): void {
  const { op } = step;
  if (op === 'constant') writeConstant(step, views.out, memory);
  else if (op === 'quantise') quantise(step, views, memory);
  else if (op === 'function_float') applyFunction(step, views, memory);
  else if (op === 'softmax') softmax(step, views, memory);
  else if (op === 'matmul') multiplyMatrices(views, memory);
  else if (op === 'argmax') findLargest(views, memory);
  else if (op === 'rearrange') rearrange(step, views, memory);
  else if (isFloatWindow(op)) convolve(step, views, memory);
  else combine(op, views, memory);
}

/** Of a view of floats: the place of a pixel's first channel. */
const place = ({ offset, rowBytes, pixelBytes }: ProgramView, y: number, x: number) =>
  (offset + y * rowBytes + x * pixelBytes) / 4;

function eachPixel({ h, w }: ProgramView, visit: (y: number, x: number) => void): void {
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) visit(y, x);
}

function writeConstant({ values }: ProgramStep, out: ProgramView, { floats }: Memory): void {
  let i = 0;
  eachPixel(out, (y, x) => {
    const to = place(out, y, x);
    for (let c = 0; c < out.channels; c++) floats[to + c] = values![i++]!;
  });
}

/** What is no number becomes the least one. */
function quantise({ m, z }: ProgramStep, { from, out }: Views, { bytes, floats }: Memory): void {
  eachPixel(out, (y, x) => {
    const at = place(from, y, x);
    const to = out.offset + y * out.rowBytes + x * out.pixelBytes;
    for (let c = 0; c < out.channels; c++) {
      const scaled = fround(floats[at + c]! * m![c]!);
      const limited = scaled > -70000 ? Math.min(scaled, 70000) : -70000;
      bytes[to + c] = saturate8(saturate16(saturate16(nearest(limited)) + z![c]!));
    }
  });
}

const pairs: Partial<Record<OperationName, (a: number, b: number) => number>> = {
  add_float: (a, b) => fround(a + b),
  subtract_float: (a, b) => fround(a - b),
  multiply_float: (a, b) => fround(a * b),
  divide_float: (a, b) => fround(a / b),
  // The second one where either is no number: not as Math.max and Math.min.
  max_float(a, b) {
    if (a > b) return a;
    return b;
  },
  min_float(a, b) {
    if (a < b) return a;
    return b;
  },
};

/** Each side of an operand is that of the output, or 1. */
function combine(op: OperationName, { from, second, out }: Views, { floats }: Memory): void {
  const of = pairs[op]!;
  const at = (view: ProgramView, y: number, x: number) => place(view, view.h === 1 ? 0 : y, view.w === 1 ? 0 : x);
  const [a1, b1] = [from.channels === 1, second!.channels === 1];
  eachPixel(out, (y, x) => {
    const [a, b, to] = [at(from, y, x), at(second!, y, x), place(out, y, x)];
    for (let c = 0; c < out.channels; c++) floats[to + c] = of(floats[a1 ? a : a + c]!, floats[b1 ? b : b + c]!);
  });
}

type Of = (x: number, values: Float32Array, c: number) => number;

const functions: Readonly<Record<FloatFunction, Of>> = {
  sigmoid: (x) => sigmoidOf(x),
  exp: (x) => expOf(Math.min(x, 86)),
  silu: (x) => fround(x * sigmoidOf(x)),
  hardswish: (x) => {
    const six = Math.min(6, Math.max(0, fround(x + 3)));
    return fround(fround(x * six) / 6);
  },
  clip: (x, values) => {
    const [low, high] = [values[0]!, values[1]!];
    if (x < low) return low;
    if (x > high) return high;
    return x;
  },
  leaky: (x, values, c) => (x < 0 ? fround(x * values[c]!) : x),
  sqrt: (x) => fround(Math.sqrt(x)),
  log: (x) => logOf(x),
};

function applyFunction({ fn, values }: ProgramStep, { from, out }: Views, { floats }: Memory): void {
  const of = functions[fn!];
  eachPixel(out, (y, x) => {
    const [at, to] = [place(from, y, x), place(out, y, x)];
    for (let c = 0; c < out.channels; c++) floats[to + c] = of(floats[at + c]!, values!, c);
  });
}

/** What is further below the largest is as if it were there: its share would be no normal number, with which processors are slow. */
const softmaxLeast = -60;

/** Of each group of channels: e^(x - largest), over the sum of these. */
function softmax({ group: size }: ProgramStep, { from, out }: Views, { floats }: Memory): void {
  const group = size!;
  eachPixel(out, (y, x) => {
    for (let first = 0; first < out.channels; first += group) {
      const [at, to] = [place(from, y, x) + first, place(out, y, x) + first];
      let most = floats[at]!;
      for (let i = 1; i < group; i++) most = Math.max(most, floats[at + i]!);
      for (let i = 0; i < group; i++) {
        const below = fround(floats[at + i]! - most);
        floats[to + i] = expOf(Math.max(below, softmaxLeast));
      }
      let sum = 0;
      for (let i = 0; i < group; i++) sum = fround(sum + floats[to + i]!);
      for (let i = 0; i < group; i++) floats[to + i] = fround(floats[to + i]! / sum);
    }
  });
}

/** Of each pixel's channels, the first one where several are as large. What is no number is larger than nothing. */
function findLargest({ from, out }: Views, { floats }: Memory): void {
  eachPixel(out, (y, x) => {
    const at = place(from, y, x);
    let found = 0;
    for (let c = 1; c < from.channels; c++) if (floats[at + c]! > floats[at + found]!) found = c;
    floats[place(out, y, x)] = found;
  });
}

/** Pixels are rows, channels columns; products are added one after the other. */
function multiplyMatrices({ from, second, out }: Views, { floats }: Memory): void {
  const { w } = second!;
  eachPixel(out, (y, x) => {
    const [a, to] = [place(from, y, x), place(out, y, x)];
    for (let n = 0; n < out.channels; n++) {
      let sum = 0;
      for (let k = 0; k < from.channels; k++) {
        const b = place(second!, Math.floor(k / w), k % w) + n;
        sum = fround(sum + fround(floats[a + k]! * floats[b]!));
      }
      floats[to + n] = sum;
    }
  });
}

/**
 * The products of a window are added row by row, pixel by pixel, channel by channel; of a depthwise one each channel's own. Where it
 * reaches beyond what is read there is nothing to add.
 */
function convolve(step: ProgramStep, { from, second, out }: Views, { floats }: Memory): void {
  const { op, kernel = [1, 1], stride = [1, 1], pad = [0, 0], dilation = [1, 1] } = step;
  const isDense = op === 'conv_float';
  eachPixel(out, (y, x) => {
    const to = place(out, y, x);
    for (let n = 0; n < out.channels; n++) {
      let sum = 0;
      for (let tap = 0; tap < kernel[0] * kernel[1]; tap++) {
        const [ky, kx] = [Math.floor(tap / kernel[1]), tap % kernel[1]];
        const [iy, ix] = [y * stride[0] - pad[0] + ky * dilation[0], x * stride[1] - pad[1] + kx * dilation[1]];
        if (iy < 0 || iy >= from.h || ix < 0 || ix >= from.w) continue;
        const at = place(from, iy, ix);
        for (let i = isDense ? 0 : n; i < (isDense ? from.channels : n + 1); i++) {
          const weight = isDense ? place(second!, tap, i) : place(second!, ky, kx);
          sum = fround(sum + fround(floats[at + i]! * floats[weight + n]!));
        }
      }
      floats[to + n] = sum;
    }
  });
}

/** What is read in the order of the walk is written row by row, pixel by pixel, channel by channel. */
function rearrange({ walk }: ProgramStep, { from, out }: Views, { floats }: Memory): void {
  const apart = [from.rowBytes / 4, from.pixelBytes / 4, 1];
  const read: number[] = [];
  const visit = (depth: number, at: number): void => {
    if (depth === limits.walk) {
      read.push(floats[at]!);
      return;
    }
    const [axis, size, step] = [walk![3 * depth]!, walk![3 * depth + 1]!, walk![3 * depth + 2]!];
    for (let i = 0; i < size; i++) visit(depth + 1, at + i * step * apart[axis]!);
  };
  visit(0, place(from, 0, 0));
  let i = 0;
  eachPixel(out, (y, x) => {
    const to = place(out, y, x);
    for (let c = 0; c < out.channels; c++) floats[to + c] = read[i++]!;
  });
}
