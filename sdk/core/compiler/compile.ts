import { InputError } from '../../base/errors.ts';
import type { Program } from '../program/program.ts';
import { type Calibration, type CalibrationPictures, calibrate, uncalibrated } from './calibrate.ts';
import { elementsOf } from './elements.ts';
import { bridge, canBeFloat, keepFloats, lowerFloats } from './floats.ts';
import { fuse, fuseBytes } from './fuse.ts';
import { type KnownGraph, readKnownGraph, type Source } from './network/graph.ts';
import { inputLayer, Lowering, type Normalisation } from './network/lowering.ts';
import type { Layer, Measured, Network } from './network/network.ts';
import { pictureView } from './network/view.ts';
import { operators } from './operators/operators.ts';
import { copyCrops, plan } from './plan.ts';
import { isReadByChannel, needsRanges, Quantisation } from './quantise.ts';
import { rangesKey } from './ranges.ts';
import { type Recipe, standardRecipe } from './recipe.ts';

export interface NetworkInput extends Normalisation {
  /** Of the network's input. */
  readonly width: number;
  readonly height: number;
  /** 3 colours, or 1 of grey. Default 3. */
  readonly channels?: 1 | 3;
}

export interface CompileOptions extends NetworkInput {
  /**
   * Pictures as the network takes them, to measure the ranges of its numbers on; a network that is quantised already needs
   * none.
   */
  readonly pictures?: CalibrationPictures;
}

/**
 * Compiles a network into a program. Its input is the picture in bytes, its outputs are the network's own.
 *
 * @throws InputError when the file is no network, has something the compiler lacks (it names the node), or needs pictures.
 */
export async function compile(source: Source, { pictures, ...input }: CompileOptions): Promise<Program> {
  const compilation = await Compilation.open(source, input);
  return compilation.program(await compilation.calibrate(pictures));
}

/** A program that also gives what each layer computes. */
export interface Probe {
  readonly program: Program;
  /** What it was made of, with these outputs. */
  readonly network: Network;
  /** In their order. */
  readonly layers: readonly ProbedLayer[];
}

export interface ProbedLayer {
  readonly layer: Layer;
  /** The program's output that has its numbers: [1, channels, height, width]. */
  readonly output: string;
}

/** A network on its way to programs: measured once, compiled by as many recipes as one likes. */
export class Compilation {
  readonly graph: KnownGraph;
  readonly #source: Source;
  readonly #input: NetworkInput;
  /** Layers whose ranges have to be measured, and among them those whose channels each keep to themselves. */
  readonly #measured: readonly Layer[];
  readonly #byChannel: ReadonlySet<string>;
  readonly #network: Network;
  readonly #quantisations = new WeakMap<Calibration, Map<Recipe, Quantisation>>();

  private constructor(source: Source, graph: KnownGraph, input: NetworkInput) {
    this.#source = source;
    this.graph = graph;
    this.#input = input;
    const network = this.bridged();
    const elements = elementsOf(network);
    this.#network = network;
    this.#measured = network.layers.filter((layer) => needsRanges(layer, elements.get(layer)));
    const alone = this.#measured.filter((layer) => isReadByChannel(layer, network));
    this.#byChannel = new Set(measuredOf(alone).map(rangesKey));
  }

  /** @throws InputError when the file is no network, or has something the compiler lacks: it names the node. */
  static async open(source: Source, input: NetworkInput): Promise<Compilation> {
    const { width, height, layout, channels = 3 } = input;
    const shape = layout === 'NCHW' ? [1, channels, height, width] : [1, height, width, channels];
    return new Compilation(source, await readKnownGraph(source, shape), input);
  }

  /** Of its input. */
  get width(): number {
    return this.#input.width;
  }

  get height(): number {
    return this.#input.height;
  }

  /** Does its file say the range of its numbers? Else pictures have to. */
  get isQuantised(): boolean {
    return this.#measured.length === 0;
  }

  /** Its layers, joined as steps will be; made anew each time. @param floats Names of layers that stay floats. */
  network(floats: ReadonlySet<string> = new Set()): Network {
    const network = this.#fused();
    keepFloats(network, floats);
    lowerFloats(network);
    fuseBytes(network);
    copyCrops(network);
    return network;
  }

  /** Names of the layers that a recipe may keep in floats; of each, those of them whose numbers it reads. */
  floatable(): ReadonlyMap<string, readonly string[]> {
    // As `keepFloats` sees them: among the layers of bytes are convolutions that were none in the file, such as factors.
    const layers = this.#fused().layers.filter(canBeFloat);
    return new Map(layers.map(({ name, input }) => [name, canBeFloat(input.layer) ? [input.layer.name] : []] as const));
  }

  #fused(): Network {
    const network = new Lowering(this.graph).lower(inputLayer(this.graph, this.#input), operators);
    fuse(network);
    return network;
  }

  /** The same, with the ways between bytes and floats. */
  bridged(floats?: ReadonlySet<string>): Network {
    const network = this.network(floats);
    bridge(network);
    return network;
  }

  /**
   * Looks at what the network computes of pictures.
   *
   * @param forAll Also what other recipes than the standard one need.
   * @throws InputError when there are no pictures, and it needs some.
   */
  async calibrate(pictures: CalibrationPictures | undefined, forAll = false): Promise<Calibration> {
    if (this.isQuantised) return uncalibrated;
    if (!pictures) {
      throw new InputError(
        `the network does not say the range of its numbers (after ${this.#measured[0]!.name}): give a folder of pictures to measure it on (--calibrate)`,
      );
    }
    const ranges = measuredOf(this.#measured);
    const wanted = {
      ranges,
      histograms: forAll ? ranges : ranges.filter((one) => this.#byChannel.has(rangesKey(one))),
      convolutions: this.#network.layers.filter((layer) => layer.kind === 'conv'),
    };
    return calibrate(this.#source, this.graph, wanted, pictures);
  }

  /** The same one each time, so that nothing of it is computed twice. */
  quantisation(calibration: Calibration, recipe: Recipe = standardRecipe): Quantisation {
    const known = this.#quantisations.get(calibration) ?? new Map<Recipe, Quantisation>();
    this.#quantisations.set(calibration, known);
    const quantisation = known.get(recipe) ?? new Quantisation(calibration, this.#byChannel, recipe);
    known.set(recipe, quantisation);
    return quantisation;
  }

  program(calibration: Calibration, recipe: Recipe = standardRecipe): Program {
    const network = this.bridged(recipe.floats);
    return plan(network, this.quantisation(calibration, recipe));
  }

  /** The same program with an output more for each layer. */
  probe(calibration: Calibration, recipe: Recipe = standardRecipe): Probe {
    const network = this.network(recipe.floats);
    const layers = network.layers
      .filter(({ kind }) => !['input', 'constant', 'concat'].includes(kind))
      .map((layer, i) => ({ layer, output: `layer ${i}` }));
    for (const { layer, output } of layers) network.outputs.push({ name: output, view: pictureView(layer) });
    bridge(network);
    return { program: plan(network, this.quantisation(calibration, recipe)), network, layers };
  }
}

const measuredOf = (layers: readonly Layer[]): Measured[] =>
  layers.flatMap(({ measured }) => (measured ? [measured] : []));
