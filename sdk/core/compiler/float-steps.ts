import { InputError } from '../../base/errors.ts';
import { type FloatFunction, limits, type OperationName, type ProgramStep } from '../program/program.ts';
import type { Activation } from './network/activation.ts';
import type { FloatLayer, Layer, PairLayer, Region, Stretch, UnaryLayer } from './network/network.ts';
import type { Scales } from './scales.ts';

/** Layers that become one step that begins with floats. */
export type FloatWork = Exclude<FloatLayer, { kind: 'dequantise' }> | UnaryLayer;

/** Unary ones are, where they are no steps on bytes. */
export function isFloatWork(layer: Layer): layer is FloatWork {
  return ['unary', 'pair', 'softmax', 'argmax', 'matmul', 'conv_float', 'rearrange', 'constant', 'quantise'].includes(
    layer.kind,
  );
}

type OwnStep = Partial<ProgramStep> & Pick<ProgramStep, 'op' | 'in'>;

const pairs: Readonly<Record<PairLayer['op'], OperationName>> = {
  add: 'add_float',
  subtract: 'subtract_float',
  multiply: 'multiply_float',
  divide: 'divide_float',
  max: 'max_float',
  min: 'min_float',
};

/** @param views Of what it reads. @param scales Of `quantise`. */
export function floatStepOf(layer: FloatWork, views: readonly number[], scales: Scales | undefined): OwnStep {
  const [first = 0, second] = views;
  switch (layer.kind) {
    case 'constant':
      return { op: 'constant', in: 0, values: layer.values };
    case 'pair':
      return { op: pairs[layer.op], in: first, in2: second };
    case 'argmax':
      return { op: 'argmax', in: first };
    case 'softmax':
      return { op: 'softmax', in: first, group: layer.group };
    case 'matmul': {
      const macs = layer.h * layer.w * layer.c * layer.input.c.size;
      return { op: 'matmul', in: first, in2: second, macs };
    }
    case 'conv_float': {
      const { isDepthwise, kernel, stride, pad, dilation, input, h, w, c } = layer;
      const macs = h * w * c * kernel[0] * kernel[1] * (isDepthwise ? 1 : input.c.size);
      const op = isDepthwise ? 'depthwise_float' : 'conv_float';
      return { op, in: first, in2: second, kernel, stride, pad: [pad[0], pad[1]], dilation, macs };
    }
    case 'rearrange':
      return { ...rearranging(layer.walk), in: first };
    case 'quantise':
      return { op: 'quantise', in: first, m: Float32Array.from(scales!.scale, (scale) => 1 / scale), z: scales!.zero };
    default:
      return { op: 'function_float', in: first, ...functionOf(layer) };
  }
}

function functionOf({ activation, c, name }: UnaryLayer): Pick<ProgramStep, 'fn' | 'values'> {
  const { kind, low, high, slope = [] } = activation;
  if (kind === 'clip') return { fn: 'clip', values: Float32Array.of(low!, high!) };
  if (kind === 'leaky') {
    return { fn: 'leaky', values: Float32Array.from({ length: c }, (_, i) => slope[slope.length === 1 ? 0 : i]!) };
  }
  if (!isFunction(kind)) throw new InputError(`${name}: the function ${kind} is not compiled for floats`);
  return { fn: kind };
}

const isFunction = (kind: Activation['kind']): kind is Activation['kind'] & FloatFunction =>
  ['sigmoid', 'exp', 'silu', 'hardswish', 'sqrt', 'log'].includes(kind);

const numbers = { h: 0, w: 1, c: 2 } as const;

/** The step that reads in this order, but for its views. */
export function rearranging(walk: readonly Stretch[]): Omit<ProgramStep, 'name' | 'in' | 'out'> {
  const written = new Int32Array(3 * limits.walk);
  const steps = walk.filter(({ size }) => size > 1);
  if (steps.length > limits.walk)
    throw new InputError(`expected at most ${limits.walk} dimensions, got ${steps.length}`);
  for (let i = 0; i < limits.walk; i++) {
    const { axis, size, step } = steps[i] ?? { axis: 'h', size: 1, step: 0 };
    written.set([numbers[axis], size, step], 3 * i);
  }
  return { op: 'rearrange', epilogue: 'linear', macs: 0, walk: written };
}

/** A region's numbers as they lie. */
export function inOrderOf({ h, w, c }: Region): Stretch[] {
  return [
    { axis: 'h', size: h.size, step: 1 },
    { axis: 'w', size: w.size, step: 1 },
    { axis: 'c', size: c.size, step: 1 },
  ];
}
