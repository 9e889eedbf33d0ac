import { nearest, saturate8 } from '../program/arithmetic.ts';
import type { ElementName, ProgramStep } from '../program/program.ts';
import { type Activation, none } from './network/activation.ts';
import type { Layer } from './network/network.ts';
import { lastActivation, type Quantisation } from './quantise.ts';
import type { Scales } from './scales.ts';

type End = Pick<
  ProgramStep,
  'epilogue' | 'm' | 'm2' | 'k' | 'k32' | 'z' | 'lo' | 'hi' | 'zb' | 'rm' | 'kr' | 'e' | 'rs'
>;

/**
 * What becomes of a layer's accumulators.
 *
 * @param made What one of each channel's accumulator is worth.
 */
export function endOf(
  layer: Layer,
  { scale }: { readonly scale: Float64Array },
  element: ElementName,
  quantisation: Quantisation,
): End {
  const activation = layer.kind === 'conv' ? layer.activation : (lastActivation(layer) ?? none);
  if (element === 'float32') {
    return { epilogue: activation.kind === 'sigmoid' ? 'float_sigmoid' : 'float', m: Float32Array.from(scale) };
  }
  const out = quantisation.of(layer);
  const ratio = (one: number, c: number) => one / out.scale[c]!;
  const z = out.zero;
  if (layer.kind === 'conv' && activation.kind === 'silu') {
    const { e, rs } = quantisation.unitsOf(layer);
    const m = Float32Array.from(scale, (one) => one * 2 ** e);
    const k = Int16Array.from(out.scale, (one) => nearest(2 ** (15 - e + rs) / one));
    const added = layer.residual && quantisation.ofRegion(layer.residual.input);
    const kr = added && Int16Array.from(added.scale, (one, c) => nearest(512 * 2 ** rs * ratio(one, c)));
    return { epilogue: 'silu', e, rs, m, k, z, ...(added && { zb: added.zero, kr }) };
  }
  const m = Float32Array.from(scale, ratio);
  if (activation.kind === 'hardswish') {
    return {
      epilogue: 'hardswish',
      m: Float32Array.from(scale),
      k32: Float32Array.from(out.scale, (one) => 1 / (6 * one)),
      z,
    };
  }
  if (activation.kind === 'sigmoid') {
    return { epilogue: 'sigmoid', m: Float32Array.from(scale), k32: Float32Array.from(out.scale, (one) => 1 / one), z };
  }
  if (activation.kind === 'leaky') {
    const { slope = [] } = activation;
    const m2 = m.map((one, c) => one * slope[slope.length === 1 ? 0 : c]!);
    return { epilogue: 'leaky', m, m2, z, ...limitsOf(none, out) };
  }
  const last = lastActivation(layer) ?? none;
  if (layer.kind !== 'conv' || !layer.residual) return { epilogue: 'linear', m, z, ...limitsOf(last, out) };
  const added = quantisation.ofRegion(layer.residual.input);
  return {
    epilogue: 'linear',
    m,
    z,
    zb: added.zero,
    rm: Float32Array.from(added.scale, ratio),
    ...limitsOf(last, out),
  };
}

function limitsOf({ kind, low, high }: Activation, { scale, zero }: Scales): { lo: Uint8Array; hi: Uint8Array } {
  const at = (value: number | undefined, c: number, otherwise: number) =>
    kind !== 'clip' || value === undefined || !Number.isFinite(value)
      ? otherwise
      : saturate8(nearest(value / scale[c]!) + zero[c]!);
  return {
    lo: Uint8Array.from(zero, (_, c) => at(low, c, 0)),
    hi: Uint8Array.from(zero, (_, c) => at(high, c, 255)),
  };
}
