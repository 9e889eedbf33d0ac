import './no-telemetry.ts';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { InputError, messageOf } from '../../errors.ts';
import { assertInput, elements } from './binding.ts';
import type { Engine, EngineOptions, Tensor, TensorData, TensorInfo } from './engine.ts';
import { ShortLivedBuffers } from './short-lived-buffers.ts';

/** ONNX models through onnxruntime's CPU provider. */
export class OnnxRuntimeEngine implements Engine {
  #session: InferenceSession | undefined;
  /** The input: one tensor for each number of pictures that was asked for, all over one buffer. */
  #input: { readonly name: string; readonly whole: OrtTensor; readonly parts: Map<number, OrtTensor> } | undefined;
  #fetches: Record<string, OrtTensor | null> = {};
  /** The arrays behind `#fetches`: onnxruntime fills them, and gives back tensors that are copies of them. */
  readonly #fixed = new Map<string, Tensor>();
  /** Bytes of the copies a run gives back beside what it fills. */
  #copiedBytes = 0;
  readonly #garbage = new ShortLivedBuffers();

  async load(model: Uint8Array, { threads }: EngineOptions): Promise<void> {
    try {
      this.#session = await InferenceSession.create(model, {
        executionProviders: ['cpu'],
        executionMode: 'sequential',
        graphOptimizationLevel: 'all',
        intraOpNumThreads: threads,
        interOpNumThreads: 1,
        // Without the arena each run takes its buffers from malloc anew, and 30 MB of holes stay behind.
        enableCpuMemArena: true,
        enableMemPattern: true,
        // Warnings of the optimiser say nothing to who runs a model.
        logSeverityLevel: 3,
        // A thread that spins between frames costs six times the energy at 10 frames a second.
        extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
      });
    } catch (error) {
      throw new InputError(`onnxruntime cannot load the model: ${messageOf(error)}`);
    }
  }

  get inputs(): readonly TensorInfo[] {
    return tensorInfos(this.#loaded().inputMetadata);
  }

  get outputs(): readonly TensorInfo[] {
    return tensorInfos(this.#loaded().outputMetadata);
  }

  bind(name: string, type: 'uint8' | 'float32', shape: readonly number[]): Uint8Array | Float32Array {
    assertInput(this.inputs, name, type, shape);
    const length = elements(shape);
    const buffer = type === 'uint8' ? new Uint8Array(length) : new Float32Array(length);
    const whole = new OrtTensor(type, buffer as Float32Array, shape as number[]);
    this.#input = { name, whole, parts: new Map() };
    this.#fetches = {};
    this.#fixed.clear();
    this.#copiedBytes = 0;
    for (const output of this.outputs) {
      const tensor = allocate(output);
      this.#fetches[output.name] = tensor ?? null;
      if (!tensor) continue;
      const data = tensor.data as TensorData;
      this.#fixed.set(output.name, { data, shape: tensor.dims });
      this.#copiedBytes += data.byteLength;
    }
    return buffer;
  }

  async run(count?: number): Promise<ReadonlyMap<string, Tensor>> {
    const results = await this.#loaded().run(this.#feeds(count), this.#fetches);
    this.#garbage.add(this.#copiedBytes);
    if (this.#fixed.size === Object.keys(this.#fetches).length) return this.#fixed;
    const outputs = new Map<string, Tensor>(this.#fixed);
    for (const [name, value] of Object.entries(results)) {
      if (this.#fixed.has(name)) continue;
      const data = value.data as TensorData;
      outputs.set(name, { data, shape: value.dims });
      this.#garbage.add(data.byteLength);
    }
    return outputs;
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#input = undefined;
    this.#fetches = {};
    this.#fixed.clear();
    await session?.release();
  }

  #feeds(count: number | undefined): Record<string, OrtTensor> {
    if (!this.#input) return {};
    const { name, whole, parts } = this.#input;
    const [batch, ...rest] = whole.dims as [number, ...number[]];
    if (count === undefined || count === batch) return { [name]: whole };
    let part = parts.get(count);
    if (!part) {
      const data = (whole.data as Float32Array).subarray(0, count * elements(rest));
      part = new OrtTensor(whole.type as 'float32', data, [count, ...rest]);
      parts.set(count, part);
    }
    return { [name]: part };
  }

  #loaded(): InferenceSession {
    if (!this.#session) throw new Error('the engine has no model: call load() first');
    return this.#session;
  }
}

function tensorInfos(metadata: readonly InferenceSession.ValueMetadata[]): TensorInfo[] {
  return metadata.filter((value) => value.isTensor).map(({ name, type, shape }) => ({ name, type, shape }));
}

/** A buffer for an output whose shape and type are fixed; undefined for others, which the run then allocates. */
function allocate({ type, shape }: TensorInfo): OrtTensor | undefined {
  if (!shape.every((side): side is number => typeof side === 'number' && side > 0)) return undefined;
  const length = elements(shape);
  if (type === 'float32') return new OrtTensor(type, new Float32Array(length), shape);
  if (type === 'uint8') return new OrtTensor(type, new Uint8Array(length), shape);
  if (type === 'int8') return new OrtTensor(type, new Int8Array(length), shape);
  if (type === 'int32') return new OrtTensor(type, new Int32Array(length), shape);
  if (type === 'int64') return new OrtTensor(type, new BigInt64Array(length), shape);
  return undefined;
}
