import { InputError, messageOf } from '../../base/errors.ts';

/** A program in the addon's memory. */
export type ProgramHandle = object;

/** What program/binding.cpp gives. */
export interface ProgramFunctions {
  programLoad(bytes: Uint8Array, threads: number): ProgramHandle;
  programInfo(handle: ProgramHandle): ProgramInfo;
  programOutput(handle: ProgramHandle, index: number): ArrayBuffer;
  programRun(handle: ProgramHandle, inputs: readonly Uint8Array[], nanoseconds?: Float64Array): void;
  programClose(handle: ProgramHandle): void;
}

/** What the caller sees of a program: a picture that goes in, or numbers that come out. */
export interface ProgramTensorInfo {
  readonly name: string;
  readonly direction: 'input' | 'output';
  readonly element: 'uint8' | 'float32';
  readonly dims: readonly number[];
}

export interface ProgramStepInfo {
  readonly name: string;
  /** Has the instruction set a kernel for it? Else the scalar one runs. */
  readonly native: boolean;
}

export interface ProgramInfo {
  /** Inputs and outputs, in the order of the file. */
  readonly tensors: readonly ProgramTensorInfo[];
  readonly steps: readonly ProgramStepInfo[];
  /** Memory of all activations together. */
  readonly arenaBytes: number;
  /** Memory of the weights as the kernels of this instruction set want them. */
  readonly packedBytes: number;
}

/** An output: `data` is filled anew by each run. */
export interface ProgramOutput {
  readonly name: string;
  readonly dims: readonly number[];
  readonly data: Uint8Array | Float32Array;
}

export interface ProgramOptions {
  /** Threads that share each step, 1 to 64; the one that calls `run` is among them. 1 if not said. All give the same numbers. */
  readonly threads?: number;
}

/**
 * A compiled program, loaded: its memory is planned, nothing is allocated in `run`.
 *
 * @example
 * const program = new Program(functions, await readFile('model.ocp'), 'model.ocp');
 * program.run([pixels]);
 * const scores = program.outputs[0].data;
 * program.close();
 */
export class Program {
  readonly info: ProgramInfo;
  /** In the order of the file; each `data` stays the same array. */
  readonly outputs: readonly ProgramOutput[];
  readonly #functions: ProgramFunctions;
  readonly #handle: ProgramHandle;

  /**
   * @param bytes A program file; it is copied.
   * @param name For errors: the file's name.
   * @throws RangeError when there cannot be as many threads.
   * @throws InputError when it is not a program of this version, is damaged, or says what cannot be run: the text names the step.
   */
  constructor(functions: ProgramFunctions, bytes: Uint8Array, name: string, { threads = 1 }: ProgramOptions = {}) {
    if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
      throw new RangeError(`threads: expected a whole number from 1 to 64, got ${threads}`);
    }
    this.#functions = functions;
    try {
      this.#handle = functions.programLoad(bytes, threads);
    } catch (error) {
      throw new InputError(`${name}: ${messageOf(error)}`);
    }
    this.info = functions.programInfo(this.#handle);
    this.outputs = this.info.tensors.flatMap(({ name, direction, element, dims }, index) => {
      if (direction !== 'output') return [];
      const buffer = functions.programOutput(this.#handle, index);
      return [{ name, dims, data: element === 'uint8' ? new Uint8Array(buffer) : new Float32Array(buffer) }];
    });
  }

  /**
   * Runs all steps on this thread, and fills `outputs`.
   *
   * @param inputs One array for each input tensor, of as many values as its `dims` say.
   * @param nanoseconds Room for the time of each step, in the order of `info.steps`.
   * @throws TypeError when the inputs do not fit, or after `close`.
   */
  run(inputs: readonly Uint8Array[], nanoseconds?: Float64Array): void {
    this.#functions.programRun(this.#handle, inputs, nanoseconds);
  }

  /** Lets the memory go, as soon as nobody holds an output either. Once only. */
  close(): void {
    this.#functions.programClose(this.#handle);
  }
}
