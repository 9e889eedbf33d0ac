import type { OnnxBuilder } from '../../onnx/builder.ts';

/**
 * Writes a function of one number as nodes of ONNX.
 *
 * @param value What it is a function of.
 * @param write Writes another function.
 * @returns The name of what it gives.
 */
export type Written = (net: OnnxBuilder, value: string, write: (one: Activation, value: string) => string) => string;

/** A function of one number, and what it is called where a step has it. */
export interface Activation {
  readonly kind: 'none' | 'clip' | 'leaky' | 'silu' | 'hardswish' | 'sigmoid' | 'exp' | 'sqrt' | 'log' | 'other';
  /** @param c The channel, where it matters. */
  of(x: number, c: number): number;
  /** Of `clip`. */
  readonly low?: number;
  readonly high?: number;
  /** Of `leaky`: what negative numbers are multiplied with, one for all channels or one each. */
  readonly slope?: readonly number[];
  /** Of `other`. */
  readonly written?: Written;
}

export const none: Activation = { kind: 'none', of: (x) => x };

export function clip(low: number, high: number): Activation {
  return { kind: 'clip', of: (x) => Math.min(high, Math.max(low, x)), low, high };
}

export function leaky(slope: readonly number[]): Activation {
  return { kind: 'leaky', of: (x, c) => (x < 0 ? x * (slope[c] ?? slope[0]!) : x), slope };
}

/** factor * x + sum */
export function line(factor: number, sum: number): Activation {
  return {
    kind: 'other',
    of: (x) => factor * x + sum,
    written: (net, x) => net.node('Add', [net.node('Mul', [x, net.number(factor)]), net.number(sum)]),
  };
}

export const sigmoid: Activation = { kind: 'sigmoid', of: (x) => 1 / (1 + Math.exp(-x)) };
export const silu: Activation = { kind: 'silu', of: (x) => x / (1 + Math.exp(-x)) };
export const hardswish: Activation = { kind: 'hardswish', of: (x) => (x * Math.min(6, Math.max(0, x + 3))) / 6 };

export const exponential: Activation = { kind: 'exp', of: Math.exp };
export const squareRoot: Activation = { kind: 'sqrt', of: Math.sqrt };
export const logarithm: Activation = { kind: 'log', of: Math.log };

const known = [none, clip(0, Number.POSITIVE_INFINITY), clip(0, 6), sigmoid, silu, hardswish];
const probes = Array.from({ length: 257 }, (_, i) => (i - 128) / 8);

/** A function, by the name that it has if it is one of those that are known. */
export function recognised(of: (x: number) => number, written: Written): Activation {
  const isSame = (one: Activation) => probes.every((x) => Math.abs(one.of(x, 0) - of(x)) <= 1e-5 * (1 + Math.abs(x)));
  return known.find(isSame) ?? { kind: 'other', of, written };
}

/** First the one, then the other. */
export function chained(first: Activation, then: Activation): Activation {
  if (first.kind === 'none') return then;
  if (then.kind === 'none') return first;
  if (first.kind === 'clip' && then.kind === 'clip') {
    return clip(
      Math.min(then.high!, Math.max(then.low!, first.low!)),
      Math.min(then.high!, Math.max(then.low!, first.high!)),
    );
  }
  const written: Written = (_, value, write) => write(then, write(first, value));
  return { kind: 'other', of: (x, c) => then.of(first.of(x, c), c), written };
}

/** The least and largest that it can give, whatever comes in. */
export function boundsOf({ kind, low, high }: Activation): readonly [number, number] {
  if (kind === 'clip') return [low!, high!];
  if (kind === 'sigmoid') return [0, 1];
  return [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
}
