import { InputError } from '../../base/errors.ts';
import { mulhrs, nearest, saturate8, saturate16, sigmoidOf, siluOf } from './arithmetic.ts';
import { bytesOf, isFloatStep, type Program, type ProgramStep, type ProgramView } from './program.ts';
import { runFloatStep } from './reference-floats.ts';

const { fround } = Math;

/**
 * Runs programs step by step, number by number, without any thought of speed: this is what a step means, and what all
 * kernels are tested against, bit for bit.
 *
 * @example
 * const interpreter = new Interpreter(readProgram(bytes));
 * interpreter.input('images').set(picture);
 * interpreter.run();
 * const boxes = interpreter.output('output');
 */
export class Interpreter {
  readonly program: Program;
  readonly #bytes: Uint8Array;
  readonly #floats: Float32Array;
  readonly #inputs: readonly Uint8Array[];

  constructor(program: Program) {
    this.program = program;
    const arena = new ArrayBuffer(program.arenaBytes);
    this.#bytes = new Uint8Array(arena);
    this.#floats = new Float32Array(arena);
    this.#inputs = program.tensors.map(
      ({ direction, shape }) => new Uint8Array(direction === 'input' ? size(shape) : 0),
    );
  }

  /** To be filled before a run. @throws InputError when there is no such input. */
  input(name: string): Uint8Array {
    return this.#inputs[this.#tensor(name, 'input')]!;
  }

  /** Filled by a run. @throws InputError when there is no such output. */
  output(name: string): Float32Array | Uint8Array {
    const { offset, shape, element } = this.program.tensors[this.#tensor(name, 'output')]!;
    const end = offset! + size(shape) * bytesOf(element);
    return element === 'uint8' ? this.#bytes.subarray(offset!, end) : this.#floats.subarray(offset! / 4, end / 4);
  }

  /** @param after Told after each step, for whoever looks at what lies between. */
  run(after?: (step: ProgramStep, index: number) => void): void {
    this.program.steps.forEach((step, index) => {
      this.#runStep(step);
      after?.(step, index);
    });
  }

  /** The numbers of a view, height x width x channels. */
  view(index: number): Uint8Array | Float32Array {
    const view = this.program.views[index]!;
    const { h, w, channels, element } = view;
    const numbers = element === 'uint8' ? new Uint8Array(h * w * channels) : new Float32Array(h * w * channels);
    const from = element === 'uint8' ? this.#bytes : this.#floats;
    const unit = bytesOf(element);
    for (let y = 0, at = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        for (let c = 0; c < channels; c++) numbers[at++] = from[at1(view, y, x) / unit + c]!;
      }
    }
    return numbers;
  }

  #tensor(name: string, direction: 'input' | 'output'): number {
    const { tensors } = this.program;
    const index = tensors.findIndex((one) => one.name === name && one.direction === direction);
    if (index < 0) {
      const names = tensors.filter((one) => one.direction === direction).map((one) => one.name);
      throw new InputError(`expected an ${direction} of the program, one of ${names.join(', ')}, got ${name}`);
    }
    return index;
  }

  #runStep(step: ProgramStep): void {
    const out = this.program.views[step.out]!;
    if (step.op === 'input') this.#takePicture(step, out);
    else if (step.op === 'quantise' || isFloatStep(step.op)) this.#runFloats(step, out);
    else this.#operate(step, this.program.views[step.in]!, out);
    if (out.halo > 0) this.#fillHalo(out);
  }

  #runFloats(step: ProgramStep, out: ProgramView): void {
    const { views } = this.program;
    const second = step.in2 === undefined ? undefined : views[step.in2]!;
    runFloatStep(step, { from: views[step.in]!, second, out }, { bytes: this.#bytes, floats: this.#floats });
  }

  #operate(step: ProgramStep, from: ProgramView, out: ProgramView): void {
    const bytes = this.#bytes;
    const second = step.in2 === undefined ? undefined : this.program.views[step.in2]!;
    const residual = step.residual ? second : undefined;
    const sumOf = accumulators[step.op];
    const numberOf = values[step.op];
    for (let y = 0; y < out.h; y++) {
      for (let x = 0; x < out.w; x++) {
        const to = at1(out, y, x);
        const added = residual ? at1(residual, y, x) : 0;
        for (let c = 0; c < out.channels; c++) {
          if (numberOf) {
            const value = numberOf(bytes, step, from, second, y, x, c);
            if (out.element === 'float32') this.#floats[to / 4 + c] = value;
            else bytes[to + c] = value;
            continue;
          }
          const acc = sumOf!(bytes, step, from, second, y, x, c);
          if (out.element === 'float32') this.#floats[to / 4 + c] = finishFloat(step, acc, c);
          else bytes[to + c] = finish(step, acc, c, residual ? bytes[added + c]! : 0);
        }
      }
    }
  }

  #takePicture({ in: tensor, nchw, spaceToDepth = [0, 0] }: ProgramStep, out: ProgramView): void {
    const picture = this.#inputs[tensor]!;
    const factor = spaceToDepth.length > 2 ? 2 : 1;
    const blocks = factor * factor;
    const channels = out.channels / blocks;
    const height = out.h * factor;
    const width = out.w * factor;
    for (let y = 0; y < out.h; y++) {
      for (let x = 0; x < out.w; x++) {
        const to = at1(out, y, x);
        for (let block = 0; block < blocks; block++) {
          const row = y * factor + spaceToDepth[2 * block]!;
          const column = x * factor + spaceToDepth[2 * block + 1]!;
          for (let c = 0; c < channels; c++) {
            const at = nchw ? (c * height + row) * width + column : (row * width + column) * channels + c;
            this.#bytes[to + block * channels + c] = picture[at]!;
          }
        }
      }
    }
  }

  #fillHalo(view: ProgramView): void {
    const { h, w, halo, zeroPoints } = view;
    for (let y = -halo; y < h + halo; y++) {
      for (let x = -halo; x < w + halo; x++) {
        if (y < 0 || y >= h || x < 0 || x >= w) this.#bytes.set(zeroPoints!, at1(view, y, x));
      }
    }
  }
}

const size = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);

const at1 = ({ offset, rowBytes, pixelBytes }: ProgramView, y: number, x: number) =>
  offset + y * rowBytes + x * pixelBytes;

/** What a step computes for row y, column x, channel c of its output. */
type NumberOf = (
  bytes: Uint8Array,
  step: ProgramStep,
  from: ProgramView,
  second: ProgramView | undefined,
  y: number,
  x: number,
  c: number,
) => number;

/** The accumulator, a whole number that an epilogue makes the output of. */
const accumulators: Partial<Record<ProgramStep['op'], NumberOf>> = {
  conv(bytes, { weights, bias, kernel, stride, pad, dilation }, from, _, y, x, o) {
    const [kh, kw] = kernel!;
    const inputs = from.channels;
    let sum = bias![o]!;
    let w = o * kh * kw * inputs;
    for (let i = 0; i < kh; i++) {
      for (let j = 0; j < kw; j++) {
        // What lies outside the picture is its halo.
        const at = at1(from, y * stride![0] - pad![0] + i * dilation![0], x * stride![1] - pad![1] + j * dilation![1]);
        for (let c = 0; c < inputs; c++) sum += bytes[at + c]! * weights![w++]!;
      }
    }
    return sum;
  },
  depthwise(bytes, { weights, bias, kernel, stride, pad, dilation }, from, _, y, x, c) {
    const [kh, kw] = kernel!;
    let sum = bias![c]!;
    for (let i = 0; i < kh; i++) {
      for (let j = 0; j < kw; j++) {
        const at = at1(from, y * stride![0] - pad![0] + i * dilation![0], x * stride![1] - pad![1] + j * dilation![1]);
        sum += bytes[at + c]! * weights![(i * kw + j) * from.channels + c]!;
      }
    }
    return sum;
  },
  average_pool(bytes, { bias, kernel, stride, pad = [0, 0], dilation = [1, 1] }, from, _, y, x, c) {
    let sum = bias![c]!;
    for (let i = 0; i < kernel![0]; i++) {
      for (let j = 0; j < kernel![1]; j++) {
        sum +=
          bytes[at1(from, y * stride![0] - pad[0] + i * dilation[0], x * stride![1] - pad[1] + j * dilation[1]) + c]!;
      }
    }
    return sum;
  },
  multiply(bytes, { za, zb }, from, second, y, x, c) {
    const isBroadcast = second!.h === 1 && second!.w === 1;
    const b = at1(second!, isBroadcast ? 0 : y, isBroadcast ? 0 : x);
    return (bytes[at1(from, y, x) + c]! - za![c]!) * (bytes[b + c]! - zb![c]!);
  },
  requantise: (bytes, { za }, from, _, y, x, c) => bytes[at1(from, y, x) + c]! - za![c]!,
};

/** Steps that have no accumulator. */
const values: Partial<Record<ProgramStep['op'], NumberOf>> = {
  max_pool(bytes, { kernel, stride, pad = [0, 0] }, from, _, y, x, c) {
    let largest = 0;
    for (let i = 0; i < kernel![0]; i++) {
      const row = y * stride![0] - pad[0] + i;
      if (row < 0 || row >= from.h) continue;
      for (let j = 0; j < kernel![1]; j++) {
        const column = x * stride![1] - pad[1] + j;
        if (column >= 0 && column < from.w) largest = Math.max(largest, bytes[at1(from, row, column) + c]!);
      }
    }
    return largest;
  },
  resize_nearest: (bytes, { kernel }, from, _, y, x, c) =>
    bytes[at1(from, Math.floor(y / kernel![0]), Math.floor(x / kernel![1])) + c]!,
  resize_bilinear(bytes, _step, from, _, y, x, c) {
    // The nearer of the two rows (columns) counts 3, the other one 1.
    const row = y >> 1;
    const column = x >> 1;
    const other = clamped(row + (y & 1 ? 1 : -1), from.h);
    const beside = clamped(column + (x & 1 ? 1 : -1), from.w);
    const at = (r: number, s: number) => bytes[at1(from, r, s) + c]!;
    return (9 * at(row, column) + 3 * at(row, beside) + 3 * at(other, column) + at(other, beside) + 8) >> 4;
  },
  add(bytes, step, from, second, y, x, c) {
    const { za, zb, m, rm } = step;
    const a = fround((bytes[at1(from, y, x) + c]! - za![c]!) * m![c]!);
    const b = fround((bytes[at1(second!, y, x) + c]! - zb![c]!) * rm![c]!);
    return within(step, nearest(fround(a + b)), c);
  },
  table: (bytes, { table }, from, _, y, x, c) => table![c * 256 + bytes[at1(from, y, x) + c]!]!,
  dequantise: (bytes, { za, m }, from, _, y, x, c) => fround((bytes[at1(from, y, x) + c]! - za![c]!) * m![c]!),
};

const clamped = (at: number, side: number) => Math.min(side - 1, Math.max(0, at));

function within({ z, lo, hi }: ProgramStep, v: number, o: number): number {
  return Math.min(hi![o]!, Math.max(lo![o]!, saturate16(saturate16(v) + z![o]!)));
}

function finish(step: ProgramStep, acc: number, o: number, residual: number): number {
  const { m, m2, z, zb, rm, k32 } = step;
  const value = fround(acc);
  const scaled = fround(value * m![o]!);
  switch (step.epilogue) {
    case 'linear': {
      const sum = step.residual ? fround(scaled + fround((residual - zb![o]!) * rm![o]!)) : scaled;
      return within(step, nearest(sum), o);
    }
    case 'leaky':
      return within(step, nearest(acc < 0 ? fround(value * m2![o]!) : scaled), o);
    case 'silu':
      return finishSilu(step, saturate16(nearest(scaled)), o, residual);
    case 'hardswish': {
      const six = Math.min(6, Math.max(0, fround(scaled + 3)));
      return saturate8(saturate16(saturate16(nearest(fround(fround(scaled * six) * k32![o]!))) + z![o]!));
    }
    case 'sigmoid':
      return saturate8(saturate16(saturate16(nearest(fround(sigmoidOf(scaled) * k32![o]!))) + z![o]!));
    default:
      throw new Error(`step ${step.name}: the epilogue ${step.epilogue} gives floats`);
  }
}

function finishSilu({ e, rs, k, kr, z, zb, residual: isAdded }: ProgramStep, x: number, o: number, residual: number) {
  const a = mulhrs(siluOf(x, e!), k![o]!);
  if (!isAdded) return saturate8(saturate16(a + z![o]!));
  const b = mulhrs((residual - zb![o]!) * 64, kr![o]!);
  const half = rs! > 0 ? 1 << (rs! - 1) : 0;
  return saturate8(saturate16((saturate16(saturate16(a + b) + half) >> rs!) + z![o]!));
}

function finishFloat({ epilogue, m, name }: ProgramStep, acc: number, o: number): number {
  const scaled = fround(fround(acc) * m![o]!);
  if (epilogue === 'float') return scaled;
  if (epilogue === 'float_sigmoid') return sigmoidOf(scaled);
  throw new Error(`step ${name}: the epilogue ${epilogue} gives no floats`);
}
