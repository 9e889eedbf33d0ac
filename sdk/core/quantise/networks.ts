import { kernels } from '../../kernels/kernels.ts';
import type { ModelCard } from '../cards/card.ts';
import { pictureInput } from '../engines/binding.ts';
import type { ExternalWeights, Tensor } from '../engines/engine.ts';
import { OnnxRuntimeEngine } from '../engines/onnxruntime.ts';
import { writeProgram } from '../program/format.ts';
import type { Program } from '../program/program.ts';
import { Interpreter } from '../program/reference.ts';
import { numbersOf, type Pixels } from './pictures.ts';

/** What a network gives, by the name of its output. */
export type Outputs = ReadonlyMap<string, Tensor>;

/** A network that runs on pictures. What it gives is valid until the next run. */
export interface RunningNetwork {
  run(pixels: Pixels): Promise<Outputs>;
  close(): Promise<void>;
}

/** A network in onnxruntime, with its default options. */
export async function openOnnx(
  bytes: Uint8Array,
  card: ModelCard,
  weights: readonly ExternalWeights[] = [],
): Promise<RunningNetwork> {
  const engine = new OnnxRuntimeEngine();
  await engine.load(bytes, { threads: 1, weights });
  const { input } = card;
  const { name = pictureInput(engine.inputs)?.name ?? '', type, layout, width, height } = input;
  const sides = layout === 'NCHW' ? [1, 3, height, width] : [1, height, width, 3];
  const numbers = engine.bind(name, type, sides);
  return {
    run(pixels) {
      numbers.set(numbersOf(pixels, card));
      return engine.run();
    },
    close: () => engine.close(),
  };
}

/** A program in the native kernels, or where there are none step by step, which takes a thousand times as long. */
export function openProgram(program: Program): RunningNetwork {
  const { programs } = kernels;
  if (!programs) return interpreted(program);
  const loaded = programs.load(writeProgram(program), 'the program', 1);
  const outputs = new Map(loaded.outputs.map(({ name, dims, data }) => [name, { data, shape: dims }] as const));
  return {
    async run(pixels) {
      loaded.run([pixels]);
      return outputs;
    },
    close: async () => loaded.close(),
  };
}

function interpreted(program: Program): RunningNetwork {
  const interpreter = new Interpreter(program);
  const [input] = program.tensors;
  return {
    async run(pixels) {
      interpreter.input(input!.name).set(pixels);
      interpreter.run();
      const given = program.tensors.filter(({ direction }) => direction === 'output');
      return new Map(given.map(({ name, shape }) => [name, { data: interpreter.output(name), shape }]));
    },
    close: async () => {},
  };
}

/** Copies: what a network gives next does not change them. */
export function copied(outputs: Outputs): Outputs {
  return new Map([...outputs].map(([name, { data, shape }]) => [name, { data: data.slice(), shape }]));
}
