import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { asset } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { assertInput, elements } from '../../../sdk/core/engines/binding.ts';
import type { Engine, FixedInput, Tensor, TensorInfo } from '../../../sdk/core/engines/engine.ts';
import type { Adapter } from './task.ts';

/** What the other process says of a network that it has loaded and run once. */
interface Header {
  readonly version: string;
  readonly precision: string;
  readonly startMs: number;
  readonly input: readonly number[];
  readonly outputs: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** Where an output of the network is among what the other process sends. */
interface Place {
  readonly info: TensorInfo;
  readonly data: Float32Array<ArrayBuffer>;
  /** Index among the outputs of the engine. */
  readonly from: number;
  /** Rows and columns there, where it has them the other way round. */
  readonly turned: readonly [rows: number, columns: number] | undefined;
}

/** What runs through a pipe took since the start. */
export interface Transport {
  /** Of the pipe and not of the engine, ms. */
  readonly wallMs: number;
  /** CPU time of this process meanwhile, ms. */
  readonly oursMs: number;
  /** CPU time of the engine in its own process, ms. */
  readonly theirsMs: number;
}

/**
 * A network in ncnn or LiteRT, in a process of a Python that has them (`adapter.py`). Preprocessing and decoding are ours, so
 * its results are those that Ocellus would have with that engine; the way through the pipe is measured, to be taken off.
 */
export class PythonEngine implements Engine {
  readonly #adapter: Adapter;
  readonly #shape: readonly number[];
  readonly #expected: readonly TensorInfo[];
  #child: ChildProcessByStdio<Writable, Readable, Readable> | undefined;
  #reader: ExactReader | undefined;
  #header: Header | undefined;
  #places: readonly Place[] = [];
  #input = new Float32Array(0);
  readonly #transport = { wallMs: 0, oursMs: 0, theirsMs: 0 };

  /**
   * @param shape Of the input, as the card says; LiteRT's files have their own.
   * @param expected The network's outputs, by whose names the decoder finds them. None: as the engine calls them.
   */
  constructor(adapter: Adapter, shape: readonly number[], expected: readonly TensorInfo[]) {
    this.#adapter = adapter;
    this.#shape = shape;
    this.#expected = expected;
  }

  get header(): Header {
    if (!this.#header) throw new Error('the engine has no model: call load() first');
    return this.#header;
  }

  get transport(): Transport {
    return { ...this.#transport };
  }

  /** @param _ Not used: the other process reads the adapter's file. */
  async load(_: Uint8Array, { threads }: { threads: number }): Promise<void> {
    const { engine, python, file } = this.#adapter;
    const spec = JSON.stringify({ engine, file, threads, shape: this.#shape });
    const child = spawn(python, [asset('tools', 'cli', 'bench', 'adapter.py'), 'run', spec], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child = child;
    // Of one that has ended; reading says why.
    child.stdin.on('error', () => {});
    this.#reader = new ExactReader(child, engine);
    const length = (await this.#reader.read(4)).readUInt32LE(0);
    this.#header = JSON.parse((await this.#reader.read(length)).toString()) as Header;
    this.#places = placesOf(this.#header.outputs, this.#expected, file);
  }

  get inputs(): readonly TensorInfo[] {
    return [{ name: 'input', type: 'float32', shape: this.header.input }];
  }

  get outputs(): readonly TensorInfo[] {
    return this.#places.map(({ info }) => info);
  }

  bind(name: string, type: 'uint8' | 'float32', shape: readonly number[], fixed?: FixedInput): Float32Array {
    assertInput(this.inputs, name, type, shape, fixed);
    this.#input = new Float32Array(elements(shape));
    return this.#input;
  }

  async run(): Promise<ReadonlyMap<string, Tensor>> {
    const { outputs } = this.header;
    const cpu = process.cpuUsage();
    const began = performance.now();
    this.#child!.stdin.write('r');
    this.#child!.stdin.write(new Uint8Array(this.#input.buffer));
    const took = await this.#reader!.read(16);
    const parts: Buffer[] = [];
    for (const { shape } of outputs) parts.push(await this.#reader!.read(4 * elements(shape)));
    for (const { data, from, turned } of this.#places) copyFloats(parts[from]!, data, turned);
    const { user, system } = process.cpuUsage(cpu);
    this.#transport.wallMs += performance.now() - began - Number(took.readBigInt64LE(0)) / 1e6;
    this.#transport.oursMs += (user + system) / 1000;
    this.#transport.theirsMs += Number(took.readBigInt64LE(8)) / 1e6;
    return new Map(this.#places.map(({ info, data }) => [info.name, { data, shape: info.shape as number[] }]));
  }

  /** Resident memory that the engine and the network add to their process, bytes. */
  async addedBytes(): Promise<number> {
    this.#child!.stdin.write('m');
    return Number((await this.#reader!.read(8)).readBigInt64LE(0));
  }

  async close(): Promise<void> {
    this.#child?.stdin.end();
    await this.#reader?.ended;
    this.#child = undefined;
  }
}

/** Reads so many bytes as are wanted of a process. */
class ExactReader {
  /** Resolves when the process has ended. */
  readonly ended: Promise<void>;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #over: InputError | undefined;
  #wake: (() => void) | undefined;

  constructor(child: ChildProcessByStdio<Writable, Readable, Readable>, name: string) {
    let trouble = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      trouble = (trouble + text).slice(-4000);
    });
    child.stdout.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.#wake?.();
    });
    this.ended = new Promise((resolve) => {
      const end = (why: string) => {
        this.#over = new InputError(`${name}: ${why}`);
        this.#wake?.();
        resolve();
      };
      child.once('error', (error) => end(error.message));
      child.once('close', () => end(trouble.trim().split('\n').at(-1) || 'its process ended'));
    });
  }

  /** @throws InputError when the process ends before, with the last line that it said. */
  async read(length: number): Promise<Buffer> {
    while (this.#length < length) {
      if (this.#over) throw this.#over;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#chunks.length = 0;
    if (all.length > length) this.#chunks.push(all.subarray(length));
    this.#length = all.length - length;
    return all.subarray(0, length);
  }
}

const squeezed = (shape: readonly (number | string)[]) => shape.filter((side) => side !== 1);
const fits = (wanted: readonly (number | string)[], got: readonly (number | string)[]) =>
  wanted.length === got.length && wanted.every((side, i) => typeof side !== 'number' || side <= 0 || side === got[i]);

/**
 * Which output of an engine is which of the network: converters keep their order as a rule and the names rarely, leave out
 * dimensions of 1, and may turn rows into columns.
 *
 * @throws InputError when they do not fit each other.
 */
export function placesOf(
  outputs: readonly { readonly name: string; readonly shape: readonly number[] }[],
  expected: readonly TensorInfo[],
  file: string,
): Place[] {
  const place = (info: TensorInfo, from: number, turned?: readonly [number, number]): Place => {
    const { shape } = outputs[from]!;
    const isKnown = info.shape.every((side) => typeof side === 'number' && side > 0);
    const data = new Float32Array(elements(shape));
    return { info: { ...info, type: 'float32', shape: isKnown ? info.shape : shape }, data, from, turned };
  };
  if (expected.length === 0) return outputs.map(({ name, shape }, i) => place({ name, type: 'float32', shape }, i));
  const told = (all: readonly { readonly name: string; readonly shape: readonly (number | string)[] }[]) =>
    all.map(({ name, shape }) => `${name} [${shape.join(', ')}]`).join(', ');
  const free = new Set(outputs.keys());
  const places = expected.map((info) => {
    const wanted = squeezed(info.shape);
    for (const turns of [false, true]) {
      for (const from of free) {
        const got = squeezed(outputs[from]!.shape) as number[];
        if (turns && got.length !== 2) continue;
        if (!fits(wanted, turns ? got.toReversed() : got)) continue;
        free.delete(from);
        return place(info, from, turns ? [got[0]!, got[1]!] : undefined);
      }
    }
    return undefined;
  });
  const found = places.filter((one) => one !== undefined);
  if (found.length === expected.length) return found;
  throw new InputError(`${file}: expected the outputs ${told(expected)} of the network, got ${told(outputs)}`);
}

function copyFloats(bytes: Buffer, to: Float32Array, turned: Place['turned']): void {
  const room = new Uint8Array(to.buffer, to.byteOffset, to.byteLength);
  room.set(bytes);
  if (!turned) return;
  const [rows, columns] = turned;
  const from = to.slice();
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) to[column * rows + row] = from[row * columns + column]!;
  }
}
