import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tensor as OrtTensor } from 'onnxruntime-node';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import { Tracer } from '../../../sdk/core/compiler/network/trace.ts';
import { pictureInput } from '../../../sdk/core/engines/binding.ts';
import type { Engine, ExternalWeights } from '../../../sdk/core/engines/engine.ts';
import { NativeEngine } from '../../../sdk/core/engines/native.ts';
import { OnnxRuntimeEngine } from '../../../sdk/core/engines/onnxruntime.ts';
import { pictureTensor } from '../../../sdk/core/engines/picture-tensor.ts';
import { readOnnxGraph } from '../../../sdk/core/onnx/graph.ts';
import { runCaffe } from './caffe/caffe.ts';
import type { CaffeNetwork } from './caffe/network.ts';
import type { Tensors } from './compare.ts';
import { type Family, type Job, runPython } from './environments.ts';
import { type PortTensor, readTensorFile, writeTensorFile } from './tensors.ts';

/** What a network gave for each picture. */
export interface Run {
  /** What ran it, with its version. */
  readonly title: string;
  readonly outputs: readonly Tensors[];
  /** The tensors between its layers for one picture, in the order in which they are computed; empty where it has none. */
  readonly layers: Tensors;
}

/** Runs a network on pictures. @param layersOf The picture whose layers are wanted. */
export type Runner = (pictures: readonly PortTensor[], layersOf?: number) => Promise<Run>;

/** @throws InputError with what onnxruntime says of a network that it reads and cannot compute. */
const computed = <T>(title: string, results: Promise<T>): Promise<T> =>
  results.catch((error) => {
    throw error instanceof InputError ? error : new InputError(`${title}, cannot compute it: ${messageOf(error)}`);
  });

/** The types of numbers that are compared. */
const isCompared = (type: string) => /^(float32|int8|uint8|int32|int64|bool)$/.test(type);

const tensorOf = (tensor: OrtTensor): PortTensor => ({
  shape: tensor.dims,
  data: Float32Array.from(tensor.data as ArrayLike<number | bigint>, Number),
});

/** An ONNX network node by node, as its file has them: nothing is joined, and every tensor can be looked at. */
export function traced(bytes: Uint8Array, weights: readonly ExternalWeights[], version: string): Runner {
  return async (pictures, layersOf) => {
    const title = `onnxruntime ${version}, node by node`;
    const graph = readOnnxGraph(bytes)!;
    const names = graph.nodes.filter(({ isNested }) => !isNested).flatMap(({ outputs }) => outputs);
    const inner = layersOf === undefined ? [] : names.filter((name) => name !== '' && !graph.outputs.includes(name));
    const tracer = await Tracer.open(bytes, weights, []).catch((error) => {
      throw new InputError(`${title}, cannot load it: ${messageOf(error)}`);
    });
    const outputs: Tensors[] = [];
    let layers: Tensors = new Map();
    const { name, type } = pictureInput(tracer.inputs)!;
    const fed = ({ data, shape }: PortTensor) => ({ [name]: pictureTensor(type, data, shape) });
    try {
      for (const picture of pictures) {
        outputs.push(tensorsOf(await computed(title, tracer.run(fed(picture))), graph.outputs));
      }
    } finally {
      await tracer.close();
    }
    if (layersOf !== undefined) {
      const looking = await Tracer.open(bytes, weights, inner);
      try {
        layers = tensorsOf(await looking.run(fed(pictures[layersOf]!)), names);
      } finally {
        await looking.close();
      }
    }
    return { title, outputs, layers };
  };
}

function tensorsOf(found: ReadonlyMap<string, OrtTensor>, names: readonly string[]): Tensors {
  const tensors = new Map<string, PortTensor>();
  for (const name of names) {
    const tensor = found.get(name);
    if (tensor && isCompared(tensor.type)) tensors.set(name, tensorOf(tensor));
  }
  return tensors;
}

/** Through an engine of ours, as cameras run it. @param type What it takes. */
function throughEngine(
  make: () => Engine,
  title: string,
  bytes: Uint8Array,
  weights: readonly ExternalWeights[],
): Runner {
  return async (pictures) => {
    const engine = make();
    try {
      await engine.load(bytes, { threads: 1, weights });
      const { name, type } = pictureInput(engine.inputs)!;
      if (type !== 'float32' && type !== 'uint8') {
        throw new InputError(`the input ${name}: expected float32 or uint8, got ${type}`);
      }
      const buffer = engine.bind(name, type, pictures[0]!.shape);
      const outputs: Tensors[] = [];
      for (const { data } of pictures) {
        buffer.set(data);
        const found = await computed(title, engine.run());
        const copies = [...found].map(([output, { data: numbers, shape }]): [string, PortTensor] => [
          output,
          { shape: [...shape], data: Float32Array.from(numbers as ArrayLike<number | bigint>, Number) },
        ]);
        outputs.push(new Map(copies));
      }
      return { title, outputs, layers: new Map() };
    } finally {
      await engine.close();
    }
  };
}

/** onnxruntime with all its optimisations; its layers, which the optimisations join, node by node. */
export function optimised(bytes: Uint8Array, weights: readonly ExternalWeights[], version: string): Runner {
  const title = `onnxruntime ${version}, optimised as cameras run it`;
  const run = throughEngine(() => new OnnxRuntimeEngine(), title, bytes, weights);
  const layersOf = traced(bytes, weights, version);
  return async (pictures, wanted) => {
    const { layers } = wanted === undefined ? none : await layersOf([pictures[wanted]!], 0);
    return { ...(await run(pictures)), layers };
  };
}

const none = { layers: new Map() } as const;

/** A compiled program. Pictures are bytes. */
export const compiled = (bytes: Uint8Array): Runner =>
  throughEngine(() => new NativeEngine(), 'the native engine', bytes, []);

/** A Caffe network in the loops of this house. */
export function caffe(network: CaffeNetwork, what: string): Runner {
  return async (pictures, layersOf) => {
    const [input] = network.inputs;
    const outputs: Tensors[] = [];
    let layers: Tensors = new Map();
    for (const [i, { data }] of pictures.entries()) {
      const all = runCaffe(network, new Map([[input!.name, data]]), what);
      outputs.push(new Map(network.outputs.map((name) => [name, all.get(name)!])));
      if (i === layersOf) layers = new Map([...all].filter(([name]) => name !== input!.name));
    }
    return { title: 'Caffe’s layers in plain loops', outputs, layers };
  };
}

/** A network in a framework of Python. @param outputs Their names, in the order of the network's own. */
export function inPython(family: Family, job: Omit<Job, 'task'>, outputs: readonly string[], what: string): Runner {
  return async (pictures, layersOf) => {
    const folder = await mkdtemp(join(tmpdir(), 'ocellus-port-'));
    try {
      const [inputs, results] = [join(folder, 'inputs'), join(folder, 'results')];
      const tensors = new Map(pictures.map((picture, i): [string, PortTensor] => [`${i}`, picture]));
      await writeTensorFile(inputs, { metadata: {}, tensors });
      const told = { ...job, task: 'run', inputs, results, outputs, layers_of: layersOf } as const;
      const { title } = await runPython(family, told, what);
      const found = await readTensorFile(results);
      const of = (i: number, role: string) => {
        const start = `${i}/${role}/`;
        const own = [...found.tensors].filter(([name]) => name.startsWith(start));
        return new Map(own.map(([name, tensor]) => [name.slice(start.length), tensor]));
      };
      return {
        title: String(title),
        outputs: pictures.map((_, i) => of(i, 'output')),
        layers: layersOf === undefined ? new Map() : of(layersOf, 'layer'),
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
}
