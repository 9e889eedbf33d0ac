import './no-telemetry.ts';
import { createRequire } from 'node:module';
import type * as Onnxruntime from 'onnxruntime-node';
import { InputError, messageOf } from '../../base/errors.ts';

/** What Ocellus is tested with. */
export const onnxruntimeVersion = '1.30.0';

const name = 'onnxruntime-node';
const require = createRequire(import.meta.url);
let loaded: typeof Onnxruntime | undefined;

/**
 * onnxruntime, a package beside Ocellus: it is six times as large as all else, and compiled programs do without it.
 *
 * @throws InputError when it is not installed or cannot be loaded.
 */
export function onnxruntime(): typeof Onnxruntime {
  if (loaded) return loaded;
  if (!isOnnxruntimeInstalled()) throw new InputError(onnxruntimeMissing);
  try {
    loaded = require(name) as typeof Onnxruntime;
    holdHalfFloatsAsBits(loaded);
  } catch (error) {
    throw new InputError(`onnxruntime cannot be loaded: ${messageOf(error)}`);
  }
  return loaded;
}

/**
 * With its first tensor onnxruntime decides, once, how float16 is held: in a Float16Array where there is one, as in Node 24
 * and newer, but its native part then fails ("not enough space"). So it must see none while it decides. Where a program
 * has made a tensor before, that is over, and {@link assertHalfFloats} says so.
 */
function holdHalfFloatsAsBits({ Tensor }: typeof Onnxruntime): void {
  const found = Object.getOwnPropertyDescriptor(globalThis, 'Float16Array');
  if (!found?.configurable) return;
  Reflect.deleteProperty(globalThis, 'Float16Array');
  try {
    new Tensor('uint8', new Uint8Array(1), [1]);
  } finally {
    Object.defineProperty(globalThis, 'Float16Array', found);
  }
}

/** @throws InputError where onnxruntime cannot compute networks of half floats in this process. */
export function assertHalfFloats(): void {
  const { Tensor } = onnxruntime();
  if (new Tensor('float16', new Uint16Array(1), [1]).data instanceof Uint16Array) return;
  throw new InputError(
    'onnxruntime cannot take float16 in this process: on Node 24 and newer it can only if Ocellus loads it before another part of the program makes its first tensor. Load a model of Ocellus first',
  );
}

/** Can it be found from here? */
export function isOnnxruntimeInstalled(): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * What to do where it is needed and is not there. Its install script fetches libraries for graphics processors from NuGet on
 * every PC with Linux, and fails where that cannot be reached; all that Ocellus runs is in the package.
 */
export const onnxruntimeMissing = `onnxruntime is not installed, which runs ONNX files that are not compiled: npm install --ignore-scripts ${name}@${onnxruntimeVersion} where ocellus is installed (docs/install.md)`;

/** Of the one that is installed. @throws InputError when none is. */
export function installedOnnxruntime(): string {
  if (!isOnnxruntimeInstalled()) throw new InputError(onnxruntimeMissing);
  return (require(`${name}/package.json`) as { version: string }).version;
}
