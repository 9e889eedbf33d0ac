import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { InputError } from '../../../sdk/base/errors.ts';
import { compile } from '../../../sdk/core/compiler/compile.ts';
import type { ExternalWeights } from '../../../sdk/core/engines/engine.ts';
import { installedOnnxruntime } from '../../../sdk/core/engines/onnxruntime-package.ts';
import { writeProgram } from '../../../sdk/core/program/format.ts';
import { writeResult } from '../write-result.ts';
import { type Family, runPython } from './environments.ts';
import { bytesOf, type FedInput, type FedPicture, numbersOf } from './feed.ts';
import { compiled, inPython, optimised, type Runner } from './run.ts';
import type { PortTensor } from './tensors.ts';

export const targetNames = ['onnx', 'program', 'ncnn', 'openvino', 'tflite'] as const;
export type TargetName = (typeof targetNames)[number];

/** A network that is there as ONNX, and what is known of it. */
export interface Hub {
  readonly bytes: Uint8Array;
  readonly weights: readonly ExternalWeights[];
  /** The ONNX file. */
  readonly path: string;
  readonly input: FedInput;
  readonly outputs: readonly string[];
}

/** A network in the form that was asked for. */
export interface Target {
  readonly files: readonly string[];
  readonly runner: Runner;
  /** It computes in 8 bits. */
  readonly isQuantised: boolean;
  /** What whoever uses it has to know. */
  readonly notes: readonly string[];
  /** What it takes of a picture. */
  numbersOf(picture: FedPicture): PortTensor;
}

/**
 * Makes a network's other form.
 *
 * @param base The path of what is made, without an ending.
 * @param calibration Pictures on which a program measures its ranges.
 * @throws InputError with what the converter says.
 */
export async function makeTarget(
  name: TargetName,
  hub: Hub,
  base: string,
  calibration: readonly FedPicture[],
): Promise<Target> {
  const { bytes, weights, input, path, outputs } = hub;
  const own = (picture: FedPicture) => numbersOf(picture, input);
  if (name === 'onnx') {
    const runner = optimised(bytes, weights, installedOnnxruntime());
    return { files: [path], runner, isQuantised: false, notes: [], numbersOf: own };
  }
  if (name === 'program') {
    const program = writeProgram(await compiledOf(hub, calibration));
    await writeResult(`${base}.ocp`, program);
    return {
      files: [`${base}.ocp`],
      runner: compiled(new Uint8Array(program)),
      isQuantised: true,
      notes: [],
      numbersOf: (picture) => bytesOf(picture, input),
    };
  }
  const { width, height, layout } = input;
  const shape = layout === 'NCHW' ? [1, 3, height, width] : [1, height, width, 3];
  if (name === 'ncnn' && layout !== 'NCHW') {
    throw new InputError(
      `${path}: ncnn takes pictures as [1, 3, height, width], and its input is [${shape.join(', ')}]`,
    );
  }
  if (weights.length > 0) {
    throw new InputError(
      `${path}: its weights are in files of their own, which ${name} is not made of: save it as one file`,
    );
  }
  const job = { onnx: path, target: base, shape };
  const { files, shape: taken } = await converted(name, job, path);
  return {
    files,
    runner: inPython(name, job, outputs, `${base} (${name})`),
    isQuantised: false,
    notes: isSizes(taken) && `${taken}` !== `${shape}` ? [transposedNote(shape, taken)] : [],
    numbersOf: own,
  };
}

/** What the converter writes gets its name once all of it is there. */
async function converted(name: Family, job: { readonly target: string }, path: string) {
  const folder = await mkdtemp(join(dirname(job.target), '.port-'));
  try {
    const made = join(folder, basename(job.target));
    const { files, shape } = await runPython(name, { ...job, target: made, task: 'convert' }, path);
    const moved = (files as string[]).map((file) => join(dirname(job.target), relative(folder, file)));
    for (const [index, file] of (files as string[]).entries()) await rename(file, moved[index]!);
    return { files: moved, shape };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const isSizes = (value: unknown): value is number[] => Array.isArray(value);

const transposedNote = (source: readonly number[], target: readonly number[]) =>
  `the target takes pictures as [${target.join(', ')}], the network that it was made of as [${source.join(', ')}]: they were transposed for it`;

async function compiledOf({ bytes, weights, input, path }: Hub, calibration: readonly FedPicture[]) {
  const { width, height, layout, mean, std } = input;
  async function* pictures() {
    for (const picture of calibration) {
      const { data } = numbersOf(picture, input);
      yield input.type === 'uint8' ? Uint8Array.from(data) : data;
    }
  }
  try {
    return await compile({ bytes, weights }, { width, height, layout, mean, std, pictures });
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${path}: ${error.message}`) : error;
  }
}

/** Reads a model that is checked on a board: an ONNX file or a program. */
export async function boardRunner(path: string): Promise<{ readonly runner: Runner; readonly isProgram: boolean }> {
  const bytes = await readFile(path).catch(() => {
    throw new InputError(`the model ${path} cannot be read`);
  });
  const isProgram = path.endsWith('.ocp');
  return {
    runner: isProgram ? compiled(new Uint8Array(bytes)) : optimised(bytes, [], installedOnnxruntime()),
    isProgram,
  };
}
