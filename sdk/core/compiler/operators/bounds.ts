import { boundsOf } from '../network/activation.ts';
import { inputsOf, type Layer } from '../network/network.ts';

/** Is none of its numbers below 0, whatever the picture? */
export function isNonNegative(layer: Layer): boolean {
  if (layer.kind === 'unary') return boundsOf(layer.activation)[0] >= 0;
  if (layer.fixed?.zero.every((zero) => zero === 0)) return true;
  const keepsSigns = ['max_pool', 'average_pool', 'resize', 'copy', 'concat', 'rearrange', 'add', 'multiply'];
  return keepsSigns.includes(layer.kind) && inputsOf(layer).every((region) => isNonNegative(region.layer));
}
