import { InferenceSession, Tensor } from 'onnxruntime-node';
import { random as randomNumbers } from '../../../sdk/base/random.ts';
import { compile } from '../../../sdk/core/compiler/compile.ts';
import type { Program } from '../../../sdk/core/program/program.ts';
import { Interpreter } from '../../../sdk/core/program/reference.ts';
import { type Constant, type Operation, onnxModel, type Value } from '../onnx-builder.ts';

/** A network that is put together node by node, with random weights. */
export class NetworkBuilder {
  readonly operations: Operation[] = [];
  readonly constants: Constant[] = [];
  readonly outputs: string[] = [];
  readonly #random = randomNumbers(7);
  #count = 0;

  node(op: string, inputs: readonly string[], attributes: Omit<Operation, 'op' | 'inputs' | 'outputs'> = {}): string {
    return this.nodes(op, inputs, 1, attributes)[0]!;
  }

  nodes(op: string, inputs: readonly string[], count: number, attributes = {}): string[] {
    const outputs = Array.from({ length: count }, () => `t${this.#count++}`);
    this.operations.push({ op, inputs, outputs, ...attributes });
    return outputs;
  }

  constant(shape: readonly number[], data: readonly number[], type?: Constant['type']): string {
    const name = `c${this.#count++}`;
    this.constants.push({ name, shape, data, type });
    return name;
  }

  integers(...data: number[]): string {
    return this.constant([data.length], data, 'int64');
  }

  random(shape: readonly number[], size = 1, around = 0): string {
    const length = shape.reduce((product, side) => product * side, 1);
    return this.constant(
      shape,
      Array.from({ length }, () => Math.fround(around + size * (2 * this.#random() - 1))),
    );
  }

  /** A convolution that keeps numbers about as large as they are. */
  conv(input: string, [inputs, outputs]: readonly [number, number], kernel = 1, ints: Operation['ints'] = {}): string {
    const group = Number(ints.group ?? 1);
    const size = 2 / Math.sqrt((inputs / group) * kernel * kernel);
    const weights = this.random([outputs, inputs / group, kernel, kernel], size);
    const pad = Math.floor(kernel / 2);
    const all = { kernel_shape: [kernel, kernel], pads: [pad, pad, pad, pad], ...ints };
    return this.node('Conv', [input, weights, this.random([outputs], 0.5)], { ints: all });
  }

  /** The picture, 0..255, brought to about -2..2. */
  picture(): string {
    const scale = this.constant([1], [1 / 64]);
    const mean = this.constant([1], [-128]);
    return this.node('Mul', [this.node('Add', ['images', mean]), scale]);
  }

  output(name: string): void {
    this.outputs.push(name);
  }

  /** @param side Of the picture, or all sides of the input. */
  build(
    side: number | readonly number[] = 16,
    type: Value['type'] = 'float32',
    opset?: number,
  ): Uint8Array<ArrayBuffer> {
    return onnxModel({
      opset,
      inputs: [{ name: 'images', type, shape: typeof side === 'number' ? [1, 3, side, side] : side }],
      outputs: this.outputs.map((name) => ({ name, shape: [] })),
      operations: this.operations,
      constants: this.constants,
    });
  }
}

/** Pictures of soft blobs, as noise alone leaves most channels of a network without a range. */
export function pictures(count: number, side = 16, seed = 3, channels = 3): Float32Array[] {
  const random = randomNumbers(seed);
  return Array.from({ length: count }, () => {
    const waves = Array.from(
      { length: 3 },
      () => [random() * 0.8, random() * 0.8, random() * 6, 60 + 60 * random()] as const,
    );
    return Float32Array.from({ length: channels * side * side }, (_, i) => {
      const [fx, fy, phase, size] = waves[Math.floor(i / (side * side))]!;
      const [x, y] = [i % side, Math.floor(i / side) % side];
      return Math.round(Math.min(255, Math.max(0, 128 + size * Math.sin(fx * x + fy * y + phase) + 16 * random())));
    });
  });
}

export interface Compared {
  readonly program: Program;
  /** Of each output: the root of the mean squared difference to onnxruntime, as a part of the numbers' own deviation. */
  readonly errors: readonly number[];
  /** Of each output: how far onnxruntime's numbers deviate from their mean. */
  readonly deviations: readonly number[];
}

/**
 * Compiles a network, and runs the program beside onnxruntime.
 *
 * @param seed Of the pictures that both are run on. With 3 it was calibrated on these.
 */
export async function compareWithFloat(
  model: Uint8Array<ArrayBuffer>,
  side = 16,
  channels: 1 | 3 = 3,
  seed = 11,
): Promise<Compared> {
  const options = { width: side, height: side, layout: 'NCHW', mean: [0, 0, 0], std: [1, 1, 1], channels } as const;
  const source = { bytes: model, weights: [] };
  const program = await compile(source, { ...options, pictures: () => pictures(8, side, 3, channels) });
  const session = await InferenceSession.create(model, { logSeverityLevel: 3, graphOptimizationLevel: 'disabled' });
  const interpreter = new Interpreter(program);
  const sums = session.outputNames.map(() => ({ error: 0, all: 0, square: 0, count: 0 }));
  for (const picture of pictures(3, side, seed, channels)) {
    const expected = await session.run({ images: new Tensor('float32', picture, [1, channels, side, side]) });
    const bytes = interpreter.input('images');
    for (let i = 0; i < bytes.length; i++) bytes[i] = picture[(i % channels) * side * side + Math.floor(i / channels)]!;
    interpreter.run();
    session.outputNames.forEach((name, k) => {
      const [got, wanted] = [interpreter.output(name), expected[name]!.data as Float32Array];
      if (got.length !== wanted.length)
        throw new Error(`${name}: ${wanted.length} numbers were wanted, got ${got.length}`);
      const sum = sums[k]!;
      wanted.forEach((value, i) => {
        sum.error += (got[i]! - value) ** 2;
        sum.all += value;
        sum.square += value * value;
      });
      sum.count += wanted.length;
    });
  }
  await session.release();
  const errors = sums.map(({ error, all, square, count }) => Math.sqrt(error / (square - (all * all) / count)));
  const deviations = sums.map(({ all, square, count }) => Math.sqrt((square - (all * all) / count) / count));
  return { program, errors, deviations };
}
