import { assertFloatStep } from './check-floats.ts';
import { constantsOf, epiloguesOf } from './constants.ts';
import { expect, type Fault } from './expectation.ts';
import {
  bytesOf,
  isFloatPair,
  isFloatStep,
  isFloatWindow,
  limits,
  type Program,
  type ProgramStep,
  type ProgramView,
} from './program.ts';

/**
 * Can this step be run, its views being as they should? The same rules as in sdk/kernels/program/check.cpp: what is written
 * here is taken there.
 *
 * @throws InputError that begins with what the step is called, and says what was expected of it, and what it is.
 */
export function assertStep(program: Program, step: ProgramStep, what: string): void {
  new StepCheck(program, step, what).run();
}

/** Below 2^31, with room for the roundings of what is multiplied. */
const mostProduct = 2147481600;

/** Operations that may write what they read: number by number. */
const inPlace = ['add', 'requantise', 'table'];
const windowed = ['conv', 'depthwise', 'max_pool', 'average_pool'];
const resizing = ['resize_nearest', 'resize_bilinear'];

class StepCheck {
  readonly #program: Program;
  readonly #step: ProgramStep;
  readonly #what: string;

  constructor(program: Program, step: ProgramStep, what: string) {
    this.#program = program;
    this.#step = step;
    this.#what = what;
  }

  run(): void {
    const step = this.#step;
    const out = this.#view(step.out, 'writes');
    this.#expect(epiloguesOf(step.op).includes(step.epilogue), () => [
      `the epilogue of ${step.op} to be one of ${epiloguesOf(step.op).join(', ')}`,
      step.epilogue,
    ]);
    const isFloat = step.epilogue.startsWith('float') || step.op === 'dequantise' || isFloatStep(step.op);
    this.#expect((out.element === 'float32') === isFloat, () => [
      `${isFloat ? 'float32' : 'uint8'} to be written`,
      out.element,
    ]);
    this.#checkUnused();
    if (step.op === 'input') this.#checkInput(out);
    else if (step.op === 'quantise' || isFloatStep(step.op)) this.#checkFloats(out);
    else this.#checkOperation(out);
  }

  #checkFloats(out: ProgramView): void {
    const { op, in: index, in2 } = this.#step;
    const from = op === 'constant' ? out : this.#view(index, 'reads');
    const second = in2 === undefined ? undefined : this.#view(in2, 'reads');
    this.#checkConstants(from, out);
    assertFloatStep(this.#step, { from, second, out }, (isRight, fault) => this.#expect(isRight, fault));
    for (const one of op === 'constant' ? [] : [from, ...(second ? [second] : [])]) {
      this.#expect(areApart(one, out, false), () => ['to write elsewhere than it reads', 'views that share bytes']);
    }
  }

  #checkOperation(out: ProgramView): void {
    const step = this.#step;
    const from = this.#view(step.in, 'reads');
    this.#expect(from.element === 'uint8', () => ['uint8 to be read', from.element]);
    this.#expect(out.channels <= limits.channels, () => [`at most ${limits.channels} channels`, String(out.channels)]);
    this.#checkConstants(from, out);
    this.#checkShapes(from, out);
    this.#checkProducts(from, out);
    const isInPlace = inPlace.includes(step.op);
    this.#expect(areApart(from, out, isInPlace), () => ['to write elsewhere than it reads', 'views that share bytes']);
    const second = this.#program.views[step.in2 ?? -1];
    this.#expect(!second || areApart(second, out, isInPlace), () => [
      'to write elsewhere than it reads',
      'a second view that shares bytes',
    ]);
  }

  /** What an operation has no use for is not there, so that it can get a meaning later. */
  #checkUnused(): void {
    const {
      op,
      epilogue,
      in2,
      residual,
      nchw,
      spaceToDepth,
      kernel,
      stride,
      pad,
      dilation,
      e = 0,
      rs = 0,
    } = this.#step;
    const hasResidual = op === 'conv' || op === 'depthwise';
    const isUsed = op === 'input' ? !residual : !nchw && !spaceToDepth && (hasResidual || !residual);
    this.#expect(isUsed, () => [`only what ${op} knows of a residual, nchw and space to depth`, 'more']);
    const isPair = isFloatPair(op) || isFloatWindow(op);
    const hasSecond = residual || op === 'add' || op === 'multiply' || op === 'matmul' || isPair;
    this.#expect(hasSecond || in2 === undefined, () => [`no second view for ${op}`, String(in2)]);
    const most = residual ? 4 : 0;
    const { fn, group } = this.#step;
    this.#expect(
      (fn !== undefined) === (op === 'function_float') && (group !== undefined) === (op === 'softmax'),
      () => ['a function of function_float and a group of softmax, and of no other', `${fn} and ${group}`],
    );
    const isRight = epilogue === 'silu' ? e >= 4 && e <= 11 && rs >= 0 && rs <= most : e === 0 && rs === 0;
    this.#expect(isRight, () => [
      epilogue === 'silu' ? `e of 4 to 11 and rs of 0 to ${most}` : `e and rs of 0 for ${epilogue}`,
      `${e} and ${rs}`,
    ]);
    if (windowed.includes(op) || isFloatWindow(op)) return;
    const ones = [...(stride ?? [1, 1]), ...(dilation ?? [1, 1]), ...(resizing.includes(op) ? [] : (kernel ?? [1, 1]))];
    this.#expect(ones.every((one) => one === 1) && !pad?.some((one) => one !== 0), () => [
      `no window for ${op}: kernel, stride and dilation of 1, no padding`,
      `${ones.join(', ')}, padding of ${pad?.join(', ')}`,
    ]);
  }

  #expect(isRight: boolean, fault: Fault): void {
    expect(isRight, () => {
      const [expected, got] = fault();
      return [`${this.#what}: ${expected}`, got];
    });
  }

  #view(index: number | undefined, verb: string): ProgramView {
    const view = this.#program.views[index ?? -1];
    this.#expect(view !== undefined, () => [
      `that it ${verb} a view below ${this.#program.views.length}`,
      String(index),
    ]);
    return view!;
  }

  #checkInput(out: ProgramView): void {
    const { in: index, spaceToDepth, nchw } = this.#step;
    const tensor = this.#program.tensors[index];
    this.#expect(tensor?.direction === 'input', () => ['the index of an input tensor', String(index)]);
    const factor = spaceToDepth ? 2 : 1;
    this.#expect(
      (spaceToDepth?.length ?? 8) === 8 &&
        (spaceToDepth ?? []).every((value) => value <= 1) &&
        out.channels % factor ** 2 === 0,
      () => [
        'eight numbers 0 or 1 and channels in four blocks',
        `${spaceToDepth?.join(', ')}; ${out.channels} channels`,
      ],
    );
    const picture = [out.h * factor, out.w * factor];
    const channels = out.channels / factor ** 2;
    const shape = nchw ? [channels, ...picture] : [...picture, channels];
    const given = tensor!.shape;
    this.#expect(given.length === 4 && given.every((side, i) => side === [1, ...shape][i]), () => [
      `an input [1, ${shape.join(', ')}]`,
      `[${given.join(', ')}]`,
    ]);
  }

  #checkConstants(from: ProgramView, out: ProgramView): void {
    const step = this.#step;
    for (const { field, count } of constantsOf(step, from.channels, out)) {
      this.#expect(step[field]?.length === count, () => [`${count} numbers of ${field}`, String(step[field]?.length)]);
    }
    this.#expect(step.k?.every((value) => value >= 0) ?? true, () => ['0 to 32767 as k', 'others']);
    this.#expect(!step.weights?.includes(-128), () => ['weights of -127 to 127', '-128']);
  }

  #checkShapes(from: ProgramView, out: ProgramView): void {
    const { op, in2, residual, kernel = [1, 1] } = this.#step;
    const isSame = (one: ProgramView) => one.h === out.h && one.w === out.w && one.channels === out.channels;
    const text = ({ h, w, channels }: ProgramView) => `${h} x ${w} x ${channels}`;
    if (op !== 'conv') {
      this.#expect(from.channels === out.channels, () => [`${from.channels} channels`, String(out.channels)]);
    }
    if (residual || op === 'add' || op === 'multiply') {
      this.#expect(!residual || ['linear', 'silu'].includes(this.#step.epilogue), () => [
        'what is added to come before linear or silu',
        this.#step.epilogue,
      ]);
      const second = this.#view(in2, 'reads');
      const isBroadcast = op === 'multiply' && second.h === 1 && second.w === 1 && second.channels === out.channels;
      this.#expect((isSame(second) || isBroadcast) && second.element === 'uint8', () => [text(out), text(second)]);
    }
    if (resizing.includes(op)) {
      const [kh, kw] = kernel;
      const isTwo = op === 'resize_nearest' || (kh === 2 && kw === 2);
      this.#expect(out.h === from.h * kh && out.w === from.w * kw && kh > 0 && kw > 0 && isTwo, () => [
        `${from.h * kh} x ${from.w * kw}`,
        text(out),
      ]);
    } else if (windowed.includes(op)) this.#checkWindows(from, out);
    else this.#expect(isSame(from), () => [text(out), text(from)]);
  }

  /** Each window lies in the picture with its halo; a max pool's is cut at the edge, and something is left of it. */
  #checkWindows(from: ProgramView, out: ProgramView): void {
    const { op, kernel = [0, 0], stride = [0, 0], pad = [0, 0], dilation = [1, 1] } = this.#step;
    const isCut = op === 'max_pool';
    for (const axis of [0, 1] as const) {
      const [side, sides] = axis === 0 ? [from.h, out.h] : [from.w, out.w];
      const numbers = [kernel[axis], stride[axis], dilation[axis]];
      this.#expect(
        numbers.every((value) => value >= 1 && value <= limits.kernel) && (!isCut || dilation[axis] === 1),
        () => [
          `a kernel, stride and dilation${isCut ? ' (which is 1)' : ''} of 1 to ${limits.kernel}`,
          numbers.join(', '),
        ],
      );
      const last = (sides - 1) * stride[axis] - pad[axis];
      const reach = last + (kernel[axis] - 1) * dilation[axis];
      const isWithin = isCut
        ? pad[axis] < kernel[axis] && last < side
        : pad[axis] <= from.halo && reach < side + from.halo;
      this.#expect(isWithin, () => [
        `windows within ${side} pixels and a halo of ${from.halo}`,
        `them from ${-pad[axis]} to ${reach}`,
      ]);
    }
  }

  /** An accumulator has 32 bits, and so has what its multiplication is rounded to. */
  #checkProducts(from: ProgramView, out: ProgramView): void {
    const { op, epilogue, residual, m, m2, k32, rm } = this.#step;
    for (let o = 0; o < out.channels && m; o++) {
      const most = this.#mostOf(o, from, out);
      const size = (numbers: Float32Array | undefined) => Math.abs(numbers?.[o] ?? 0);
      const added = op === 'add' || residual ? 255 * size(rm) : 0;
      const products = [size(m) * most + added, size(m2) * most];
      if (epilogue === 'hardswish') products.push(size(m) * most * 6 * size(k32));
      else products.push(size(k32));
      // Not `some(... >= ...)`: what is no number is none.
      this.#expect(
        products.every((product) => product < mostProduct),
        () => [`products below 2^31 in output channel ${o}`, products.join(', ')],
      );
    }
  }

  /** The largest size of what an output channel's multiplier is multiplied with. */
  #mostOf(o: number, from: ProgramView, out: ProgramView): number {
    const { op, weights, bias, kernel = [1, 1] } = this.#step;
    if (!bias) return op === 'multiply' ? 255 * 255 : 255;
    const taps = kernel[0] * kernel[1];
    let [low, high] = [0, 0];
    if (!weights) high = taps;
    else if (op === 'conv') {
      const size = taps * from.channels;
      for (let i = o * size; i < (o + 1) * size; i++) [low, high] = widened(low, high, weights[i]!);
    } else {
      for (let i = o; i < weights.length; i += out.channels) [low, high] = widened(low, high, weights[i]!);
    }
    const [least, most] = [bias[o]! + 255 * low, bias[o]! + 255 * high];
    this.#expect(least >= -(2 ** 31) && most < 2 ** 31, () => [
      `sums of 32 bits in output channel ${o}`,
      `them from ${least} to ${most}`,
    ]);
    return Math.max(-least, most);
  }
}

const widened = (low: number, high: number, weight: number): readonly [number, number] =>
  weight < 0 ? [low + weight, high] : [low, high + weight];

/** Do two views share no bytes, or are they the very same where that may be? */
function areApart(one: ProgramView, other: ProgramView, isInPlace: boolean): boolean {
  const isSame = one.offset === other.offset && one.pixelBytes === other.pixelBytes && one.rowBytes === other.rowBytes;
  if (isInPlace && isSame) return true;
  const [a, b] = [spanOf(one), spanOf(other)];
  if (a.end <= b.start || b.end <= a.start) return true;
  // Ranges of channels of one buffer: within a pixel's bytes they do not meet.
  const pixel = one.pixelBytes;
  if (other.pixelBytes !== pixel || one.rowBytes % pixel !== 0 || other.rowBytes % pixel !== 0) return false;
  const offset = (((other.offset - one.offset) % pixel) + pixel) % pixel;
  return offset >= pixelOf(one) && offset + pixelOf(other) <= pixel;
}

const pixelOf = ({ channels, element }: ProgramView) => channels * bytesOf(element);

function spanOf(view: ProgramView): { readonly start: number; readonly end: number } {
  const { offset, h, w, halo, rowBytes, pixelBytes } = view;
  const start = offset - halo * (rowBytes + pixelBytes);
  return { start, end: offset + (h - 1 + halo) * rowBytes + (w - 1 + halo) * pixelBytes + pixelOf(view) };
}
