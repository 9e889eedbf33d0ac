import {
  type EpilogueName,
  limits,
  type OperationName,
  type ProgramStep,
  type ProgramView,
  type StepConstants,
} from './program.ts';

type Field = keyof StepConstants;

/** The arrays that constants are of. */
export const arrays = {
  weights: Int8Array,
  bias: Int32Array,
  m: Float32Array,
  m2: Float32Array,
  k: Int16Array,
  k32: Float32Array,
  z: Uint8Array,
  lo: Uint8Array,
  hi: Uint8Array,
  za: Uint8Array,
  zb: Uint8Array,
  rm: Float32Array,
  kr: Int16Array,
  table: Uint8Array,
  values: Float32Array,
  walk: Int32Array,
} as const satisfies Record<Field, unknown>;

const ofEpilogue: Readonly<Record<EpilogueName, readonly Field[]>> = {
  linear: ['m', 'z', 'lo', 'hi'],
  silu: ['m', 'k', 'z'],
  float: ['m'],
  float_sigmoid: ['m'],
  leaky: ['m', 'm2', 'z', 'lo', 'hi'],
  hardswish: ['m', 'k32', 'z'],
  sigmoid: ['m', 'k32', 'z'],
};

/** Operations that end in an epilogue, and what else they have. */
const withEpilogue: Partial<Record<OperationName, readonly Field[]>> = {
  conv: ['weights', 'bias'],
  depthwise: ['weights', 'bias'],
  average_pool: ['bias'],
  multiply: ['za', 'zb'],
  requantise: ['za'],
};

const alone: Partial<Record<OperationName, readonly Field[]>> = {
  add: ['za', 'm', 'zb', 'rm', 'z', 'lo', 'hi'],
  table: ['table'],
  dequantise: ['za', 'm'],
  quantise: ['m', 'z'],
  constant: ['values'],
  rearrange: ['walk'],
};

/** The epilogues that an operation may end in: none but `linear`, which it then does not use, where it has none. */
export function epiloguesOf(op: OperationName): readonly EpilogueName[] {
  if (op === 'conv' || op === 'depthwise') return Object.keys(ofEpilogue) as EpilogueName[];
  return ['linear'];
}

/** The constants of a step, and how many numbers each has. */
export function constantsOf(
  { op, epilogue, residual, kernel = [1, 1], fn }: Pick<ProgramStep, 'op' | 'epilogue' | 'residual' | 'kernel' | 'fn'>,
  inputs: number,
  { h, w, channels }: Pick<ProgramView, 'h' | 'w' | 'channels'>,
): { field: Field; count: number }[] {
  if (op === 'function_float') {
    const count = fn === 'clip' ? 2 : fn === 'leaky' ? channels : 0;
    return count > 0 ? [{ field: 'values', count }] : [];
  }
  const own = withEpilogue[op];
  const added: readonly Field[] = !residual ? [] : epilogue === 'silu' ? ['zb', 'kr'] : ['zb', 'rm'];
  const fields = own ? [...own, ...ofEpilogue[epilogue], ...added] : (alone[op] ?? []);
  const taps = kernel[0] * kernel[1];
  return fields.map((field) => {
    if (field === 'weights') return { field, count: channels * taps * (op === 'conv' ? inputs : 1) };
    if (field === 'values') return { field, count: h * w * channels };
    if (field === 'walk') return { field, count: 3 * limits.walk };
    return { field, count: field === 'table' ? channels * 256 : channels };
  });
}
