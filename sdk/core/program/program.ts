/**
 * A network as a flat list of steps over one arena: what `ocellus compile` writes, and what runs without any knowledge of
 * graphs. docs/core.md has the numbers; `format.ts` is the file, `reference.ts` what each step means.
 */
export interface Program {
  /** What the caller sees: inputs first. */
  readonly tensors: readonly ProgramTensor[];
  readonly views: readonly ProgramView[];
  /** In the order in which they run. */
  readonly steps: readonly ProgramStep[];
  /** Memory for everything between input and output, in bytes: a multiple of 64. */
  readonly arenaBytes: number;
}

export type ElementName = 'uint8' | 'float32';

export interface ProgramTensor {
  readonly name: string;
  readonly direction: 'input' | 'output';
  readonly element: ElementName;
  /** At most 6 dimensions. */
  readonly shape: readonly number[];
  /** Of an output: where it lies in the arena. An input lies in the caller's memory. */
  readonly offset?: number;
}

/** A range of channels of a picture in the arena, height x width x channels. */
export interface ProgramView {
  /** Of pixel (0, 0), first channel, in bytes. */
  readonly offset: number;
  readonly h: number;
  readonly w: number;
  readonly channels: number;
  /** From a pixel, and from a row, to the next. */
  readonly pixelBytes: number;
  readonly rowBytes: number;
  /** Pixels around the picture that hold the zero points. */
  readonly halo: number;
  readonly element: ElementName;
  /** One for each channel, where there is a halo. */
  readonly zeroPoints?: Uint8Array;
}

/** What a step does. The numbers are the file's. */
export const operations = {
  conv: 1,
  depthwise: 2,
  max_pool: 3,
  average_pool: 4,
  resize_nearest: 5,
  resize_bilinear: 6,
  add: 7,
  multiply: 8,
  requantise: 9,
  table: 10,
  input: 11,
  dequantise: 12,
  quantise: 13,
  constant: 14,
  add_float: 15,
  subtract_float: 16,
  multiply_float: 17,
  divide_float: 18,
  function_float: 19,
  softmax: 20,
  matmul: 21,
  rearrange: 22,
  conv_float: 23,
  depthwise_float: 24,
  max_float: 25,
  min_float: 26,
  argmax: 27,
} as const;
export type OperationName = keyof typeof operations;

/** What becomes of an accumulator. The numbers are the file's. */
export const epilogues = {
  linear: 0,
  silu: 1,
  float: 2,
  float_sigmoid: 3,
  leaky: 4,
  hardswish: 5,
  sigmoid: 6,
} as const;
export type EpilogueName = keyof typeof epilogues;

/** Functions of one float. The numbers are the file's. */
export const floatFunctions = {
  sigmoid: 0,
  exp: 1,
  silu: 2,
  hardswish: 3,
  clip: 4,
  leaky: 5,
  sqrt: 6,
  log: 7,
} as const;
export type FloatFunction = keyof typeof floatFunctions;

/** Constants of a step, each for all output channels (`table`: 256 for each). Which ones there are, the operation says. */
export interface StepConstants {
  /** [output][kh][kw][input]; depthwise [kh][kw][channel]. -127..127. */
  readonly weights?: Int8Array;
  readonly bias?: Int32Array;
  readonly m?: Float32Array;
  /** Of negative accumulators (leaky). */
  readonly m2?: Float32Array;
  /** SiLU: Q15. */
  readonly k?: Int16Array;
  /** Hard swish and sigmoid. */
  readonly k32?: Float32Array;
  readonly z?: Uint8Array;
  readonly lo?: Uint8Array;
  readonly hi?: Uint8Array;
  readonly za?: Uint8Array;
  readonly zb?: Uint8Array;
  readonly rm?: Float32Array;
  /** Of the residual (SiLU), Q9. */
  readonly kr?: Int16Array;
  readonly table?: Uint8Array;
  /** `constant`: all that it writes; `clip`: least and largest; `leaky`: of negative numbers, one a channel. */
  readonly values?: Float32Array;
  /**
   * `rearrange`: in which order numbers are read, as eight triples of axis (0 height, 1 width, 2 channels), size and step, the
   * outermost first.
   */
  readonly walk?: Int32Array;
}

export interface ProgramStep extends StepConstants {
  readonly op: OperationName;
  readonly epilogue: EpilogueName;
  /** For messages: the node of the network that it came from. */
  readonly name: string;
  /** Index of a view; of an `input` step: of a tensor; of a `constant`, which reads nothing: 0. */
  readonly in: number;
  /** The second operand, or what is added (residual). */
  readonly in2?: number;
  readonly out: number;
  readonly residual?: boolean;
  /** `input`: the caller's picture is channels first. */
  readonly nchw?: boolean;
  /** `input`: pairs of (dy, dx): where the pixels of each block of channels are taken from. */
  readonly spaceToDepth?: readonly number[];
  readonly kernel?: readonly [number, number];
  readonly stride?: readonly [number, number];
  /** Top, left. */
  readonly pad?: readonly [number, number];
  readonly dilation?: readonly [number, number];
  /** SiLU: accumulators are brought to units of 2^-e. */
  readonly e?: number;
  /** SiLU with a residual: bits that are kept below the output's. */
  readonly rs?: number;
  /** `function_float`: which one. */
  readonly fn?: FloatFunction;
  /** `softmax`: so many channels, one beside the other, are the parts of one; 1 to 65535. */
  readonly group?: number;
  /** Multiply-adds. */
  readonly macs: number;
}

/** The most that a program may have of something: what the kernels are laid out for. */
export const limits = {
  side: 16384,
  channels: 4096,
  /** Channels of a view of floats that only steps on floats use. */
  floatChannels: 2 ** 24,
  /** Rows and columns of a view of floats: of each box of a large picture, for example. */
  floatSide: 2 ** 20,
  arenaBytes: 2 ** 30,
  items: 65535,
  kernel: 64,
  rank: 6,
  /** Dimensions of a `rearrange`. */
  walk: 8,
} as const;

/** Bytes at the arena's start and end in which nothing lies: loads may reach into them. */
export const spareBytes = 64;

/** Steps that take floats and give floats; `quantise` takes some and gives bytes. */
export const floatSteps = [
  ...(['constant', 'add_float', 'subtract_float', 'multiply_float', 'divide_float', 'function_float'] as const),
  ...(['softmax', 'matmul', 'rearrange', 'conv_float', 'depthwise_float'] as const),
  ...(['max_float', 'min_float', 'argmax'] as const),
] as const satisfies readonly OperationName[];
export const isFloatStep = (op: OperationName): boolean => (floatSteps as readonly OperationName[]).includes(op);
/** Steps of two operands of floats, number by number. */
export const floatPairs = [
  ...(['add_float', 'subtract_float', 'multiply_float', 'divide_float', 'max_float', 'min_float'] as const),
] as const satisfies readonly OperationName[];
/** Convolutions of floats: their weights are the second operand, their windows may reach beyond what they read. */
export const floatWindows = ['conv_float', 'depthwise_float'] as const;
export const isFloatWindow = (op: OperationName): boolean => (floatWindows as readonly OperationName[]).includes(op);
export const isFloatPair = (op: OperationName): boolean => (floatPairs as readonly OperationName[]).includes(op);

export const bytesOf = (element: ElementName): number => (element === 'uint8' ? 1 : 4);
