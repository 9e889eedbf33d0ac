import type { ElementName } from '../program/program.ts';
import { inputsOf, type Layer, type Network } from './network/network.ts';

/**
 * Which layers give floats: what only outputs want, as far back as a step can give it. All others give 8 bits, and where an
 * output wants them too they are made floats by a step of their own.
 */
export function elementsOf({ layers }: Network): Map<Layer, ElementName> {
  const elements = new Map<Layer, ElementName>();
  const wantsBytes = new Set<Layer>();
  for (const layer of [...layers].reverse()) {
    const isFloat = !wantsBytes.has(layer) && givesFloats(layer);
    elements.set(layer, isFloat ? 'float32' : 'uint8');
    // A list of pixels joins numbers of different scales: it has floats, or nothing.
    const passesFloats = isFloat && layer.kind === 'concat';
    if (!passesFloats) for (const { layer: read } of inputsOf(layer)) wantsBytes.add(read);
  }
  return elements;
}

function givesFloats(layer: Layer): boolean {
  if (layer.kind === 'concat') return true;
  return (
    layer.kind === 'conv' &&
    !layer.residual &&
    !layer.picks &&
    (layer.activation.kind === 'none' || layer.activation.kind === 'sigmoid')
  );
}
