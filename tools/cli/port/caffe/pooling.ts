import { assertReads, count, type LayerKind, type Shape, wrong } from './kind.ts';
import type { CaffeLayer } from './network.ts';
import { assertPicture, assertSides, type Windows, windowsOf } from './windows.ts';

interface Pooling extends Windows {
  readonly isMax: boolean;
  readonly isGlobal: boolean;
  readonly sides: readonly [number, number];
}

/**
 * The windows along one side. Rounded **up**: of 112, 3 wide, in steps of 2, Caffe makes 56 where other frameworks make 55. A
 * last window that would begin in the padding is dropped.
 */
export function pooledSide(side: number, kernel: number, stride: number, pad: number, roundsUp = true): number {
  const steps = (side + 2 * pad - kernel) / stride;
  const windows = (roundsUp ? Math.ceil(steps) : Math.floor(steps)) + 1;
  return pad > 0 && (windows - 1) * stride >= side + pad ? windows - 1 : windows;
}

function settingsOf(layer: CaffeLayer, shape: Shape): Pooling {
  const settings = layer.settings.message('pooling_param');
  const method = settings.text('pool') ?? 'MAX';
  if (!['MAX', '0', 'AVE', '1'].includes(method)) throw wrong(layer, 'the pooling MAX or AVE', method);
  const isGlobal = settings.flag('global_pooling', false);
  const whole = [shape[2]!, shape[3]!] as const;
  const windows = windowsOf(layer, settings, isGlobal ? whole : undefined);
  const isMax = method === 'MAX' || method === '0';
  if (isGlobal) return { ...windows, isMax, isGlobal, sides: [1, 1] };
  const mode = settings.text('round_mode') ?? 'CEIL';
  if (!['CEIL', '0', 'FLOOR', '1'].includes(mode)) throw wrong(layer, 'the round_mode CEIL or FLOOR', mode);
  const roundsUp = settings.flag('ceil_mode', true) && (mode === 'CEIL' || mode === '0');
  const { kernel, stride, pad } = windows;
  const sideOf = (i: 0 | 1) => pooledSide(whole[i], kernel[i], stride[i], pad[i], roundsUp);
  return { ...windows, isMax, isGlobal, sides: [sideOf(0), sideOf(1)] };
}

/** By how many numbers an average is divided: padding counts, what is beyond it does not. */
function divisor({ kernel, stride, pad }: Windows, i: 0 | 1, window: number, side: number): number {
  const first = window * stride[i] - pad[i];
  return Math.min(first + kernel[i], side + pad[i]) - first;
}

export const pooling: LayerKind = {
  shapes(layer, inputs) {
    assertReads(layer, inputs, 1);
    const [shape] = inputs;
    assertPicture(layer, shape);
    if (layer.writes.length > 1) throw wrong(layer, 'one top: the mask is not written here', `${layer.writes.length}`);
    const { sides, pad, kernel } = settingsOf(layer, shape);
    assertSides(layer, sides);
    if (pad[0] >= kernel[0] || pad[1] >= kernel[1]) throw wrong(layer, 'a pad below the kernel', pad.join(', '));
    return [[shape[0]!, shape[1]!, ...sides]];
  },
  write(layer, graph) {
    const [from] = layer.reads as [string];
    const shape = graph.shapeOf(from);
    const pool = settingsOf(layer, shape);
    if (pool.isGlobal) {
      graph.node(layer, pool.isMax ? 'GlobalMaxPool' : 'GlobalAveragePool', [from], layer.writes);
      return;
    }
    const { kernel, stride, pad, sides } = pool;
    // Explicit, at the end too: runtimes differ in what they round up.
    const ends = [0, 1].map((i) => Math.max(0, (sides[i]! - 1) * stride[i]! + kernel[i]! - shape[i + 2]! - pad[i]!));
    const common = { kernel_shape: kernel, strides: stride, pads: [...pad, ...ends] };
    if (pool.isMax) {
      graph.node(layer, 'MaxPool', [from], layer.writes, common);
      return;
    }
    const scale = new Float32Array(sides[0] * sides[1]);
    scale.forEach((_, i) => {
      const down = divisor(pool, 0, Math.floor(i / sides[1]), shape[2]!);
      scale[i] = (kernel[0] * kernel[1]) / (down * divisor(pool, 1, i % sides[1], shape[3]!));
    });
    const isEven = scale.every((one) => one === 1);
    const averaged = isEven ? layer.writes : [graph.inner(layer, 'averages')];
    graph.node(layer, 'AveragePool', [from], averaged, { ...common, count_include_pad: 1 });
    if (isEven) return;
    const factor = graph.constant(layer, 'counted', [1, 1, ...sides], scale);
    graph.node(layer, 'Mul', [averaged[0]!, factor], layer.writes);
  },
  run(layer, [input], [shape]) {
    const pool = settingsOf(layer, input!.shape);
    const { isMax, kernel, stride, pad, sides } = pool;
    const [, , height, width] = input!.shape as [number, number, number, number];
    const result = new Float32Array(count(shape!));
    result.forEach((_, at) => {
      const plane = Math.floor(at / (sides[0] * sides[1])) * height * width;
      const row = Math.floor(at / sides[1]) % sides[0];
      const column = at % sides[1];
      const top = row * stride[0] - pad[0];
      const left = column * stride[1] - pad[1];
      let value = isMax ? -Infinity : 0;
      for (let y = Math.max(0, top); y < Math.min(height, top + kernel[0]); y++) {
        for (let x = Math.max(0, left); x < Math.min(width, left + kernel[1]); x++) {
          const one = input!.data[plane + y * width + x]!;
          value = isMax ? Math.max(value, one) : value + one;
        }
      }
      const divided = pool.isGlobal ? height * width : divisor(pool, 0, row, height) * divisor(pool, 1, column, width);
      result[at] = isMax ? value : value / divided;
    });
    return [result];
  },
};
