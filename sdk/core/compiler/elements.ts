import type { ElementName } from '../program/program.ts';
import type { Activation } from './network/activation.ts';
import { inputsOf, type Layer, type Network } from './network/network.ts';

/**
 * Which layers give floats: what is computed in floats alone, and what only outputs and such layers want, as far back as a step
 * can give it. All others give 8 bits, and where floats are wanted too they are made floats by a step of their own.
 */
export function elementsOf({ layers }: Network): Map<Layer, ElementName> {
  const elements = new Map<Layer, ElementName>();
  const wantsBytes = new Set<Layer>();
  for (const layer of [...layers].reverse()) {
    const isFloat = isFloatOnly(layer) || (!wantsBytes.has(layer) && givesFloats(layer));
    elements.set(layer, isFloat ? 'float32' : 'uint8');
    if (!readsFloats(layer, isFloat)) for (const { layer: read } of inputsOf(layer)) wantsBytes.add(read);
  }
  return elements;
}

/** Layers that there are in floats only. */
export function isFloatOnly(layer: Layer): boolean {
  if (layer.kind === 'unary') return layer.inFloats === true;
  // Pixels of parts with scales of their own would have no scale in common.
  if (layer.kind === 'concat') return layer.axis === 'w';
  return ['pair', 'softmax', 'argmax', 'matmul', 'conv_float', 'rearrange', 'constant', 'dequantise'].includes(
    layer.kind,
  );
}

/** Does it take floats? Else it takes bytes. */
export function readsFloats(layer: Layer, isFloat: boolean): boolean {
  if (layer.kind === 'quantise') return true;
  return isFloat && layer.kind !== 'conv' && layer.kind !== 'dequantise';
}

/** Functions that there are steps of on floats. */
export const functions: readonly Activation['kind'][] = [
  'clip',
  'leaky',
  'silu',
  'hardswish',
  'sigmoid',
  'exp',
  'sqrt',
  'log',
];

function givesFloats(layer: Layer): boolean {
  if (layer.kind === 'concat' || layer.kind === 'affine') return true;
  if (layer.kind === 'unary') return functions.includes(layer.activation.kind);
  if (layer.kind === 'add' || layer.kind === 'multiply') {
    return ['none', ...functions].includes(layer.activation.kind);
  }
  return (
    layer.kind === 'conv' &&
    !layer.residual &&
    !layer.picks &&
    (layer.activation.kind === 'none' || layer.activation.kind === 'sigmoid')
  );
}
