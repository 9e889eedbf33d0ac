import { around, assertReads, axisOf, count, type GraphWriter, type LayerKind, type Shape, wrong } from './kind.ts';
import type { CaffeLayer } from './network.ts';

const text = (shape: Shape) => `[${shape.join(', ')}]`;

interface Eltwise {
  readonly operation: 'PROD' | 'SUM' | 'MAX';
  readonly factors: readonly number[];
}

function eltwiseOf(layer: CaffeLayer): Eltwise {
  const own = layer.settings.message('eltwise_param');
  const told = own.text('operation') ?? 'SUM';
  const operation = (['PROD', 'SUM', 'MAX'] as const).find((name, i) => name === told || `${i}` === told);
  if (!operation) throw wrong(layer, 'the operation PROD, SUM or MAX', told);
  const factors = own.numbers('coeff');
  if (factors.length > 0 && (factors.length !== layer.reads.length || operation !== 'SUM')) {
    throw wrong(layer, 'a coeff for each bottom of a SUM', `${factors.length} of ${operation}`);
  }
  return { operation, factors };
}

const eltwise: LayerKind = {
  shapes(layer, inputs) {
    assertReads(layer, inputs, 2, 1000);
    const other = inputs.find((shape) => text(shape) !== text(inputs[0]!));
    if (other) throw wrong(layer, `bottoms of ${text(inputs[0]!)}`, text(other));
    eltwiseOf(layer);
    return [inputs[0]!];
  },
  write(layer, graph) {
    const { operation, factors } = eltwiseOf(layer);
    const scaled = layer.reads.map((from, i) => {
      if ((factors[i] ?? 1) === 1) return from;
      const to = graph.inner(layer, `scaled${i}`);
      graph.node(layer, 'Mul', [from, graph.constant(layer, `factor${i}`, [], Float32Array.of(factors[i]!))], [to]);
      return to;
    });
    const op = { PROD: 'Mul', SUM: 'Add', MAX: 'Max' }[operation];
    let from = scaled[0]!;
    scaled.slice(1).forEach((next, i) => {
      const to = i === scaled.length - 2 ? layer.writes[0]! : graph.inner(layer, 'part');
      graph.node(layer, op, [from, next], [to]);
      from = to;
    });
  },
  run(layer, inputs) {
    const { operation, factors } = eltwiseOf(layer);
    const result = inputs[0]!.data.map((_, at) => {
      const values = inputs.map(({ data }, i) => data[at]! * (factors[i] ?? 1));
      if (operation === 'MAX') return Math.max(...values);
      return values.reduce((all, one) => (operation === 'SUM' ? all + one : all * one));
    });
    return [result];
  },
};

const concatAxis = (layer: CaffeLayer, shape: Shape) => {
  const own = layer.settings.message('concat_param');
  return axisOf(layer, own.number('axis') ?? own.number('concat_dim') ?? 1, shape);
};

const concat: LayerKind = {
  shapes(layer, inputs) {
    assertReads(layer, inputs, 1, 1000);
    const [first] = inputs as [Shape];
    const axis = concatAxis(layer, first);
    const others = (shape: Shape) => text(shape.toSpliced(axis, 1));
    const other = inputs.find((shape) => shape.length !== first.length || others(shape) !== others(first));
    if (other) throw wrong(layer, `bottoms like ${text(first)} beside the axis ${axis}`, text(other));
    return [
      first.with(
        axis,
        inputs.reduce((sum, shape) => sum + shape[axis]!, 0),
      ),
    ];
  },
  write(layer, graph) {
    const axis = concatAxis(layer, graph.shapeOf(layer.reads[0]!));
    graph.node(layer, 'Concat', layer.reads, layer.writes, { axis });
  },
  run(layer, inputs, [shape]) {
    const axis = concatAxis(layer, shape!);
    const result = new Float32Array(count(shape!));
    let at = 0;
    for (let row = 0; row < around(shape!, axis).outer; row++) {
      for (const { shape: own, data } of inputs) {
        const length = own[axis]! * around(own, axis).inner;
        result.set(data.subarray(row * length, (row + 1) * length), at);
        at += length;
      }
    }
    return [result];
  },
};

const sliceAxis = (layer: CaffeLayer, shape: Shape) => {
  const own = layer.settings.message('slice_param');
  return axisOf(layer, own.number('axis') ?? own.number('slice_dim') ?? 1, shape);
};

/** How long each part is. */
function partsOf(layer: CaffeLayer, shape: Shape): number[] {
  const side = shape[sliceAxis(layer, shape)]!;
  const points = layer.settings.message('slice_param').numbers('slice_point');
  const parts = layer.writes.length;
  const ends = points.length > 0 ? [...points, side] : layer.writes.map((_, i) => ((i + 1) * side) / parts);
  const lengths = ends.map((end, i) => end - (ends[i - 1] ?? 0));
  if (lengths.length === parts && lengths.every((one) => Number.isInteger(one) && one > 0)) return lengths;
  throw wrong(layer, `slice points that make ${parts} parts of ${side}`, points.join(', ') || 'none');
}

const slice: LayerKind = {
  shapes(layer, inputs) {
    assertReads(layer, inputs, 1);
    const [shape] = inputs as [Shape];
    return partsOf(layer, shape).map((length) => shape.with(sliceAxis(layer, shape), length));
  },
  write(layer, graph) {
    const shape = graph.shapeOf(layer.reads[0]!);
    const lengths = partsOf(layer, shape);
    const parts = graph.constant(layer, 'parts', [lengths.length], BigInt64Array.from(lengths, BigInt));
    graph.node(layer, 'Split', [layer.reads[0]!, parts], layer.writes, { axis: sliceAxis(layer, shape) });
  },
  run(layer, [input], shapes) {
    const axis = sliceAxis(layer, input!.shape);
    const { outer, side, inner } = around(input!.shape, axis);
    let first = 0;
    return shapes.map((shape) => {
      const length = shape[axis]! * inner;
      const result = new Float32Array(outer * length);
      for (let row = 0; row < outer; row++) {
        const from = row * side * inner + first;
        result.set(input!.data.subarray(from, from + length), row * length);
      }
      first += length;
      return result;
    });
  },
};

/** Other sides of the same numbers. */
function viewed(shapeOf: (layer: CaffeLayer, shape: Shape) => Shape): LayerKind {
  return {
    shapes(layer, inputs) {
      assertReads(layer, inputs, 1);
      const shape = shapeOf(layer, inputs[0]!);
      if (count(shape) === count(inputs[0]!)) return [shape];
      throw wrong(layer, `as many numbers as ${text(inputs[0]!)}`, text(shape));
    },
    write(layer, graph: GraphWriter) {
      const shape = graph.shapeOf(layer.writes[0]!);
      const sides = graph.constant(layer, 'shape', [shape.length], BigInt64Array.from(shape, BigInt));
      graph.node(layer, 'Reshape', [layer.reads[0]!, sides], layer.writes);
    },
    run: (_, [input]) => [input!.data],
  };
}

const flatten = viewed((layer, shape) => {
  const own = layer.settings.message('flatten_param');
  const first = axisOf(layer, own.number('axis') ?? 1, shape);
  const last = axisOf(layer, own.number('end_axis') ?? -1, shape);
  if (last < first) throw wrong(layer, 'an end_axis behind its axis', `${first} to ${last}`);
  return [...shape.slice(0, first), count(shape.slice(first, last + 1)), ...shape.slice(last + 1)];
});

const reshape = viewed((layer, shape) => {
  const own = layer.settings.message('reshape_param');
  const told = own.message('shape').numbers('dim');
  const axis = own.number('axis') ?? 0;
  const first = axis < 0 ? axis + shape.length + 1 : axis;
  const axes = own.number('num_axes') ?? -1;
  const last = axes < 0 ? shape.length : first + axes;
  if (first < 0 || last > shape.length) throw wrong(layer, `an axis of ${text(shape)}`, `${axis}`);
  const middle = told.map((side, i) => (side === 0 ? (shape[first + i] ?? 0) : side));
  const sides = [...shape.slice(0, first), ...middle, ...shape.slice(last)];
  if (sides.filter((side) => side === -1).length > 1) throw wrong(layer, 'at most one side of -1', text(told));
  const rest = sides.reduce((product, side) => (side === -1 ? product : product * side), 1);
  return sides.map((side) => (side === -1 ? count(shape) / rest : side));
});

function orderOf(layer: CaffeLayer, shape: Shape): number[] {
  const told = layer.settings.message('permute_param').numbers('order');
  // Those that are not named keep their order behind the others.
  const order = [...told, ...[...shape.keys()].filter((axis) => !told.includes(axis))];
  if (order.length === shape.length && new Set(order).size === shape.length && order.every((one) => one in shape)) {
    return order;
  }
  throw wrong(layer, `an order of the axes of ${text(shape)}`, told.join(', '));
}

const permute: LayerKind = {
  shapes(layer, inputs) {
    assertReads(layer, inputs, 1);
    return [orderOf(layer, inputs[0]!).map((axis) => inputs[0]![axis]!)];
  },
  write(layer, graph) {
    const perm = orderOf(layer, graph.shapeOf(layer.reads[0]!));
    graph.node(layer, 'Transpose', layer.reads, layer.writes, { perm });
  },
  run(layer, [input], [shape]) {
    const order = orderOf(layer, input!.shape);
    const steps = order.map((axis) => around(input!.shape, axis).inner);
    const result = new Float32Array(input!.data.length);
    result.forEach((_, at) => {
      let left = at;
      let from = 0;
      for (let i = order.length - 1; i >= 0; i--) {
        from += (left % shape![i]!) * steps[i]!;
        left = Math.floor(left / shape![i]!);
      }
      result[at] = input!.data[from]!;
    });
    return [result];
  },
};

export const arrangingKinds: Readonly<Record<string, LayerKind>> = {
  Eltwise: eltwise,
  Concat: concat,
  Slice: slice,
  Flatten: flatten,
  Reshape: reshape,
  Permute: permute,
};
