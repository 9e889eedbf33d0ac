import { InputError } from '../../base/errors.ts';
import { kernels } from '../../kernels/kernels.ts';
import type { Program, ProgramTensorInfo } from '../../kernels/program/native.ts';
import { assertInput, elements } from './binding.ts';
import type { Engine, EngineOptions, FixedInput, Tensor, TensorInfo } from './engine.ts';

/** The picture or pictures that go in, and where what comes out is kept. */
interface Bound {
  readonly pictures: readonly Uint8Array[];
  /** Of several pictures: room for the outputs of all. */
  readonly rooms: readonly (Float32Array | Uint8Array)[];
  /** What a run of so many pictures gives; the arrays stay the same. */
  readonly results: Map<number, ReadonlyMap<string, Tensor>>;
}

/**
 * Compiled programs (`ocellus compile`) in the native addon. A program takes one picture; several go through it one after
 * the other in one call.
 */
export class NativeEngine implements Engine {
  #program: Program | undefined;
  #bound: Bound | undefined;

  async load(model: Uint8Array, { threads }: EngineOptions): Promise<void> {
    await this.close();
    if (!kernels.programs) {
      throw new InputError(`a compiled program runs in the native kernels, and here are those in ${kernels.name}`);
    }
    try {
      this.#program = kernels.programs.load(model, 'the compiled program', threads);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      throw new InputError(`${error.message}; fetch it again, or compile its network again (ocellus compile)`, {
        cause: error,
      });
    }
  }

  /** The first dimension of what is one picture is open: so many as are bound. */
  get inputs(): readonly TensorInfo[] {
    return this.#tensors('input').map(({ name, element, dims }) => {
      const [batch, ...rest] = dims;
      return { name, type: element, shape: batch === 1 ? ['batch', ...rest] : dims };
    });
  }

  get outputs(): readonly TensorInfo[] {
    return this.#tensors('output').map(({ name, element, dims }) => ({ name, type: element, shape: dims }));
  }

  bind(name: string, type: 'uint8' | 'float32', shape: readonly number[], fixed?: FixedInput): Uint8Array {
    if (fixed) {
      throw new InputError(`input: a compiled program takes a picture only, the card wants ${fixed.name} given too`);
    }
    assertInput(this.inputs, name, type, shape);
    const { outputs } = this.#loaded();
    const [count = 1, ...rest] = shape;
    const length = elements(rest);
    const buffer = new Uint8Array(count * length);
    this.#bound = {
      pictures: Array.from({ length: count }, (_, i) => buffer.subarray(i * length, (i + 1) * length)),
      rooms: count === 1 ? [] : outputs.map(({ data }) => new (arrayOf(data))(data.length * count)),
      results: new Map(),
    };
    return buffer;
  }

  async run(count?: number): Promise<ReadonlyMap<string, Tensor>> {
    const program = this.#loaded();
    if (!this.#bound) throw new Error('the engine has no input buffer: call bind() first');
    const { pictures, rooms } = this.#bound;
    const some = pictures.slice(0, count);
    some.forEach((picture, i) => {
      program.run([picture]);
      rooms.forEach((room, output) => {
        const { data } = program.outputs[output]!;
        room.set(data, i * data.length);
      });
    });
    return this.#resultsOf(some.length, this.#bound);
  }

  async close(): Promise<void> {
    this.#program?.close();
    this.#program = undefined;
    this.#bound = undefined;
  }

  #resultsOf(count: number, { rooms, results }: Bound): ReadonlyMap<string, Tensor> {
    const known = results.get(count);
    if (known) return known;
    const tensors = this.#loaded().outputs.map(({ name, dims, data }, i): [string, Tensor] => {
      const room = rooms[i];
      // Of one picture: the program's own memory, which each run writes anew.
      if (!room) return [name, { data, shape: dims }];
      return [name, { data: room.subarray(0, data.length * count), shape: [count, ...dims.slice(1)] }];
    });
    const made = new Map(tensors);
    results.set(count, made);
    return made;
  }

  #tensors(direction: ProgramTensorInfo['direction']): ProgramTensorInfo[] {
    return this.#loaded().info.tensors.filter((tensor) => tensor.direction === direction);
  }

  #loaded(): Program {
    if (!this.#program) throw new Error('the engine has no model: call load() first');
    return this.#program;
  }
}

const arrayOf = (data: Float32Array | Uint8Array) => (data instanceof Float32Array ? Float32Array : Uint8Array);
