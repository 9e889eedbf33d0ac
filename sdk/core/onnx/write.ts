import { PbfWriter } from 'pbf';

/** Types of numbers that are written here, with their TensorProto.DataType. */
const types = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;
export type WrittenType = keyof typeof types;

export interface OnnxAttributes {
  readonly ints?: Readonly<Record<string, number | readonly number[]>>;
  readonly floats?: Readonly<Record<string, number>>;
  readonly texts?: Readonly<Record<string, string>>;
}

interface WrittenNode extends OnnxAttributes {
  readonly name: string;
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

interface WrittenTensor {
  readonly name: string;
  readonly type: WrittenType;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

interface WrittenValue {
  readonly name: string;
  readonly type: WrittenType;
  readonly shape: readonly number[];
}

const arrays = { float32: Float32Array, uint8: Uint8Array, int8: Int8Array, int32: Int32Array } as const;

/** Versions of the file format and of the operators: those that scales for each channel came with. */
const irVersion = 8;
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
  readonly #constants: WrittenTensor[] = [];
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
  node(op: string, inputs: readonly string[], attributes: OnnxAttributes = {}, label = op): string {
    const output = `value_${this.#nodes.length}`;
    this.#nodes.push({ name: `${label}_${this.#nodes.length}`, op, inputs, outputs: [output], ...attributes });
    return output;
  }

  /** Adds a constant. @returns Its name. */
  constant(type: Exclude<WrittenType, 'int64'>, shape: readonly number[], numbers: ArrayLike<number>): string {
    const { buffer, byteOffset, byteLength } = arrays[type].from(numbers);
    return this.#constant(type, shape, new Uint8Array(buffer, byteOffset, byteLength));
  }

  /** A list of whole numbers, such as a shape. */
  integers(...numbers: readonly number[]): string {
    return this.#constant('int64', [numbers.length], new Uint8Array(BigInt64Array.from(numbers, BigInt).buffer));
  }

  /** Gives a value to the caller, of float32, under this name. */
  output(name: string, value: string, shape: readonly number[]): void {
    this.#nodes.push({ name, op: 'Identity', inputs: [value], outputs: [name] });
    this.#outputs.push({ name, type: 'float32', shape });
  }

  /** The file. @param metadata For those who read it: keys and values. */
  finish(metadata: Readonly<Record<string, string>> = {}): Uint8Array<ArrayBuffer> {
    const writer = new PbfWriter();
    writer.writeVarintField(1, irVersion);
    writer.writeStringField(2, this.#producer);
    writer.writeMessage(7, (_, pbf) => this.#writeGraph(pbf), undefined);
    writer.writeMessage(8, (version: number, pbf) => pbf.writeVarintField(2, version), opset);
    for (const entry of Object.entries(metadata)) writer.writeMessage(14, writeEntry, entry);
    return Uint8Array.from(writer.finish());
  }

  #constant(type: WrittenType, shape: readonly number[], bytes: Uint8Array): string {
    const name = `constant_${this.#constants.length}`;
    this.#constants.push({ name, type, shape, bytes });
    return name;
  }

  #writeGraph(pbf: PbfWriter): void {
    for (const node of this.#nodes) pbf.writeMessage(1, writeNode, node);
    pbf.writeStringField(2, 'network');
    for (const constant of this.#constants) pbf.writeMessage(5, writeTensor, constant);
    for (const input of this.#inputs) pbf.writeMessage(11, writeValue, input);
    for (const output of this.#outputs) pbf.writeMessage(12, writeValue, output);
  }
}

/** Not by writeStringField: that garbles what lies beyond the basic plane. */
const writeText = (pbf: PbfWriter, field: number, text: string) => pbf.writeBytesField(field, Buffer.from(text));

function writeEntry([key, value]: [string, string], pbf: PbfWriter): void {
  writeText(pbf, 1, key);
  writeText(pbf, 2, value);
}

function writeNode({ name, op, inputs, outputs, ints = {}, floats = {}, texts = {} }: WrittenNode, pbf: PbfWriter) {
  for (const input of inputs) writeText(pbf, 1, input);
  for (const output of outputs) writeText(pbf, 2, output);
  writeText(pbf, 3, name);
  writeText(pbf, 4, op);
  const attribute = (key: string, type: number, write: (own: PbfWriter) => void) =>
    pbf.writeMessage(
      5,
      (_, own) => {
        writeText(own, 1, key);
        write(own);
        own.writeVarintField(20, type);
      },
      undefined,
    );
  for (const [key, value] of Object.entries(ints)) {
    if (typeof value === 'number') attribute(key, 2, (own) => own.writeVarintField(3, value));
    else
      attribute(key, 7, (own) => {
        for (const one of value) own.writeVarintField(8, one);
      });
  }
  for (const [key, value] of Object.entries(floats)) attribute(key, 1, (own) => own.writeFloatField(2, value));
  for (const [key, value] of Object.entries(texts)) attribute(key, 3, (own) => writeText(own, 4, value));
}

function writeTensor({ name, type, shape, bytes }: WrittenTensor, pbf: PbfWriter): void {
  for (const side of shape) pbf.writeVarintField(1, side);
  pbf.writeVarintField(2, types[type]);
  writeText(pbf, 8, name);
  pbf.writeBytesField(9, bytes);
}

function writeValue({ name, type, shape }: WrittenValue, pbf: PbfWriter): void {
  writeText(pbf, 1, name);
  pbf.writeMessage(
    2,
    (_, value) =>
      value.writeMessage(
        1,
        (_, tensor) => {
          tensor.writeVarintField(1, types[type]);
          tensor.writeMessage(
            2,
            (_, sides) => {
              for (const side of shape) {
                sides.writeMessage(1, (size: number, dimension) => dimension.writeVarintField(1, size), side);
              }
            },
            undefined,
          );
        },
        undefined,
      ),
    undefined,
  );
}
