import { InputError } from '../base/errors.ts';
import type { EngineName } from '../config/schema.ts';
import { kernels } from '../kernels/kernels.ts';
import { type FoundModel, hasForm } from './cards/model-file.ts';
import { isOnnxruntimeInstalled } from './engines/onnxruntime-package.ts';
import type { RunningEngine } from './messages.ts';

/**
 * Chooses the engine for a model: the requested one, else `native` if the model has a program and there are kernels for
 * this processor, or onnxruntime is not installed, else `onnxruntime`.
 *
 * @throws InputError when the model lacks the form that the engine runs, or nothing can run its program.
 */
export async function chooseEngine(asked: EngineName, model: FoundModel): Promise<RunningEngine> {
  const { programs, name } = kernels;
  if (asked === 'native') {
    if (!model.program) {
      throw new InputError(
        'engine native: expected a model with a compiled program, this one has none: `ocellus compile` makes it, and "program" in its card names it',
      );
    }
    if (!programs) throw new InputError(`engine native: expected the native kernels, got ${name}`);
    return asked;
  }
  if (asked !== 'auto') {
    if (model.network) return asked;
    const missing = model.networkMissing ?? 'got a compiled program, which the engine native runs';
    throw new InputError(`engine ${asked}: expected an ONNX file, ${missing}`);
  }
  const hasProgram = await hasForm(model, 'program');
  // A slow program is better than none.
  const canRunNetwork = model.network !== undefined && (isOnnxruntimeInstalled() || !(programs && hasProgram));
  if (canRunNetwork && !(programs?.isFast && hasProgram)) return 'onnxruntime';
  if (programs) return 'native';
  const other = model.networkMissing
    ? `; without them it needs onnxruntime and its network: ${model.networkMissing}`
    : '';
  throw new InputError(`expected the native kernels, which run compiled programs, got ${name}${other}`);
}
