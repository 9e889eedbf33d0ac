import { InputError } from '../base/errors.ts';
import type { EngineName } from '../config/schema.ts';
import { kernels } from '../kernels/kernels.ts';
import { type FoundModel, hasForm } from './cards/model-file.ts';
import type { RunningEngine } from './messages.ts';

/**
 * Chooses the engine for a model: the requested one, else `native` if the model has a program and there are kernels for
 * this processor, else `onnxruntime`.
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
    throw new InputError(
      `engine ${asked}: expected an ONNX file, got a compiled program, which the engine native runs`,
    );
  }
  if (model.network && !(programs?.isFast && (await hasForm(model, 'program')))) return 'onnxruntime';
  if (programs) return 'native';
  throw new InputError(`expected the native kernels, which run compiled programs, got ${name}`);
}
