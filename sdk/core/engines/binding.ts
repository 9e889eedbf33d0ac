import { InputError } from '../../base/errors.ts';
import type { FixedInput, TensorInfo } from './engine.ts';

export function elements(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** The input that takes the picture: the first of four dimensions, as there may be one for its size. */
export function pictureInput(inputs: readonly TensorInfo[]): TensorInfo | undefined {
  return inputs.find(({ shape }) => shape.length === 4) ?? inputs[0];
}

/** @throws InputError when the model has no such input, other ones beside it, or another shape or type. */
export function assertInput(
  inputs: readonly TensorInfo[],
  name: string,
  type: string,
  shape: readonly number[],
  fixed?: FixedInput,
): void {
  const names = inputs.map((one) => one.name);
  for (const wanted of fixed ? [name, fixed.name] : [name]) {
    if (!names.includes(wanted)) throw new InputError(`input: expected one of ${names.join(', ')}, got ${wanted}`);
  }
  const others = names.filter((one) => one !== name && one !== fixed?.name);
  if (others.length > 0) {
    throw new InputError(
      `expected a model with one input, got ${names.join(', ')}; where one of them is the size that its boxes are scaled to, name it in the card's input.sizes`,
    );
  }
  const input = inputs.find((one) => one.name === name)!;
  if (input.type !== type) {
    throw new InputError(`input.type: the model's input ${name} is ${input.type}, the card says ${type}`);
  }
  const [pictures] = input.shape;
  if (typeof pictures === 'number' && pictures > 1 && pictures !== shape[0] && input.shape.length === shape.length) {
    throw new InputError(
      `input: the model's input ${name} is [${input.shape.join(', ')}], ${pictures} pictures at once; one is given at a time: export it with a batch of 1, or an open one (Ultralytics: batch=1, or dynamic=True)`,
    );
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
