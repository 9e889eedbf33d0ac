import {
  type WrittenConstant,
  type WrittenNode,
  type WrittenNumbers,
  type WrittenType,
  type WrittenValue,
  writeOnnx,
} from './write.ts';

export interface OnnxAttributes {
  readonly ints?: Readonly<Record<string, number | readonly number[]>>;
  readonly floats?: Readonly<Record<string, number>>;
  readonly texts?: Readonly<Record<string, string>>;
}

const arrays = { float32: Float32Array, uint8: Uint8Array, int8: Int8Array, int32: Int32Array } as const;

/** Of the operators: scales for each channel came with it. */
const opset = 13;

/**
 * An ONNX network, node by node, in the order in which they run.
 *
 * @example
 * const net = new OnnxBuilder('ocellus');
 * net.input('images', 'uint8', [1, 3, 8, 8]);
 * const floats = net.node('Cast', ['images'], { ints: { to: 1 } });
 * net.output('result', net.node('Relu', [floats]), [1, 3, 8, 8]);
 * await writeFile('relu.onnx', net.finish());
 */
export class OnnxBuilder {
  readonly #producer: string;
  readonly #nodes: WrittenNode[] = [];
  readonly #constants: WrittenConstant[] = [];
  readonly #inputs: WrittenValue[] = [];
  readonly #outputs: WrittenValue[] = [];

  /** @param producer What the file says that it was made by. */
  constructor(producer: string) {
    this.#producer = producer;
  }

  input(name: string, type: WrittenType, shape: readonly number[]): void {
    this.#inputs.push({ name, type, shape });
  }

  /** Adds a node. @param label Its name begins with; a number makes names differ. @returns The name of what it gives. */
  node(op: string, inputs: readonly string[], { ints, floats = {}, texts }: OnnxAttributes = {}, label = op): string {
    const output = `value_${this.#nodes.length}`;
    const fractions = Object.entries(floats).map(([name, float]) => [name, { float }]);
    const attributes = { ...ints, ...Object.fromEntries(fractions), ...texts };
    this.#nodes.push({ name: `${label}_${this.#nodes.length}`, op, inputs, outputs: [output], attributes });
    return output;
  }

  /** Adds a constant. @returns Its name. */
  constant(type: Exclude<WrittenType, 'int64'>, shape: readonly number[], numbers: ArrayLike<number>): string {
    return this.#constant(shape, arrays[type].from(numbers));
  }

  /** A single number of float32. */
  number(value: number): string {
    return this.constant('float32', [], [value]);
  }

  /** A list of whole numbers, such as a shape. */
  integers(...numbers: readonly number[]): string {
    return this.#constant([numbers.length], BigInt64Array.from(numbers, BigInt));
  }

  /** Gives a value to the caller, of float32, under this name. */
  output(name: string, value: string, shape: readonly number[]): void {
    this.#nodes.push({ name, op: 'Identity', inputs: [value], outputs: [name] });
    this.#outputs.push({ name, type: 'float32', shape });
  }

  /** The file. @param metadata For those who read it: keys and values. */
  finish(metadata: Readonly<Record<string, string>> = {}): Uint8Array<ArrayBuffer> {
    return writeOnnx({
      ...{ producer: this.#producer, opset, metadata },
      ...{ inputs: this.#inputs, outputs: this.#outputs, nodes: this.#nodes, constants: this.#constants },
    });
  }

  #constant(shape: readonly number[], data: WrittenNumbers): string {
    const name = `constant_${this.#constants.length}`;
    this.#constants.push({ name, shape, data });
    return name;
  }
}
