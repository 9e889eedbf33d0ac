import { bytesOf, floatWindows, type Program, type ProgramStep, type ProgramView } from './program.ts';

/** A step of a listing: what an assembler's line would say. */
export interface ListedStep {
  readonly index: number;
  readonly op: string;
  /** Height x width x channels of what is read and written. */
  readonly from: string;
  readonly to: string;
  /** Kernel, stride and the like; empty where there is none. */
  readonly kernel: string;
  /** What happens to the sum: `silu`, `linear+residual`, … */
  readonly epilogue: string;
  /** Where the output lies in the arena, in bytes. */
  readonly at: number;
  /** Bytes of constants. */
  readonly constantBytes: number;
  readonly macs: number;
  readonly name: string;
}

/** One entry a step, in the order in which they run. */
export function listProgram(program: Program): ListedStep[] {
  return program.steps.map((step, index) => {
    const out = program.views[step.out]!;
    return {
      index,
      op: step.op,
      from: fromOf(program, step),
      to: shapeOf(out),
      kernel: kernelOf(step),
      epilogue: epilogueOf(step),
      at: out.offset,
      constantBytes: constantBytes(step),
      macs: step.macs,
      name: step.name,
    };
  });
}

/** What a whole program takes. */
export interface ProgramTotals {
  readonly steps: number;
  readonly macs: number;
  readonly constantBytes: number;
  readonly arenaBytes: number;
}

export function totalsOf({ steps, arenaBytes }: Program): ProgramTotals {
  return {
    steps: steps.length,
    macs: steps.reduce((sum, { macs }) => sum + macs, 0),
    constantBytes: steps.reduce((sum, step) => sum + constantBytes(step), 0),
    arenaBytes,
  };
}

const shapeOf = ({ h, w, channels, element }: ProgramView) =>
  `${h}x${w}x${channels}${element === 'float32' ? ' f32' : ''}`;

function fromOf({ views, tensors }: Program, { op, in: index, in2 }: ProgramStep): string {
  if (op === 'input') return tensors[index]!.name;
  if (op === 'constant') return '';
  const shapes = [index, ...(in2 === undefined ? [] : [in2])].map((one) => shapeOf(views[one]!));
  return shapes.join(' + ');
}

/** Steps in whose line a window, or the factors of a resize, stand. */
const windowed: readonly string[] = [
  'conv',
  'depthwise',
  'max_pool',
  'average_pool',
  'resize_nearest',
  'resize_bilinear',
  ...floatWindows,
];
/** Steps that end in an epilogue. */
const ended = ['conv', 'depthwise', 'average_pool', 'add', 'multiply', 'requantise'];

function kernelOf({ op, kernel, stride = [1, 1], dilation = [1, 1], spaceToDepth, fn, group }: ProgramStep): string {
  if (spaceToDepth) return 'space to depth 2';
  if (op === 'function_float') return fn!;
  if (op === 'softmax') return `of ${group}`;
  if (!kernel || !windowed.includes(op)) return '';
  const parts = [`${kernel[0]}x${kernel[1]}`];
  if (stride[0] > 1 || stride[1] > 1) parts.push(`/${stride[0] === stride[1] ? stride[0] : stride.join('x')}`);
  if (dilation[0] > 1 || dilation[1] > 1) parts.push(` dilated ${dilation.join('x')}`);
  return parts.join('');
}

function epilogueOf({ op, epilogue, residual, lo, hi, z }: ProgramStep): string {
  if (!ended.includes(op)) return '';
  const isClipped = lo && hi && z && (lo.some((value) => value > 0) || hi.some((value) => value < 255));
  const name = epilogue === 'linear' && isClipped ? 'clip' : epilogue;
  return residual ? `${name}+residual` : name;
}

function constantBytes(step: ProgramStep): number {
  const { weights, bias, m, m2, k, k32, z, lo, hi, za, zb, rm, kr, table, values, walk } = step;
  const all = [weights, bias, m, m2, k, k32, z, lo, hi, za, zb, rm, kr, table, values, walk];
  return all.reduce((sum, one) => sum + (one?.byteLength ?? 0), 0);
}

/** Bytes that a step writes. */
export function bytesWritten({ views }: Program, { out }: ProgramStep): number {
  const { h, w, channels, element } = views[out]!;
  return h * w * channels * bytesOf(element);
}
