import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import { foreignFolder, foreignFormat, withArticle } from '../../../sdk/core/cards/file-format.ts';
import { readWeights as readExternal } from '../../../sdk/core/cards/model-file.ts';
import { readNetwork } from '../../../sdk/core/cards/network.ts';
import type { ExternalWeights } from '../../../sdk/core/engines/engine.ts';
import { installedOnnxruntime } from '../../../sdk/core/engines/onnxruntime-package.ts';
import { caffeToOnnx } from './caffe/caffe.ts';
import { readCaffe } from './caffe/network.ts';
import { readWeights } from './caffe/weights.ts';
import { type Family, runPython } from './environments.ts';
import { caffe, inPython, type Runner, traced } from './run.ts';

/** A network in the framework that it comes from. */
export interface Source {
  /** `Keras model`. */
  readonly title: string;
  readonly isOnnx: boolean;
  /** Without a folder or an ending: of it the names of what is made are formed. */
  readonly name: string;
  /** Of an ONNX file: weights in files beside it. */
  readonly weights: readonly ExternalWeights[];
  /** The network as ONNX. @throws InputError with what the converter says. */
  toOnnx(path: string): Promise<Uint8Array>;
  /** Runs it in its own framework. @param outputs Their names in ONNX, in order. */
  runner(outputs: readonly string[]): Runner;
}

export interface SourceOptions {
  /** Of its input, where it is open: width, height. */
  readonly size?: readonly [number, number] | undefined;
  /** The caffemodel of a prototxt, where it has another name. */
  readonly weights?: string | undefined;
}

/** By the title that `foreignFormat` gives: what converts it, and what the script calls it. */
const inFamilies: Readonly<Record<string, readonly [family: Family, kind: string]>> = {
  'TFLite model': ['tensorflow', 'tflite'],
  'Keras model': ['tensorflow', 'keras'],
  'Keras model in HDF5': ['tensorflow', 'keras'],
  'TensorFlow SavedModel': ['tensorflow', 'saved_model'],
  'TensorFlow.js model': ['tensorflow', 'tfjs'],
  'PyTorch exported program': ['torch', 'exported'],
  'TorchScript archive': ['torch', 'torchscript'],
};

/** @throws InputError when it is no file of a framework that is read, or a part of it is missing. */
export async function openSource(path: string, options: SourceOptions): Promise<Source> {
  const about = await stat(path).catch((error) => {
    throw new InputError(`the model ${path} cannot be read: ${messageOf(error)}`);
  });
  if (about.isDirectory()) {
    const format = await foreignFolder(path);
    if (!format) throw new InputError(`${path}: expected the file of a model, or the folder of a SavedModel`);
    return foreign(path, format.title, format.advice, options);
  }
  const bytes = await readFile(path);
  const format = foreignFormat(bytes);
  const name = basename(path, extname(path));
  if (!format) {
    readNetwork(bytes, path);
    const weights = await readExternal(bytes, path, path);
    return {
      title: 'ONNX network',
      isOnnx: true,
      name,
      weights,
      toOnnx: async () => bytes,
      runner: () => traced(bytes, weights, installedOnnxruntime()),
    };
  }
  if (format.title.startsWith('Caffe')) return caffeSource(path, options);
  if (isCutZip(bytes)) {
    throw new InputError(
      `${path}: expected a file of PyTorch or Keras, got ${bytes.length} bytes of a zip archive that is cut off: its list of contents, which is at its end, is missing. Fetch or save it again`,
    );
  }
  return foreign(path, format.title, format.advice, options);
}

/** What a zip archive's list of contents ends with, and how far from the end of the file that may begin: a comment follows. */
const zipEnd = Buffer.from('PK\x05\x06', 'latin1');
const mostZipEnd = 22 + 0xffff;

function isCutZip(bytes: Uint8Array): boolean {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (
    file.subarray(0, 4).toString('latin1') === 'PK\x03\x04' &&
    file.lastIndexOf(zipEnd) < Math.max(0, file.length - mostZipEnd)
  );
}

function foreign(path: string, title: string, advice: string, { size }: SourceOptions): Source {
  const found = inFamilies[title];
  if (!found) throw new InputError(`${path} is ${withArticle(title)}, which is not read here: ${advice}`);
  const [family, kind] = found;
  const job = { source: path, kind, size };
  return {
    title,
    isOnnx: false,
    name: basename(path, extname(path)),
    weights: [],
    async toOnnx(out) {
      // Whoever asked writes it once all of it is there.
      const folder = await mkdtemp(join(dirname(out), '.port-'));
      try {
        const made = join(folder, basename(out));
        await runPython(family, { ...job, task: 'convert', onnx: made }, path);
        return await readFile(made);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
    runner: (outputs) => inPython(family, job, outputs, path),
  };
}

/** A prototxt and a caffemodel; either names the other, where they are called alike. */
async function caffeSource(path: string, { weights }: SourceOptions): Promise<Source> {
  const own = join(path, '..', basename(path, extname(path)));
  const isText = !(await readFile(path)).includes(0);
  const description = isText ? path : `${own}.prototxt`;
  const model = weights ?? (isText ? `${own}.caffemodel` : path);
  const read = (file: string, what: string) =>
    readFile(file).catch((error) => {
      throw new InputError(
        `${what} ${file} of ${path} cannot be read: ${messageOf(error)}; --weights names the caffemodel of a prototxt`,
      );
    });
  const text = (await read(description, 'the description')).toString('utf8');
  const network = readCaffe(text, readWeights(await read(model, 'the weights'), model), description);
  if (network.inputs.length !== 1) {
    throw new InputError(
      `${description}: expected one input, a picture, got ${network.inputs.map(({ name }) => name).join(', ')}`,
    );
  }
  return {
    title: 'Caffe network',
    isOnnx: false,
    name: basename(own),
    weights: [],
    toOnnx: async () => caffeToOnnx(network, description),
    runner: () => caffe(network, description),
  };
}
