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
  } catch (error) {
    throw new InputError(`onnxruntime cannot be loaded: ${messageOf(error)}`);
  }
  return loaded;
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

/** What to do where it is needed and is not there. */
export const onnxruntimeMissing = `onnxruntime is not installed, which runs ONNX files that are not compiled: npm install ${name}@${onnxruntimeVersion} where ocellus is installed (docs/install.md)`;

/** Of the one that is installed. @throws InputError when none is. */
export function installedOnnxruntime(): string {
  if (!isOnnxruntimeInstalled()) throw new InputError(onnxruntimeMissing);
  return (require(`${name}/package.json`) as { version: string }).version;
}
