import { InputError } from '../../errors.ts';
import type { TensorInfo } from './engine.ts';

export function elements(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** @throws InputError when the model has no such input, more than one, or another shape or type. */
export function assertInput(inputs: readonly TensorInfo[], name: string, type: string, shape: readonly number[]): void {
  const input = inputs.find((one) => one.name === name);
  if (!input) {
    throw new InputError(`input: expected one of ${inputs.map((one) => one.name).join(', ')}, got ${name}`);
  }
  if (inputs.length > 1) {
    throw new InputError(`expected a model with one input, got ${inputs.map((one) => one.name).join(', ')}`);
  }
  if (input.type !== type) {
    throw new InputError(`input.type: the model's input ${name} is ${input.type}, the card says ${type}`);
  }
  const fits =
    input.shape.length === shape.length &&
    input.shape.every((side, i) => typeof side !== 'number' || side <= 0 || side === shape[i]);
  if (!fits) {
    throw new InputError(
      `input: the model's input ${name} is [${input.shape.join(', ')}], the card's size and layout give [${shape.join(', ')}]`,
    );
  }
}
