import type { BoxesKernels } from './boxes/boxes.ts';
import { nativeBoxes } from './boxes/native.ts';
import { boxesKernels } from './boxes/typescript.ts';
import type { YuvConverter } from './convert/convert.ts';
import { Converter } from './convert/converter.ts';
import { nativeYuvConverter } from './convert/native.ts';
import { toYuv } from './convert/typescript.ts';
import type { VectorKernels } from './dot/dot.ts';
import { vectorKernels } from './dot/typescript.ts';
import type { JpegDecoder } from './jpeg/jpeg.ts';
import type { MotionKernel } from './motion/motion.ts';
import { nativeMotion } from './motion/native.ts';
import { motion } from './motion/typescript.ts';
import { chooseVariant, loadAddon } from './native.ts';
import { GreyPreprocessor } from './preprocess/grey.ts';
import { NativePreprocessor } from './preprocess/native.ts';
import type { Preprocessor, PreprocessTarget } from './preprocess/preprocess.ts';
import { TypeScriptPreprocessor } from './preprocess/typescript.ts';
import { Program } from './program/native.ts';

/** The operations on pixels and vectors: native where there is an addon for this machine, else their TypeScript twins. */
export interface Kernels {
  /** The kernels in use, in words: `native avx2`, or TypeScript and why. */
  readonly name: string;
  /** Holds the tables of the geometries it has seen: make one per network input and keep it. */
  preprocessor(target: PreprocessTarget): Preprocessor;
  /** Holds the tables and the buffer of the last size: make one per use and keep it. */
  converter(): Converter;
  /** RGB24, BGR24, I420 or NV12 to I420 or NV12 of the same size. */
  readonly toYuv: YuvConverter;
  readonly motion: MotionKernel;
  readonly boxes: BoxesKernels;
  readonly dot: VectorKernels;
  /** By libjpeg-turbo, where it is part of the addon; other pictures, and all of them without it, are sharp's (`sdk/picture`). */
  readonly jpeg: JpegDecoder | undefined;
  /** Compiled networks: only the addon runs them. */
  readonly programs: ProgramKernels | undefined;
  /** Gives the system back what malloc holds and nobody uses: some MB after the start. Takes about a millisecond. */
  releaseMemory(): void;
}

export interface ProgramKernels {
  /** The instruction set that they were written for. */
  readonly isa: string;
  /** False for the scalar ones, which serve as reference: onnxruntime is faster. */
  readonly isFast: boolean;
  /** @throws InputError when the bytes are not a program, or one that cannot be run. @param name For errors. */
  load(bytes: Uint8Array, name: string, threads: number): Program;
}

const found = loadAddon();
const variant = chooseVariant(found.addon);
const native = variant === undefined ? undefined : found.addon?.kernels(variant);

/**
 * Filled once, when this file is loaded. @throws InputError when the environment asks for kernels that do not exist.
 */
export const kernels: Kernels = {
  name: native ? `native ${variant}` : `TypeScript (${found.addon ? 'as OCELLUS_KERNELS says' : found.why})`,
  preprocessor,
  converter: () => new Converter(preprocessor),
  toYuv: native ? nativeYuvConverter(native) : toYuv,
  motion: native ? nativeMotion(native) : motion,
  boxes: native ? nativeBoxes(native) : boxesKernels,
  dot: native ?? vectorKernels,
  jpeg: native?.decodeJpeg,
  programs: native && {
    isa: native.chosen.program ?? 'scalar',
    isFast: native.chosen.program !== undefined && native.chosen.program !== 'scalar',
    load: (bytes, name, threads) => new Program(native, bytes, name, { threads }),
  },
  releaseMemory: () => found.addon?.releaseMemory?.(),
};

function preprocessor(target: PreprocessTarget): Preprocessor {
  if (target.channels === 'GRAY') return new GreyPreprocessor(target, preprocessor);
  return native ? new NativePreprocessor(native, target) : new TypeScriptPreprocessor(target);
}
