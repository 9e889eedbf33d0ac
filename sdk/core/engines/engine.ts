/** Element types that are read and written here. Others may occur in a model's metadata. */
export type TensorData = Float32Array | Uint8Array | Int8Array | Int32Array | BigInt64Array;

/** What a model says of one of its inputs or outputs. */
export interface TensorInfo {
  readonly name: string;
  /** `float32`, `uint8`, `int64`, … */
  readonly type: string;
  /** A dimension that is not fixed has a name, or is empty. */
  readonly shape: readonly (number | string)[];
}

/** Numbers of a network's input or output, row-major: `data.length` is the product of `shape`. */
export interface Tensor {
  readonly data: TensorData;
  readonly shape: readonly number[];
}

export interface EngineOptions {
  /** Threads of one inference. */
  readonly threads: number;
  /** Weights that lie in files of their own. */
  readonly weights?: readonly ExternalWeights[];
}

/** A file of weights beside a model. */
export interface ExternalWeights {
  /** As the model names it. */
  readonly path: string;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** A second input that stays the same for every picture: the size that a network scales its boxes to. */
export interface FixedInput {
  readonly name: string;
  /** Whole numbers. */
  readonly values: readonly number[];
  readonly shape: readonly number[];
}

/**
 * Runs a program: a network that was loaded once. Runs block the thread they are called on, so an engine lives in a
 * worker. Input and output buffers are allocated once; outputs are valid until the next run.
 */
export interface Engine {
  /** @throws InputError when the bytes are not a model this engine can run. */
  load(model: Uint8Array, options: EngineOptions): Promise<void>;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /**
   * Chooses the shape of the input and allocates its buffer. To be called once, before `run`. Inputs and outputs of
   * float16 are float32 on this side, and so is a picture in whole numbers other than bytes.
   *
   * @param fixed What else the model takes.
   * @throws InputError when the model has no such input, another shape or type, or other inputs beside it.
   */
  bind(
    name: string,
    type: 'uint8' | 'float32',
    shape: readonly number[],
    fixed?: FixedInput,
  ): Uint8Array | Float32Array;
  /**
   * Runs on what is in the input buffer.
   *
   * @param count The first so many of the batch. Default: all of it. Fewer need a model whose first dimension is open.
   */
  run(count?: number): Promise<ReadonlyMap<string, Tensor>>;
  close(): Promise<void>;
}
