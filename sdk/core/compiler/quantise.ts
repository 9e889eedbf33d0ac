import { InputError } from '../../base/errors.ts';
import type { ElementName } from '../program/program.ts';
import { type Calibration, momentsKey } from './calibrate.ts';
import { type Activation, boundsOf, none } from './network/activation.ts';
import {
  type ConcatLayer,
  type ConvLayer,
  inputsOf,
  type Layer,
  type Network,
  type Region,
} from './network/network.ts';
import { type Ranges, rangesKey } from './ranges.ts';
import { type Recipe, standardRecipe } from './recipe.ts';
import type { Scales } from './scales.ts';
import { type IntegerWeights, integerWeights } from './weights.ts';

/** What the integer arithmetic of SiLU has beside (docs/core.md). */
export interface SiluUnits {
  /** Sums are brought to units of 2^-e. */
  readonly e: number;
  /** Bits kept below the output's when something is added. */
  readonly rs: number;
}

/** Ranges are widened a little: what lies beyond is cut off, which costs more than coarser steps. */
const wider = { low: 1.05, high: 1.15 } as const;
/** The finest scale of a channel beside the coarsest: what lies below is as good as constant. */
const finest = 2 ** -12;

/** The layers whose scales follow from measured ranges. */
export function needsRanges(layer: Layer, element: ElementName | undefined): boolean {
  return element === 'uint8' && !layer.fixed && !passesOn(layer) && layer.kind !== 'input' && !isBounded(layer);
}

/** From 0 to some number, whatever comes in: what pictures reached of it says little of what others will. */
function isBounded(layer: Layer): boolean {
  const [low, high] = boundsOf(lastActivation(layer) ?? none);
  return low === 0 && high > 0 && Number.isFinite(high);
}

/** Its numbers are another layer's, as they are. */
export function passesOn(layer: Layer): boolean {
  return (
    ['max_pool', 'resize', 'copy', 'concat'].includes(layer.kind) ||
    (layer.kind === 'conv' && layer.picks !== undefined)
  );
}

/** Scales and zero points of all layers, each computed when first asked for. */
export class Quantisation {
  readonly recipe: Recipe;
  readonly #calibration: Calibration;
  readonly #byChannel: ReadonlySet<string>;
  readonly #scales = new WeakMap<Layer, Scales>();
  readonly #units = new WeakMap<Layer, SiluUnits>();
  readonly #integers = new Map<string, KnownIntegers>();

  /** @param byChannel By `rangesKey`, those whose channels each keep to themselves (`isReadByChannel`). */
  constructor(calibration: Calibration, byChannel: ReadonlySet<string>, recipe: Recipe = standardRecipe) {
    this.recipe = recipe;
    this.#calibration = calibration;
    this.#byChannel = byChannel;
  }

  /**
   * A convolution in integers. Of the same one in another copy of the network they are not computed again.
   *
   * @param input Scales of what it reads.
   */
  integersOf(layer: ConvLayer, input: Scales): IntegerWeights {
    const key = momentsKey(layer);
    const known = this.#integers.get(key);
    if (known && isSame(known.weights, layer.weights) && isSame(known.scale, input.scale)) return known.made;
    const made = integerWeights(layer, input, this.#calibration.moments.get(key), this.recipe.weightBits);
    this.#integers.set(key, { weights: layer.weights, scale: input.scale, made });
    return made;
  }

  /** @throws InputError when the layer's range was not measured. */
  of(layer: Layer): Scales {
    let scales = this.#scales.get(layer);
    if (!scales) {
      scales = this.#make(layer);
      this.#scales.set(layer, scales);
    }
    return scales;
  }

  ofRegion({ layer, c }: Region): Scales {
    const { scale, zero, offset } = this.of(layer);
    const end = c.from + c.size;
    return { scale: scale.slice(c.from, end), zero: zero.slice(c.from, end), offset: offset.slice(c.from, end) };
  }

  unitsOf(layer: ConvLayer): SiluUnits {
    this.of(layer);
    return this.#units.get(layer)!;
  }

  #make(layer: Layer): Scales {
    if (layer.kind === 'input') {
      const zero = Uint8Array.from(layer.mean, (mean) => Math.min(255, Math.max(0, Math.round(mean))));
      const offset = layer.scale.map((scale, c) => (zero[c]! - layer.mean[c]!) * scale);
      return { scale: layer.scale, zero, offset };
    }
    if (layer.kind === 'concat') return this.#joined(layer);
    if (layer.kind === 'conv' && layer.picks) {
      const all = this.ofRegion(layer.input);
      const picked = layer.picks.map((at) => [all.scale[at]!, all.zero[at]!, all.offset[at]!] as const);
      return {
        scale: Float64Array.from(picked, ([scale]) => scale),
        zero: Uint8Array.from(picked, ([, zero]) => zero),
        offset: Float64Array.from(picked, ([, , offset]) => offset),
      };
    }
    if (passesOn(layer) && 'input' in layer) return this.ofRegion(layer.input);
    const scales = this.#own(layer);
    return layer.kind === 'conv' && layer.activation.kind === 'silu' ? this.#forSilu(layer, scales) : scales;
  }

  /** @throws InputError where pixels among each other have different scales: no view says which is whose. */
  #joined({ name, axis, parts }: ConcatLayer): Scales {
    const scales = parts.map((part) => this.ofRegion(part));
    if (axis === 'c') return joined(scales);
    const [first] = scales as [Scales, ...Scales[]];
    const isAlike = scales.every(({ scale, zero }) => isSame(scale, first.scale) && isSame(zero, first.zero));
    if (!isAlike) throw new InputError(`${name}: expected joined pixels of one scale a channel, got several`);
    return first;
  }

  #own(layer: Layer): Scales {
    const { fixed, c } = layer;
    const offset = new Float64Array(c);
    if (fixed) {
      const at = (values: readonly number[], i: number) => values[values.length === 1 ? 0 : i]!;
      return {
        scale: Float64Array.from({ length: c }, (_, i) => at(fixed.scale, i)),
        zero: Uint8Array.from({ length: c }, (_, i) => at(fixed.zero, i)),
        offset,
      };
    }
    if (isBounded(layer)) {
      const [, high] = boundsOf(lastActivation(layer)!);
      return { scale: new Float64Array(c).fill(high / 255), zero: new Uint8Array(c), offset };
    }
    const { range, share } = this.recipe;
    const best = range === 'widened' && layer.measured !== undefined && this.#byChannel.has(rangesKey(layer.measured));
    const ranges = this.#rangesOf(layer, best ? 'least_squares' : range);
    if (!ranges) {
      throw new InputError(
        `the range of the numbers after ${layer.name} is not known: give a folder of pictures to measure it on (--calibrate)`,
      );
    }
    if (best) return { ...scalesOf(ranges, undefined, 1, 1), offset };
    // A single pixel gives each channel one number a picture: the range of a channel would be that of the pictures seen.
    const own = layer.h * layer.w === 1 ? 0 : share;
    return { ...scalesOf(ranges, lastActivation(layer), own, range === 'widened' ? undefined : 1), offset };
  }

  #rangesOf({ measured, c }: Layer, rule: Recipe['range']): Ranges | undefined {
    const { ranges: seen, histograms } = this.#calibration;
    const key = measured ? rangesKey(measured) : '';
    const histogram = histograms.get(key);
    const ranges =
      rule === 'least_squares'
        ? histogram?.bestRanges()
        : rule === 'percentile'
          ? histogram?.percentileRanges()
          : seen.get(key);
    const end = (measured?.from ?? 0) + c;
    return ranges && { low: ranges.low.slice(end - c, end), high: ranges.high.slice(end - c, end) };
  }

  /** Its multipliers have 15 bits: scales are made such that they are whole numbers, which costs nothing. */
  #forSilu(layer: ConvLayer, { scale, zero, offset }: Scales): Scales {
    const added = layer.residual && this.ofRegion(layer.residual.input).scale;
    const largest = scale.reduce((most, one, c) => Math.max(most, one * (255 - zero[c]!)), 0);
    let e = 11;
    while (e > 4 && 2 ** (15 - e) < largest) e--;
    const unit = 2 ** (15 - e);
    let rs = 0;
    if (added) {
      const takes = (bits: number) =>
        scale.every((one, c) => (unit * 2 ** bits) / one <= 32767 && (512 * 2 ** bits * added[c]!) / one <= 32767);
      while (rs < 4 && takes(rs + 1)) rs++;
    }
    const scales = scale.map((one, c) => {
      const least = Math.max(one, (unit * 2 ** rs) / 32767, added ? (512 * 2 ** rs * added[c]!) / 32767 : 0);
      return (unit * 2 ** rs) / Math.max(1, Math.floor((unit * 2 ** rs) / least));
    });
    this.#units.set(layer, { e, rs });
    return { scale: scales, zero, offset };
  }
}

/** Integers, and what they were made of. */
interface KnownIntegers {
  readonly weights: Float32Array;
  readonly scale: Float64Array;
  readonly made: IntegerWeights;
}

type Numbers = Float32Array | Float64Array | Uint8Array;

function isSame(one: Numbers, other: Numbers): boolean {
  return one.length === other.length && one.every((value, i) => value === other[i]);
}

/** What a layer does last; of floats that become bytes, what gave the floats did. */
export function lastActivation(layer: Layer): Activation | undefined {
  if (layer.kind === 'quantise') return lastActivation(layer.input.layer);
  if (layer.kind === 'conv' && layer.residual) return layer.residual.activation;
  return 'activation' in layer ? layer.activation : undefined;
}

function joined(parts: readonly Scales[]): Scales {
  return {
    scale: Float64Array.from(parts.flatMap(({ scale }) => [...scale])),
    zero: Uint8Array.from(parts.flatMap(({ zero }) => [...zero])),
    offset: Float64Array.from(parts.flatMap(({ offset }) => [...offset])),
  };
}

/** @param share How much of its scale is a channel's own. @param more What each range is widened by. */
function scalesOf(
  { low, high }: Ranges,
  activation: Activation | undefined,
  share: number,
  more?: number,
): Omit<Scales, 'offset'> {
  const [least, most] = activation ? boundsOf(activation) : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  // A channel that no picture reached has no range; 0 is always one of its numbers, also where the activation never gives it.
  const finite = (value: number) => (Number.isFinite(value) ? value : 0);
  const bottom = low.map((value) => Math.min(0, Math.max(least, Math.min(finite(value), 0) * (more ?? wider.low))));
  const top = high.map((value) => Math.max(0, Math.min(most, Math.max(finite(value), 0) * (more ?? wider.high))));
  if (share === 0) {
    bottom.fill(bottom.reduce((one, other) => Math.min(one, other), 0));
    top.fill(top.reduce((one, other) => Math.max(one, other), 0));
  }
  const ranges = top.map((value, c) => Math.max(value - bottom[c]!, 1e-6));
  const largest = ranges.reduce((one, other) => Math.max(one, other), 0);
  return {
    scale: ranges.map((range) => Math.max(range ** share * largest ** (1 - share), largest * finest) / 255),
    zero: Uint8Array.from(ranges, (range, c) => Math.round((-bottom[c]! / range) * 255)),
  };
}

/**
 * Do only depthwise convolutions read it? Each channel then keeps to itself: its scale is nobody else's matter, and is the one that
 * holds its numbers best.
 */
export function isReadByChannel(layer: Layer, { layers, outputs }: Network): boolean {
  if (outputs.some(({ view }) => view.layer === layer)) return false;
  const readers = layers.filter((other) => inputsOf(other).some((region) => region.layer === layer));
  return readers.every((reader) => {
    if (reader.kind === 'conv') return reader.isDepthwise && reader.residual?.input.layer !== layer;
    return passesOn(reader) && isReadByChannel(reader, { layers, outputs });
  });
}
