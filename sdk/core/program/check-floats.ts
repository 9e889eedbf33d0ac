import type { Fault } from './expectation.ts';
import { isFloatPair, isFloatWindow, limits, type ProgramStep, type ProgramView } from './program.ts';

interface Views {
  readonly from: ProgramView;
  readonly second: ProgramView | undefined;
  readonly out: ProgramView;
}

type Expect = (isRight: boolean, fault: Fault) => void;

/**
 * Can this step on floats be run? Its views are as they should be and its constants are there; that views lie apart is looked at
 * by who calls.
 *
 * @param expect Throws where something is not right.
 */
export function assertFloatStep(step: ProgramStep, views: Views, expect: Expect): void {
  const { from, second, out } = views;
  const { op, in: index } = step;
  if (op === 'constant') {
    expect(index === 0, () => ['0 as what a constant reads', String(index)]);
    return;
  }
  expect(from.element === 'float32', () => ['float32 to be read', from.element]);
  expect(second === undefined || second.element === 'float32', () => ['float32 to be read', 'uint8']);
  if (isFloatPair(op)) {
    for (const operand of [from, second]) assertSpread(operand, out, expect);
  } else if (op === 'matmul') assertMatrices(views, expect);
  else if (isFloatWindow(op)) assertWindows(step, views, expect);
  else if (op === 'argmax') {
    const wanted = { h: from.h, w: from.w, channels: 1 };
    expect(isSameSize(wanted, out), () => [textOf(wanted), textOf(out)]);
  } else if (op === 'rearrange') assertWalk(step.walk!, from, out, expect);
  else {
    expect(isSameSize(from, out), () => [textOf(out), textOf(from)]);
    if (op === 'softmax') {
      const group = step.group!;
      expect(group >= 1 && group <= 65535 && out.channels % group === 0, () => [
        `a group of which ${out.channels} channels are a multiple`,
        String(group),
      ]);
    }
  }
}

type Size = Pick<ProgramView, 'h' | 'w' | 'channels'>;
const textOf = ({ h, w, channels }: Size) => `${h} x ${w} x ${channels}`;
const isSameSize = (one: Size, other: Size) =>
  one.h === other.h && one.w === other.w && one.channels === other.channels;

/** An operand is as large as what is written, or 1 where it is the same for all. */
function assertSpread(operand: ProgramView | undefined, out: ProgramView, expect: Expect): void {
  const fits = (one: number, all: number) => one === all || one === 1;
  const isRight =
    operand !== undefined && fits(operand.h, out.h) && fits(operand.w, out.w) && fits(operand.channels, out.channels);
  expect(isRight, () => [`operands of ${textOf(out)}, or 1 of these`, operand ? textOf(operand) : 'one']);
}

/** Pixels are rows, channels are columns. */
function assertMatrices({ from, second, out }: Views, expect: Expect): void {
  const isRight =
    second !== undefined &&
    from.h === out.h &&
    from.w === out.w &&
    second.h * second.w === from.channels &&
    second.channels === out.channels;
  expect(isRight, () => [
    `rows of ${from.channels}, and a second view of ${from.channels} rows of ${out.channels}, for ${textOf(out)}`,
    `${textOf(from)}, and ${second ? textOf(second) : 'none'}`,
  ]);
}

/** Windows may lie anywhere; weights are as many as they need. */
function assertWindows(step: ProgramStep, { from, second, out }: Views, expect: Expect): void {
  const { op, kernel = [0, 0], stride = [0, 0], dilation = [1, 1] } = step;
  const numbers = [...kernel, ...stride, ...dilation];
  expect(
    numbers.every((value) => value >= 1 && value <= limits.kernel),
    () => [`a kernel, stride and dilation of 1 to ${limits.kernel}`, numbers.join(', ')],
  );
  const isDense = op === 'conv_float';
  const [h, w] = isDense ? [kernel[0] * kernel[1], from.channels] : kernel;
  const wanted = { h, w, channels: out.channels };
  expect(second !== undefined && second.h === h && second.w === w && second.channels === out.channels, () => [
    `weights of ${textOf(wanted)}`,
    second ? textOf(second) : 'none',
  ]);
  expect(isDense || from.channels === out.channels, () => [`${from.channels} channels`, String(out.channels)]);
}

function assertWalk(walk: Int32Array, from: ProgramView, out: ProgramView, expect: Expect): void {
  const sides = [from.h, from.w, from.channels];
  const reach = [0, 0, 0];
  let count = 1;
  for (let i = 0; i < limits.walk; i++) {
    const [axis, size, step] = [walk[3 * i]!, walk[3 * i + 1]!, walk[3 * i + 2]!];
    const isRight = axis >= 0 && axis <= 2 && size >= 1 && step >= 0;
    expect(isRight, () => ['axes of 0 to 2, sizes of at least 1 and steps of at least 0', `${axis}, ${size}, ${step}`]);
    count *= size;
    reach[axis]! += (size - 1) * step;
    expect(reach[axis]! < sides[axis]! && count <= 2 ** 40, () => [
      `a walk within ${textOf(from)}`,
      `${[...walk].join(', ')}`,
    ]);
  }
  const all = out.h * out.w * out.channels;
  expect(count === all, () => [`a walk over ${all} numbers`, String(count)]);
}
