import { TypeScriptConverter } from './convert/typescript.ts';
import { classwiseNms } from './decode/nms.ts';
import { decodeDistributions } from './decode/typescript.ts';
import type { Preprocessor, PreprocessTarget } from './preprocess/preprocess.ts';
import { TypeScriptPreprocessor } from './preprocess/typescript.ts';

/** The operations on pixels and vectors that may have more than one implementation. */
export interface Kernels {
  /** Holds the tables of the geometries it has seen: make one per network input and keep it. */
  preprocessor(target: PreprocessTarget): Preprocessor;
  /** Holds the tables and the buffer of the last size: make one per use and keep it. */
  converter(): TypeScriptConverter;
  readonly decodeDistributions: typeof decodeDistributions;
  readonly classwiseNms: typeof classwiseNms;
}

/** Filled once, when this file is loaded. */
export const kernels: Kernels = {
  preprocessor: (target) => new TypeScriptPreprocessor(target),
  converter: () => new TypeScriptConverter(),
  decodeDistributions,
  classwiseNms,
};
