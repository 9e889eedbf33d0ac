import type { Calibration } from '../compiler/calibrate.ts';
import type { Compilation } from '../compiler/compile.ts';
import { elementsOf } from '../compiler/elements.ts';
import type { Layer } from '../compiler/network/network.ts';
import { Tracer } from '../compiler/network/trace.ts';
import { layersAloneOnnx } from '../compiler/qdq.ts';
import type { Recipe } from '../compiler/recipe.ts';
import { pictureTensor } from '../engines/picture-tensor.ts';
import { ErrorSum } from './agreement.ts';
import { openProgram } from './networks.ts';
import type { Pixels } from './pictures.ts';

/** How far numbers are from those of the float network. */
export interface NumbersError {
  /** Signal to noise, decibels. */
  readonly decibels: number;
  /** Root of the mean squared error, as a part of the numbers' deviation. */
  readonly relative: number;
}

/** What 8 bits cost in one layer. */
export interface LayerError {
  /** The node of the network. */
  readonly name: string;
  readonly operator: string;
  /** Channels, height, width. */
  readonly shape: readonly number[];
  /** Millions. */
  readonly multiplyAdds: number;
  /** Of this layer alone, which is given exact numbers. */
  readonly own: NumbersError;
  /** With that of all layers before it, as the program computes it. */
  readonly accumulated: NumbersError;
  /** How it is computed: its numbers are bytes, or floats. */
  readonly heldIn: 'bytes' | 'floats';
  /** Could it be computed in floats? */
  readonly canBeFloat: boolean;
}

/** Pictures that are looked at: each gives all numbers of all layers. */
const pictures = 4;

/** Compares each layer of a program with the float network. */
export async function layerErrors(
  compilation: Compilation,
  calibration: Calibration,
  recipe: Recipe,
  pixels: readonly Pixels[],
): Promise<LayerError[]> {
  const { program, network, layers } = compilation.probe(calibration, recipe);
  const elements = elementsOf(network);
  const floatable = compilation.floatable();
  const alone = new Map(layers.map(({ layer, output }) => [layer, `${output} alone`]));
  const bytes = layersAloneOnnx(network, compilation.quantisation(calibration, recipe), alone);
  const tracer = await Tracer.open(bytes, [], []);
  const running = openProgram(program);
  const sums = layers.map(() => ({ own: new ErrorSum(), accumulated: new ErrorSum() }));
  try {
    const { graph, width, height } = compilation;
    for (const picture of pixels.slice(0, pictures)) {
      const tensor = pictureTensor('uint8', channelsFirst(picture), [1, 3, height, width]);
      const wanted = await tracer.run({ [graph.input.name]: tensor });
      const got = await running.run(picture);
      layers.forEach(({ output }, i) => {
        const exact = wanted.get(output)!.data as Float32Array;
        sums[i]!.own.add(wanted.get(`${output} alone`)!.data as Float32Array, exact);
        sums[i]!.accumulated.add(got.get(output)!.data as Float32Array, exact);
      });
    }
  } finally {
    await running.close();
    await tracer.close();
  }
  return layers.map(({ layer }, i) => ({
    name: layer.name,
    operator: operatorOf(layer),
    shape: [layer.c, layer.h, layer.w],
    multiplyAdds: multiplyAddsOf(layer) / 1e6,
    own: errorOf(sums[i]!.own),
    accumulated: errorOf(sums[i]!.accumulated),
    heldIn: elements.get(layer) === 'uint8' ? 'bytes' : 'floats',
    canBeFloat: floatable.has(layer.name),
  }));
}

const errorOf = ({ decibels, relative }: ErrorSum): NumbersError => ({ decibels, relative });

function channelsFirst(pixels: Pixels): Uint8Array {
  const area = pixels.length / 3;
  return Uint8Array.from({ length: pixels.length }, (_, i) => pixels[(i % area) * 3 + Math.floor(i / area)]!);
}

function multiplyAddsOf(layer: Layer): number {
  if (layer.kind === 'conv') return layer.h * layer.w * layer.weights.length;
  if (layer.kind !== 'conv_float') return 0;
  const { kernel, isDepthwise, input } = layer;
  return layer.h * layer.w * layer.c * kernel[0] * kernel[1] * (isDepthwise ? 1 : input.c.size);
}

/** In words: `depthwise 3x3 silu`. */
function operatorOf(layer: Layer): string {
  if (layer.kind === 'conv_float') return `${layer.isDepthwise ? 'depthwise' : 'conv'} ${layer.kernel.join('x')}`;
  if (layer.kind !== 'conv') return layer.kind;
  const { isDepthwise, kernel, activation, residual } = layer;
  const ends = [activation.kind === 'none' ? '' : activation.kind, residual ? 'add' : ''];
  return [isDepthwise ? 'depthwise' : 'conv', kernel.join('x'), ...ends].filter((one) => one !== '').join(' ');
}
