import { InputError, messageOf } from '../../base/errors.ts';
import type { ModelCard } from '../cards/card.ts';
import type { ModelFile } from '../cards/model-file.ts';
import type { Calibration } from '../compiler/calibrate.ts';
import { Compilation } from '../compiler/compile.ts';
import { cardOf } from '../compiler/compile-model.ts';
import { type QdqForm, quantisedOnnx } from '../compiler/qdq.ts';
import { type Recipe, standardRecipe } from '../compiler/recipe.ts';
import { readOnnxGraph } from '../onnx/graph.ts';
import { quantisationOf } from '../onnx/summary.ts';
import type { Program } from '../program/program.ts';
import { type Agreement, Reference } from './agreement.ts';
import { type LayerError, layerErrors } from './layer-errors.ts';
import { openOnnx, openProgram } from './networks.ts';
import {
  type LabelledPixels,
  type Labels,
  numbersOf,
  type PictureShares,
  type Pixels,
  shareLabelled,
  shareOut,
} from './pictures.ts';
import { enoughObjects, RecipeSearch, type TriedRecipe } from './search.ts';

export interface QuantiseOptions {
  /** Gives the pictures, as `PixelMaker` prepares them for the network; at least 8. Asked once it is known that the network can be compiled. */
  readonly pictures: (card: ModelCard) => readonly Pixels[] | Promise<readonly Pixels[]>;
  /**
   * Pictures with labels, at least 8, others than `pictures`: recipes are then compared by accuracy, on every second one, and what was
   * chosen is reported on the others. All of `pictures` then serve for ranges.
   */
  readonly labelled?: (card: ModelCard) => readonly LabelledPixels[] | Promise<readonly LabelledPixels[]>;
  /** They are frames of a camera, in their order: those that follow each other are alike. */
  readonly isCamera?: boolean;
  /** Of a weight. Default 8. */
  readonly weightBits?: Recipe['weightBits'];
  /** Told what is being done, and how many steps of it are left. */
  readonly told?: (what: string, left: number) => void;
}

/** The network as an ONNX file of 8 bits. */
export interface WrittenQdq extends Agreement {
  readonly form: QdqForm;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface QuantisedModel {
  /** The network's own. */
  readonly card: ModelCard;
  readonly program: Program;
  /** Undefined where it could not be written, for this reason. */
  readonly qdq: WrittenQdq | undefined;
  readonly qdqFault: string | undefined;
  readonly recipe: Recipe;
  readonly tried: readonly TriedRecipe[];
  readonly layers: readonly LayerError[];
  /** On pictures that nothing was measured or chosen on. */
  readonly reported: Agreement;
  /** The float network's accuracy on the same, by their labels. */
  readonly floatAccuracy: number | undefined;
  readonly pictures: Readonly<Record<keyof PictureShares, number>>;
}

/**
 * Brings a float network to 8 bits: measures the ranges of its numbers, tries recipes on other pictures, and tells on others again how
 * far what was chosen is from the float network.
 *
 * @throws InputError when the network is quantised already, has something the compiler lacks (it names the node), does not fit its
 *   card, or there are too few pictures.
 */
export async function quantiseModel(file: ModelFile, options: QuantiseOptions): Promise<QuantisedModel> {
  assertFloat(file);
  const card = await cardOf(file);
  const { width, height, layout, mean, std } = card.input;
  if (card.input.channels === 'GRAY') {
    throw new InputError(
      `model ${file.name}: ways to 8 bits are compared on pictures of three colours, and its card says GRAY: \`ocellus compile\` with --calibrate compiles it`,
    );
  }
  try {
    const compilation = await Compilation.open(file, { width, height, layout, mean, std });
    const shares = await sharesOf(card, options);
    return await new Quantising(file, card, compilation, shares, options).run();
  } catch (error) {
    if (error instanceof InputError) throw new InputError(`model ${file.name}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** @throws InputError when it is a program, or quantised already. */
function assertFloat({ form, bytes, name }: ModelFile): void {
  if (form !== 'network')
    throw new InputError(`the model ${name} is compiled already: expected its network, an .onnx file`);
  const graph = readOnnxGraph(bytes);
  const found = graph && quantisationOf(graph);
  if (!found) return;
  throw new InputError(
    `the model ${name} is quantised already (${found}): expected a float network; \`ocellus compile\` makes a program of it as it is`,
  );
}

async function sharesOf(card: ModelCard, { pictures, labelled, isCamera = false }: QuantiseOptions): Promise<Shares> {
  if (!labelled) return shareOut(await pictures(card), isCamera);
  const [compared, reported] = shareLabelled(await labelled(card));
  const measured = await pictures(card);
  if (measured.length === 0) throw new InputError('expected pictures to measure ranges on, got none');
  const [pixels, labels] = [
    ({ pixels: one }: LabelledPixels) => one,
    ({ labels: own }: LabelledPixels) => own,
  ] as const;
  return {
    ...{ measured, compared: compared.map(pixels), reported: reported.map(pixels) },
    labels: { compared: compared.map(labels), reported: reported.map(labels) },
  };
}

interface Shares extends PictureShares {
  readonly labels?: Readonly<Record<'compared' | 'reported', readonly Labels[]>>;
}

/** One model on its way. */
class Quantising {
  readonly #file: ModelFile;
  readonly #card: ModelCard;
  readonly #compilation: Compilation;
  readonly #shares: Shares;
  readonly #options: QuantiseOptions;

  constructor(file: ModelFile, card: ModelCard, compilation: Compilation, shares: Shares, options: QuantiseOptions) {
    this.#file = file;
    this.#card = card;
    this.#compilation = compilation;
    this.#shares = shares;
    this.#options = options;
  }

  async run(): Promise<QuantisedModel> {
    const { measured, compared, reported } = this.#shares;
    const { weightBits = 8, told = () => {} } = this.#options;
    const compilation = this.#compilation;
    const [comparing, reporting] = await this.#references();
    const calibration = await this.#calibrate();
    const search = new RecipeSearch(compilation, calibration, comparing, compared);
    const found = await search.find(weightBits, (left) => told('recipes', left));
    const { recipe } = found.best;
    const layers = await layerErrors(compilation, calibration, recipe, compared);
    const program = compilation.program(calibration, recipe);
    const network = openProgram(program);
    const agreement = await reporting.compare(network).finally(() => network.close());
    const { qdq, qdqFault } = await this.#qdq(calibration, found.best, comparing, reporting);
    const pictures = { measured: measured.length, compared: compared.length, reported: reported.length };
    return {
      card: this.#card,
      program,
      qdq,
      qdqFault,
      recipe,
      tried: found.tried,
      layers,
      reported: agreement,
      floatAccuracy: reporting.accuracy,
      pictures,
    };
  }

  async #references(): Promise<[Reference, Reference]> {
    const { bytes, weights } = this.#file;
    const network = await openOnnx(bytes, this.#card, weights);
    try {
      const { compared, reported, labels } = this.#shares;
      return [
        await Reference.of(this.#card, network, compared, labels?.compared),
        await Reference.of(this.#card, network, reported, labels?.reported),
      ];
    } finally {
      await network.close();
    }
  }

  #calibrate(): Promise<Calibration> {
    const { measured } = this.#shares;
    const { told = () => {} } = this.#options;
    const card = this.#card;
    let left = 2 * measured.length;
    return this.#compilation.calibrate(function* () {
      for (const pixels of measured) {
        yield numbersOf(pixels, card);
        told('ranges', --left);
      }
    }, true);
  }

  /** In integers where that agrees as well as the program does, else with the program's scales. */
  async #qdq(calibration: Calibration, best: TriedRecipe, comparing: Reference, reporting: Reference) {
    const forms: { form: QdqForm; recipe: Recipe }[] = [
      // Products of 8 and 7 bits cannot overflow the 16-bit sums of processors without VNNI.
      { form: 'per_tensor', recipe: { ...standardRecipe, range: 'least_squares', share: 0, weightBits: 7 } },
      { form: 'per_channel', recipe: best.recipe },
    ];
    let fault = 'no form of it agrees with the float network';
    for (const { form, recipe } of forms) {
      try {
        const compilation = this.#compilation;
        const network = compilation.bridged(recipe.floats);
        const quantisation = compilation.quantisation(calibration, recipe);
        const bytes = quantisedOnnx(network, quantisation, form);
        const running = await openOnnx(bytes, cardOfQdq(this.#card));
        try {
          if (!isAsGood(await comparing.compare(running), best, form)) continue;
          return { qdq: { form, bytes, ...(await reporting.compare(running)) }, qdqFault: undefined };
        } finally {
          await running.close();
        }
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        fault = messageOf(error);
      }
    }
    return { qdq: undefined, qdqFault: fault };
  }
}

/** How much less than the program the ONNX file may be accurate, or agree where that is an average precision. */
const tolerated = 0.02;
/** And where it is a cosine, which varies little with the pictures: 0.98 is an error of a fifth. */
const toleratedCosine = 0.003;
/** How much further than the program's its numbers may be from the float network's, where it agrees less: that is chance then. */
const closeBy = { per_tensor: 1.05, per_channel: 1.5 } as const satisfies Record<QdqForm, number>;

/**
 * Is the ONNX file as good as the program? Of few pictures the agreement alone says too little. A file with the program's own scales has
 * the program's numbers but for the rounding of sums: that it is written as it should be is all that is asked of it.
 */
export function isAsGood(file: Agreement, program: Agreement, form: QdqForm = 'per_tensor'): boolean {
  if (file.error <= program.error * closeBy[form]) return true;
  const { accuracy, objects } = program;
  const agrees = file.agreement >= program.agreement - tolerated;
  if (accuracy !== undefined) return file.accuracy! >= accuracy - tolerated && agrees;
  if (objects !== undefined) return objects >= enoughObjects && agrees;
  return form === 'per_channel' ? agrees : file.agreement >= program.agreement - toleratedCosine;
}

/** A card for the ONNX file: it takes the picture in bytes. */
export function cardOfQdq<T extends ModelCard>(card: T): T {
  return { ...card, input: { ...card.input, type: 'uint8', layout: 'NCHW', mean: [0, 0, 0], std: [1, 1, 1] } };
}
