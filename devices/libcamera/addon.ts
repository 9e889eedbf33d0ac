import { existsSync } from 'node:fs';
import { loadAddonFile } from '../../sdk/base/addon.ts';
import { asset } from '../../sdk/base/assets.ts';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import type { ColourSpace } from '../../sdk/frame/frame.ts';
import type { PixelFormat } from '../../sdk/frame/layout.ts';

/** A stream of an open camera. */
export interface NativeStream {
  readonly format: PixelFormat;
  readonly width: number;
  readonly height: number;
  readonly colour?: ColourSpace;
  /** Bytes from row to row, one per plane, as the camera's hardware has them. */
  readonly strides: readonly number[];
  /** The camera's own memory: the planes of each buffer. Of no length once the camera is closed and they were given back. */
  readonly buffers: readonly (readonly Uint8Array[])[];
}

/** Something that can be set, under libcamera's own name: `ExposureTime`. */
export interface NativeControl {
  readonly name: string;
  readonly kind: 'boolean' | 'integer' | 'number';
  /** How many numbers it takes. */
  readonly size: number;
  readonly min: number;
  readonly max: number;
  readonly default: number;
  /** Of a choice: what each number stands for, as `AwbAuto`. */
  readonly choices: Readonly<Record<string, string>>;
}

export type NativeValues = readonly (readonly [name: string, numbers: readonly number[]])[];

/** How a camera is to be opened. Sizes of 0, and a mode of 0 bits: as libcamera chooses. */
export interface NativeWanted {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** Whether to open a second stream, of the largest size, for stills. */
  readonly still: boolean;
  readonly modeWidth: number;
  readonly modeHeight: number;
  readonly modeBits: number;
  readonly buffers: number;
  /** DMA heaps; the first that exists gives the buffers. */
  readonly heaps: readonly string[];
  readonly controls: NativeValues;
}

export interface NativeFrame {
  readonly kind: 'frame';
  /** Which of the buffers; it is not written to before it is given back. */
  readonly slot: number;
  /** The still's buffer came with it. */
  readonly still: boolean;
  readonly corrupt: boolean;
  /** Counted by the camera's driver: a gap is a frame for which there was no buffer. */
  readonly sequence: number;
  /** Monotonic, ns. */
  readonly capturedNs: number;
  /** What numbers can express of what libcamera tells of a frame, under its own names. */
  readonly metadata: Readonly<Record<string, readonly number[]>>;
}

/** An open camera. */
export interface NativeCamera {
  readonly model: string;
  /** Whether the buffers come from a heap, whose memory the processor may cache. */
  readonly cached: boolean;
  readonly controls: readonly NativeControl[];
  readonly video: NativeStream;
  readonly still?: NativeStream;
  start(): Promise<void>;
  giveBack(slot: number): void;
  giveStillBack(): void;
  /** The next frame comes with a still. */
  askStill(): void;
  setControls(values: NativeValues): void;
  close(): Promise<void>;
}

/** What CMakeLists.txt builds of `native/`. */
export interface LibcameraAddon {
  readonly abi: number;
  /** Of libcamera: `v0.4.0`. */
  readonly version: string;
  find(): Promise<{ id: string; model: string }[]>;
  /** @returns The camera, or in words why it cannot be opened. */
  open(wanted: NativeWanted, onEvent: (event: NativeFrame | { kind: 'lost' }) => void): Promise<NativeCamera | string>;
}

const abi = 1;

/** What was found, and for a person why there is none. */
export interface FoundLibcamera {
  readonly addon?: LibcameraAddon;
  readonly file?: string;
  readonly why: string;
}

let found: FoundLibcamera | undefined;

/**
 * Loads the native source where this checkout has built it, unless OCELLUS_LIBCAMERA says `program`.
 *
 * @throws InputError when OCELLUS_LIBCAMERA says `native` and there is none, or says something else.
 */
export function loadLibcamera(asked = process.env.OCELLUS_LIBCAMERA): FoundLibcamera {
  if (asked === 'program') return { why: 'OCELLUS_LIBCAMERA asks for a program' };
  if (asked && asked !== 'native') {
    throw new InputError(`OCELLUS_LIBCAMERA: expected native or program, got ${asked}`);
  }
  found ??= open();
  if (asked && !found.addon) throw new InputError(`OCELLUS_LIBCAMERA: ${found.why}`);
  return found;
}

function open(): FoundLibcamera {
  const file = asset('build', 'ocellus-libcamera.node');
  if (!existsSync(file)) {
    // The sources are in a checkout only.
    const canBuild = existsSync(asset('CMakeLists.txt'));
    const build = 'sudo apt install libcamera-dev (0.4 or newer), then npm run kernels';
    return { why: canBuild ? `${build} builds it` : 'a checkout of the source can build it' };
  }
  // It would tell of each camera and stream on standard error; it reads this when it is loaded.
  process.env.LIBCAMERA_LOG_LEVELS ??= '*:ERROR';
  let addon: LibcameraAddon;
  try {
    addon = loadAddonFile(file) as LibcameraAddon;
  } catch (error) {
    // Another libcamera has come since, or none is left.
    return { file, why: `${file} cannot be loaded: ${messageOf(error)}; npm run kernels rebuilds it` };
  }
  if (addon.abi === abi) return { addon, file, why: '' };
  return { file, why: `${file} is of another version (${addon.abi}, expected ${abi}): npm run kernels` };
}
