import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { InputError, messageOf } from '../../base/errors.ts';
import { loadOpenCvCopy } from '../../opencv-bindings/load.ts';
import type { Mat, Net, OpenCv } from '../../opencv-bindings/types.ts';
import { assertInput, elements } from './binding.ts';
import type { Engine, EngineOptions, FixedInput, Tensor, TensorInfo } from './engine.ts';
import { readOnnxTensors } from './onnx-tensors.ts';

/** An output, and the Mat that lies over its numbers. */
interface Output extends Tensor {
  readonly name: string;
  readonly mat: Mat;
}

/** ONNX models through OpenCV's dnn module: for a worker thread, whose own bindings it loads. */
export class OpenCvEngine implements Engine {
  #cv: OpenCv | undefined;
  #net: Net | undefined;
  #tensors: { inputs: TensorInfo[]; outputs: TensorInfo[] } | undefined;
  #input: { readonly name: string; readonly staged: Mat; readonly flat: Mat; readonly blob: Mat } | undefined;
  readonly #outputs = new Map<string, Output>();

  async load(model: Uint8Array, { threads, weights = [] }: EngineOptions): Promise<void> {
    if (weights.length > 0) {
      throw new InputError(
        `OpenCV's dnn module takes a model of one file, this one's weights are in ${weights.map(({ path }) => path).join(', ')}; the engine onnxruntime takes it`,
      );
    }
    const cv = (this.#cv ??= loadOpenCvCopy());
    cv.setNumThreads(threads);
    // The bindings read files only.
    const folder = await mkdtemp(join(tmpdir(), 'ocellus-model-'));
    try {
      const path = join(folder, 'model.onnx');
      await writeFile(path, model, { mode: 0o600 });
      this.#net = cv.readNetFromONNX(path);
      this.#tensors = readOnnxTensors(model);
    } catch (error) {
      throw new InputError(
        `OpenCV's dnn module cannot load the model: ${messageOf(error)}; the engine onnxruntime may, and OpenCV takes float models rather than quantised ones`,
      );
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  get inputs(): readonly TensorInfo[] {
    this.#loaded();
    return this.#tensors!.inputs;
  }

  get outputs(): readonly TensorInfo[] {
    this.#loaded();
    return this.#tensors!.outputs;
  }

  bind(
    name: string,
    type: 'uint8' | 'float32',
    shape: readonly number[],
    fixed?: FixedInput,
  ): Uint8Array | Float32Array {
    const cv = this.#cv!;
    if (fixed) {
      throw new InputError(
        `input: OpenCV's engine gives a picture only, the model takes ${fixed.name} too; the engine onnxruntime gives it`,
      );
    }
    assertInput(this.inputs, name, type, shape);
    const length = elements(shape);
    const buffer = type === 'uint8' ? new Uint8Array(length) : new Float32Array(length);
    // Whole words of four bytes, whatever the type: only so do the bindings give a flat view of a tensor.
    if (buffer.byteLength % 4 !== 0) {
      throw new InputError(
        `input: OpenCV's engine expects a multiple of 4 bytes, got ${buffer.byteLength} for [${shape.join(', ')}]`,
      );
    }
    const words = buffer.byteLength / 4;
    const blob = new cv.Mat(shape, type === 'uint8' ? cv.CV_8U! : cv.CV_32F!);
    const staged = new cv.Mat(1, words, cv.CV_32F!, new Uint8Array(buffer.buffer));
    this.#releaseAll();
    this.#input = { name, blob, flat: blob.flattenFloat(1, words), staged };
    return buffer;
  }

  async run(): Promise<ReadonlyMap<string, Tensor>> {
    const { net, cv } = this.#loaded();
    const input = this.#input;
    if (!input) throw new Error('the engine has no input buffer: call bind() first');
    input.staged.copyTo(input.flat).release();
    let results: Mat[];
    try {
      net.setInput(input.blob, input.name);
      results = net.forward(this.outputs.map(({ name }) => name));
    } catch (error) {
      throw new InputError(`OpenCV's dnn module cannot run the model: ${messageOf(error)}`);
    }
    for (const [i, info] of this.outputs.entries()) {
      const result = results[i]!;
      const { mat } = this.#outputOf(cv, info, result.sizes);
      const flat = result.flattenFloat(1, mat.cols);
      flat.copyTo(mat).release();
      flat.release();
      result.release();
    }
    return this.#outputs;
  }

  async close(): Promise<void> {
    this.#releaseAll();
    if (!this.#net) return;
    this.#net = undefined;
    // The bindings can release a Mat, not a network; and a thread that ends does not collect its garbage.
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
  }

  #outputOf(cv: OpenCv, { name, shape: declared }: TensorInfo, sizes: readonly number[]): Output {
    const length = elements(sizes);
    const known = this.#outputs.get(name);
    if (known?.data.length === length) return known;
    known?.mat.release();
    // A Mat has two dimensions at least, whatever the model says.
    const isFixed = (one: readonly (number | string)[]): one is number[] => one.every(Number.isInteger);
    const shape = isFixed(declared) && elements(declared) === length ? declared : sizes;
    const data = new Float32Array(length);
    const mat = new cv.Mat(1, data.length, cv.CV_32F!, new Uint8Array(data.buffer));
    const output = { name, data, shape, mat };
    this.#outputs.set(name, output);
    return output;
  }

  #releaseAll(): void {
    const { blob, flat, staged } = this.#input ?? {};
    // The view before what it views.
    for (const mat of [flat, blob, staged]) mat?.release();
    this.#input = undefined;
    for (const { mat } of this.#outputs.values()) mat.release();
    this.#outputs.clear();
  }

  #loaded(): { net: Net; cv: OpenCv } {
    if (!this.#net) throw new Error('the engine has no model: call load() first');
    return { net: this.#net, cv: this.#cv! };
  }
}
