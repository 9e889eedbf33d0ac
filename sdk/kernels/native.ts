import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { loadAddonFile } from '../base/addon.ts';
import { asset } from '../base/assets.ts';
import { InputError, messageOf } from '../base/errors.ts';
import type { BoxesFunctions } from './boxes/native.ts';
import type { ConvertFunctions } from './convert/native.ts';
import type { VectorKernels } from './dot/dot.ts';
import type { JpegFunctions } from './jpeg/native.ts';
import type { MotionFunctions } from './motion/native.ts';
import type { PreprocessFunctions } from './preprocess/native.ts';
import type { ProgramFunctions } from './program/native.ts';

/** The functions of one variant as the addon gives them. */
export interface NativeKernels
  extends VectorKernels,
    MotionFunctions,
    BoxesFunctions,
    PreprocessFunctions,
    ConvertFunctions,
    JpegFunctions,
    ProgramFunctions {
  /** Which instruction set each operation really uses. */
  readonly chosen: Readonly<Record<string, string>>;
}

/** The addon that CMakeLists.txt builds. */
export interface Addon {
  /** Counts changes of what the functions take; another number than `abi` cannot be used. */
  readonly abi: number;
  /** The instruction sets this processor offers, the best one last. */
  readonly variants: readonly string[];
  kernels(variant: string): NativeKernels;
  /** Gives the system back what malloc holds and nobody uses. Addons before version 0.2 lack it. */
  releaseMemory?(): void;
}

const abi = 5;

/** The addon, and in words where it is from or why there is none. */
export interface FoundAddon {
  readonly addon?: Addon;
  readonly file?: string;
  readonly why: string;
}

/**
 * Loads the native kernels: from the file that OCELLUS_KERNELS_FILE names, from this checkout's build, or from the
 * package of this platform. Nothing is downloaded.
 *
 * @throws InputError when OCELLUS_KERNELS_FILE names a file that cannot be used.
 */
export function loadAddon(): FoundAddon {
  const asked = process.env.OCELLUS_KERNELS_FILE;
  if (asked) return fromFile(resolve(asked), true);
  const built = asset('build', 'ocellus-kernels.node');
  if (existsSync(built)) return fromFile(built, false);
  const name = `@ocellus/kernels-${process.platform}-${process.arch}`;
  try {
    return fromFile(createRequire(import.meta.url).resolve(name), false);
  } catch {
    // The sources are in a checkout only.
    const canBuild = existsSync(asset('CMakeLists.txt'));
    return { why: canBuild ? 'npm run kernels builds the native ones' : `the package ${name} is not installed` };
  }
}

function fromFile(file: string, must: boolean): FoundAddon {
  const found = open(file);
  if (must && !found.addon) throw new InputError(`OCELLUS_KERNELS_FILE: ${found.why}`);
  return found;
}

function open(file: string): FoundAddon {
  let addon: Addon;
  try {
    addon = loadAddonFile(file) as Addon;
  } catch (error) {
    return { file, why: `${file} cannot be loaded: ${messageOf(error)}` };
  }
  if (addon.abi === abi) return { addon, file, why: '' };
  return { file, why: `${file} is of another version (${addon.abi}, expected ${abi}): npm run kernels` };
}

/**
 * The variant to use: the best one, or the one that the environment variable OCELLUS_KERNELS names.
 *
 * @returns Undefined for the TypeScript twins.
 * @throws InputError when this processor does not have what was asked for.
 */
export function chooseVariant(addon: Addon | undefined, asked = process.env.OCELLUS_KERNELS): string | undefined {
  if (!asked) return addon?.variants.at(-1);
  if (asked === 'typescript') return undefined;
  if (addon?.variants.includes(asked)) return asked;
  const offered = ['typescript', ...(addon?.variants ?? [])].join(', ');
  throw new InputError(`OCELLUS_KERNELS: expected one of ${offered} on this machine, got ${asked}`);
}
