import type { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { InputError, messageOf } from '../../base/errors.ts';
import { readOnnxGraph } from '../onnx/graph.ts';
import { fromHalf } from '../onnx/half.ts';
import { padsBeforeMaxPools } from '../onnx/pad-before-pool.ts';
import { assertInput, elements, pictureInput } from './binding.ts';
import type { Engine, EngineOptions, ExternalWeights, FixedInput, Tensor, TensorData, TensorInfo } from './engine.ts';
import {
  halfBits,
  halfFloats,
  isNarrowed,
  type NarrowedArray,
  type NarrowedType,
  narrow,
  narrowedArray,
} from './narrowed.ts';
import { assertHalfFloats, onnxruntime } from './onnxruntime-package.ts';
import { ShortLivedBuffers } from './short-lived-buffers.ts';

/** The input: one tensor for each number of pictures that was asked for, all over one buffer. */
interface Input {
  readonly name: string;
  readonly whole: OrtTensor;
  readonly parts: Map<number, OrtTensor>;
  /** What was handed out to be filled, where the model takes neither floats nor bytes. */
  readonly narrowed: { readonly type: NarrowedType; readonly floats: Float32Array } | undefined;
  /** What the model takes beside it, by name. */
  readonly fixed: Readonly<Record<string, OrtTensor>>;
}

/** An output in float16: what onnxruntime fills, and what is read. */
interface HalfOutput {
  readonly bits: Uint16Array;
  readonly floats: Float32Array;
}

/** ONNX models through onnxruntime's CPU provider. */
export class OnnxRuntimeEngine implements Engine {
  #session: InferenceSession | undefined;
  #input: Input | undefined;
  #fetches: Record<string, OrtTensor | null> = {};
  /** The arrays behind `#fetches`: onnxruntime fills them, and gives back tensors that are copies of them. */
  readonly #fixed = new Map<string, Tensor>();
  #halves: HalfOutput[] = [];
  /** Bytes of the copies a run gives back beside what it fills. */
  #copiedBytes = 0;
  readonly #garbage = new ShortLivedBuffers();

  async load(model: Uint8Array, { threads, weights = [] }: EngineOptions): Promise<void> {
    const { InferenceSession } = onnxruntime();
    const graph = readOnnxGraph(model);
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
        // It looks for them in the working directory otherwise.
        ...(weights.length > 0 && { externalData: weights.map(named) }),
        extra: {
          // A thread that spins between frames costs six times the energy at 10 frames a second.
          session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } },
          ...(graph && padsBeforeMaxPools(graph) && { optimization: { disable_specified_optimizers: 'Pad_Fusion' } }),
        },
      });
    } catch (error) {
      const said = messageOf(error);
      const isNone = /protobuf parsing failed|No graph was found/.test(said);
      const what = `expected an ONNX model, got ${model.length} bytes of something else, or of one that was cut off or damaged: fetch or export it again`;
      throw new InputError(`onnxruntime cannot load the model: ${isNone ? what : said}`, { cause: error });
    }
  }

  get inputs(): readonly TensorInfo[] {
    const infos = tensorInfos(this.#loaded().inputMetadata);
    const picture = pictureInput(infos);
    return infos.map((one) => (one === picture && isNarrowed(one.type) ? { ...one, type: 'float32' } : one));
  }

  get outputs(): readonly TensorInfo[] {
    return tensorInfos(this.#loaded().outputMetadata);
  }

  bind(
    name: string,
    type: 'uint8' | 'float32',
    shape: readonly number[],
    fixed?: FixedInput,
  ): Uint8Array | Float32Array {
    assertInput(this.inputs, name, type, shape, fixed);
    const { inputMetadata, outputMetadata } = this.#loaded();
    if ([...inputMetadata, ...outputMetadata].some((one) => one.isTensor && one.type === 'float16')) assertHalfFloats();
    const length = elements(shape);
    const buffer = type === 'uint8' ? new Uint8Array(length) : new Float32Array(length);
    const { Tensor } = onnxruntime();
    const own = typeOf(inputMetadata, name);
    const narrowed = buffer instanceof Float32Array && isNarrowed(own) ? { type: own, floats: buffer } : undefined;
    const whole = narrowed
      ? new Tensor(narrowed.type as 'int8', narrowedArray(narrowed.type, length) as Int8Array, shape)
      : new Tensor(type as 'float32', buffer as Float32Array, shape);
    this.#input = {
      name,
      whole,
      parts: new Map(),
      narrowed,
      fixed: fixed ? { [fixed.name]: fixedTensor(fixed, typeOf(inputMetadata, fixed.name)) } : {},
    };
    this.#fetches = {};
    this.#fixed.clear();
    this.#halves = [];
    this.#copiedBytes = 0;
    for (const output of outputMetadata) {
      const tensor = output.isTensor ? allocate(output) : undefined;
      this.#fetches[output.name] = tensor ?? null;
      if (!tensor) continue;
      this.#fixed.set(output.name, { data: this.#readable(tensor), shape: tensor.dims });
      this.#copiedBytes += (tensor.data as TensorData).byteLength;
    }
    return buffer;
  }

  /** The array that a tensor's numbers are read from after each run. */
  #readable({ type, data }: OrtTensor): TensorData {
    if (type !== 'float16') return data as TensorData;
    const bits = halfBits(data);
    const floats = new Float32Array(bits.length);
    this.#halves.push({ bits, floats });
    return floats;
  }

  async run(count?: number): Promise<ReadonlyMap<string, Tensor>> {
    const results = await this.#loaded().run(this.#feeds(count), this.#fetches);
    this.#garbage.add(this.#copiedBytes);
    for (const { bits, floats } of this.#halves) fromHalf(bits, floats);
    if (this.#fixed.size === Object.keys(this.#fetches).length) return this.#fixed;
    const outputs = new Map<string, Tensor>(this.#fixed);
    for (const [name, value] of Object.entries(results)) {
      if (this.#fixed.has(name)) continue;
      const data = value.type === 'float16' ? halfFloats(value.data) : (value.data as TensorData);
      outputs.set(name, { data, shape: value.dims });
      this.#garbage.add((value.data as TensorData).byteLength);
    }
    return outputs;
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#input = undefined;
    this.#fetches = {};
    this.#fixed.clear();
    this.#halves = [];
    await session?.release();
  }

  #feeds(count: number | undefined): Record<string, OrtTensor> {
    if (!this.#input) return {};
    const { name, whole, parts, narrowed, fixed } = this.#input;
    const [batch, ...rest] = whole.dims as [number, ...number[]];
    const asked = count ?? batch;
    const length = asked * elements(rest);
    if (narrowed) {
      const { type, floats } = narrowed;
      const to = type === 'float16' ? halfBits(whole.data) : (whole.data as NarrowedArray);
      narrow(type, floats.subarray(0, length), to);
    }
    if (asked === batch) return { ...fixed, [name]: whole };
    let part = parts.get(asked);
    if (!part) {
      const data = (whole.data as Float32Array).subarray(0, length);
      part = new (onnxruntime().Tensor)(whole.type as 'float32', data, [asked, ...rest]);
      parts.set(asked, part);
    }
    return { ...fixed, [name]: part };
  }

  #loaded(): InferenceSession {
    if (!this.#session) throw new Error('the engine has no model: call load() first');
    return this.#session;
  }
}

function tensorInfos(metadata: readonly InferenceSession.ValueMetadata[]): TensorInfo[] {
  return metadata
    .filter((value) => value.isTensor)
    .map(({ name, type, shape }) => ({ name, type: type === 'float16' ? 'float32' : type, shape }));
}

/** The bindings take a ./ off the name, and the model's own name has it. */
const named = ({ path, data }: ExternalWeights) => ({ path: path.startsWith('./') ? `./${path}` : path, data });

function typeOf(metadata: readonly InferenceSession.ValueMetadata[], name: string): string | undefined {
  const value = metadata.find((one) => one.name === name);
  return value?.isTensor ? value.type : undefined;
}

/** @throws InputError when the input takes no whole numbers. */
function fixedTensor({ name, values, shape }: FixedInput, type: string | undefined): OrtTensor {
  const { Tensor } = onnxruntime();
  if (type === 'int64') return new Tensor(type, BigInt64Array.from(values, BigInt), shape);
  if (type === 'int32') return new Tensor(type, Int32Array.from(values), shape);
  if (type === 'float32') return new Tensor(type, Float32Array.from(values), shape);
  throw new InputError(`input.sizes: expected the model's input ${name} to be int64, int32 or float32, it is ${type}`);
}

/** A buffer for an output whose shape and type are fixed; undefined for others, which the run then allocates. */
function allocate({ type, shape }: InferenceSession.TensorValueMetadata): OrtTensor | undefined {
  if (!shape.every((side): side is number => typeof side === 'number' && side > 0)) return undefined;
  const { Tensor } = onnxruntime();
  const length = elements(shape);
  if (type === 'float32') return new Tensor(type, new Float32Array(length), shape);
  if (type === 'float16') return new Tensor(type, new Uint16Array(length), shape);
  if (type === 'uint8') return new Tensor(type, new Uint8Array(length), shape);
  if (type === 'int8') return new Tensor(type, new Int8Array(length), shape);
  if (type === 'int32') return new Tensor(type, new Int32Array(length), shape);
  if (type === 'int64') return new Tensor(type, new BigInt64Array(length), shape);
  return undefined;
}
