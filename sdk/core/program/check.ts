import { InputError } from '../../base/errors.ts';
import { constantsOf, epiloguesOf } from './constants.ts';
import {
  bytesOf,
  type Program,
  type ProgramStep,
  type ProgramTensor,
  type ProgramView,
  spareBytes,
} from './program.ts';

/** The most that a program may have of something: what the kernels are laid out for. */
export const limits = {
  side: 16384,
  channels: 4096,
  arenaBytes: 2 ** 30,
  items: 65535,
  kernel: 64,
  rank: 6,
} as const;

/**
 * Can this program be run as it stands: does all that it reads and writes lie where it may, and do no sums overflow?
 *
 * @throws InputError that names the step, view or tensor, what was expected of it, and what it is.
 */
export function assertProgram(program: Program): void {
  const { views, tensors, steps, arenaBytes } = program;
  expect(arenaBytes % 64 === 0 && arenaBytes >= 2 * spareBytes && arenaBytes <= limits.arenaBytes, () => [
    `an arena of a multiple of 64 bytes, ${2 * spareBytes} to ${limits.arenaBytes}`,
    String(arenaBytes),
  ]);
  for (const [what, list] of Object.entries({ views, tensors, steps })) {
    expect(list.length > 0 && list.length <= limits.items, () => [`1 to ${limits.items} ${what}`, String(list.length)]);
  }
  views.forEach((view, i) => {
    assertView(view, arenaBytes, `view ${i}`);
  });
  for (const tensor of tensors) assertTensor(tensor, arenaBytes);
  steps.forEach((step, i) => {
    new StepCheck(program, step, `step ${i} (${step.name})`).run();
  });
}

type Fault = () => readonly [expected: string, got: string];

function expect(isRight: boolean, fault: Fault): void {
  if (isRight) return;
  const [expected, got] = fault();
  throw new InputError(`the compiled program cannot run: expected ${expected}, got ${got}; compile the network again`);
}

function assertView(view: ProgramView, arenaBytes: number, what: string): void {
  const { offset, h, w, channels, pixelBytes, rowBytes, halo, element, zeroPoints } = view;
  const isSide = (side: number) => side >= 1 && side <= limits.side;
  expect(isSide(h) && isSide(w) && channels >= 1 && channels <= limits.channels && halo <= limits.kernel, () => [
    `${what}: sides of 1 to ${limits.side}, 1 to ${limits.channels} channels, a halo of at most ${limits.kernel}`,
    `${h} x ${w} x ${channels}, halo ${halo}`,
  ]);
  const bytes = channels * bytesOf(element);
  expect(
    pixelBytes >= bytes &&
      (h === 1 || rowBytes >= (w - 1) * pixelBytes + bytes) &&
      (halo === 0 || rowBytes >= (w + 2 * halo) * pixelBytes),
    () => [
      `${what}: pixels of at least ${bytes} bytes that do not overlap`,
      `${pixelBytes} a pixel, ${rowBytes} a row`,
    ],
  );
  expect(element === 'uint8' || (halo === 0 && (offset | pixelBytes | rowBytes) % 4 === 0), () => [
    `${what}: float32 without a halo, at multiples of 4`,
    `halo ${halo}, ${offset}, ${pixelBytes}, ${rowBytes}`,
  ]);
  expect(halo === 0 || zeroPoints?.length === channels, () => [`${what}: a zero point a channel for its halo`, 'none']);
  const first = offset - halo * (rowBytes + pixelBytes);
  const end = offset + (h - 1 + halo) * rowBytes + (w - 1 + halo) * pixelBytes + bytes;
  expect(first >= spareBytes && end <= arenaBytes - spareBytes, () => [
    `${what}: bytes within ${spareBytes} to ${arenaBytes - spareBytes} of the arena`,
    `${first} to ${end}`,
  ]);
}

function assertTensor({ name, direction, element, shape, offset }: ProgramTensor, arenaBytes: number): void {
  const what = `tensor ${name}`;
  const bytes = shape.reduce((product, side) => product * side, bytesOf(element));
  expect(shape.length <= limits.rank && shape.every((side) => side >= 1) && bytes <= limits.arenaBytes, () => [
    `${what}: at most ${limits.rank} sides of at least 1 and ${limits.arenaBytes} bytes`,
    `[${shape.join(', ')}]`,
  ]);
  if (direction === 'input') {
    expect(element === 'uint8' && offset === undefined, () => [
      `${what}: an input of uint8 outside the arena`,
      element,
    ]);
    return;
  }
  const isWithin = offset !== undefined && offset >= spareBytes && offset + bytes <= arenaBytes - spareBytes;
  expect(isWithin && offset % bytesOf(element) === 0, () => [
    `${what}: ${bytes} bytes within the arena`,
    `them at ${offset}`,
  ]);
}

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
    const isFloat = step.epilogue.startsWith('float') || step.op === 'dequantise';
    this.#expect((out.element === 'float32') === isFloat, () => [
      `${isFloat ? 'float32' : 'uint8'} to be written`,
      out.element,
    ]);
    if (step.op === 'input') this.#checkInput(out);
    else this.#checkOperation(out);
  }

  #checkOperation(out: ProgramView): void {
    const step = this.#step;
    const from = this.#view(step.in, 'reads');
    this.#expect(from.element === 'uint8', () => ['uint8 to be read', from.element]);
    this.#checkConstants(from, out);
    this.#checkShapes(from, out);
    this.#checkSums(from, out);
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
    const given = tensor!.shape.slice(-3);
    this.#expect(
      tensor!.shape.slice(0, -3).every((side) => side === 1) && shape.every((side, i) => side === given[i]),
      () => [`an input [1, ${shape.join(', ')}]`, `[${tensor!.shape.join(', ')}]`],
    );
  }

  #checkConstants(from: ProgramView, out: ProgramView): void {
    const step = this.#step;
    for (const { field, count } of constantsOf(step, from.channels, out)) {
      this.#expect(step[field]?.length === count, () => [`${count} numbers of ${field}`, String(step[field]?.length)]);
    }
    for (const field of ['m', 'm2', 'k32', 'rm'] as const) {
      this.#expect(step[field]?.every(Number.isFinite) ?? true, () => [`finite numbers of ${field}`, 'others']);
    }
    for (const field of ['k', 'kr'] as const) {
      this.#expect(step[field]?.every((value) => value >= 0) ?? true, () => [`0 to 32767 as ${field}`, 'others']);
    }
    const { epilogue, e = 0, rs = 0 } = step;
    this.#expect(epilogue !== 'silu' || (e >= 4 && e <= 11 && rs <= 4), () => [
      'e of 4 to 11 and rs of 0 to 4',
      `${e} and ${rs}`,
    ]);
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
    if (op === 'resize_nearest' || op === 'resize_bilinear') {
      const [kh, kw] = kernel;
      const isTwo = op === 'resize_nearest' || (kh === 2 && kw === 2);
      this.#expect(out.h === from.h * kh && out.w === from.w * kw && kh > 0 && kw > 0 && isTwo, () => [
        `${from.h * kh} x ${from.w * kw}`,
        text(out),
      ]);
    } else if (['conv', 'depthwise', 'max_pool', 'average_pool'].includes(op)) this.#checkWindows(from, out);
    else this.#expect(isSame(from), () => [text(out), text(from)]);
  }

  /** Each window lies in the picture with its halo; a max pool's is cut at the edge, and something is left of it. */
  #checkWindows(from: ProgramView, out: ProgramView): void {
    const { op, kernel = [0, 0], stride = [0, 0], pad = [0, 0], dilation = [1, 1] } = this.#step;
    const isCut = op === 'max_pool';
    for (const axis of [0, 1] as const) {
      const [side, sides] = axis === 0 ? [from.h, out.h] : [from.w, out.w];
      this.#expect(
        kernel[axis] >= 1 && kernel[axis] <= limits.kernel && stride[axis] >= 1 && dilation[axis] >= 1,
        () => [
          `a kernel of 1 to ${limits.kernel}, steps and dilation of at least 1`,
          `${kernel[axis]}, ${stride[axis]}, ${dilation[axis]}`,
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
  #checkSums(from: ProgramView, out: ProgramView): void {
    const { weights, bias, m, m2, kernel = [1, 1], op } = this.#step;
    if (!bias) return;
    const taps = kernel[0] * kernel[1];
    for (let o = 0; o < out.channels; o++) {
      let low = bias[o]!;
      let high = bias[o]!;
      if (!weights) high += 255 * taps;
      else if (op === 'conv') {
        const size = taps * from.channels;
        for (let i = o * size; i < (o + 1) * size; i++) [low, high] = widened(low, high, weights[i]!);
      } else {
        for (let i = o; i < weights.length; i += out.channels) [low, high] = widened(low, high, weights[i]!);
      }
      this.#expect(low >= -(2 ** 31) && high < 2 ** 31, () => [
        `sums of 32 bits in output channel ${o}`,
        `them from ${low} to ${high}`,
      ]);
      const most = Math.max(-low, high) * Math.max(Math.abs(m![o]!), Math.abs(m2?.[o] ?? 0));
      this.#expect(most < 2 ** 31 || out.element === 'float32', () => [
        `products below 2^31 in output channel ${o}`,
        String(most),
      ]);
    }
  }
}

function widened(low: number, high: number, weight: number): readonly [number, number] {
  return weight < 0 ? [low + 255 * weight, high] : [low, high + 255 * weight];
}
