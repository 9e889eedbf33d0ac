import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { InputError, messageOf } from '../base/errors.ts';
import { validate } from '../config/validate.ts';
import { hasOpenCv, prepareOpenCvThread } from '../opencv-bindings/load.ts';
import { ModelCard } from './cards/card.ts';
import { type ForeignFormat, foreignFolder, foreignFormat, withArticle } from './cards/file-format.ts';
import { labelsBeside } from './cards/labels-file.ts';
import {
  type FoundModel,
  findModel,
  hasForm,
  type ModelFile,
  networkEnding,
  readDescription,
  readForm,
  readWeights,
} from './cards/model-file.ts';
import { type NetworkFacts, readNetwork } from './cards/network.ts';
import { assertFineScores } from './cards/output-tail.ts';
import { type Given, type Recognition, recognise } from './cards/recognise.ts';
import { settled } from './cards/settled.ts';
import { metadataOf, recogniseUltralytics, ultralyticsClassifierCard } from './cards/ultralytics-card.ts';
import { readKnownGraph } from './compiler/network/graph.ts';
import { inputLayer, Lowering } from './compiler/network/lowering.ts';
import { operators } from './compiler/operators/operators.ts';
import { CoreThread } from './core-thread.ts';
import type { ExternalWeights, TensorInfo } from './engines/engine.ts';
import { fitCard, sendModel } from './load.ts';
import type { RunningEngine } from './messages.ts';
import { readOnnxMetadata } from './onnx/metadata.ts';
import { multiplyAddsOf } from './onnx/multiply-adds.ts';
import { quantisationOf, readOnnxOrigin, weightsOf } from './onnx/summary.ts';
import { isProgram, readProgram } from './program/format.ts';
import { totalsOf } from './program/listing.ts';

/** Weights in a file of their own. */
export interface WeightsFile {
  readonly path: string;
  /** Bytes that the network wants of it. */
  readonly bytes: number;
  readonly isThere: boolean;
}

/** What a model file holds. */
export interface ModelContents {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Pictures in one run: a number, or open. */
  readonly batch: number | 'open';
  /** Of ONNX files. */
  readonly irVersion?: number;
  readonly producer?: string;
  readonly opsets?: ReadonlyMap<string, number>;
  readonly metadata?: ReadonlyMap<string, string>;
  /** Numbers of each type among the weights. */
  readonly types?: ReadonlyMap<string, number>;
  readonly parameters?: number;
  readonly weightBytes: number;
  readonly weightFiles: readonly WeightsFile[];
  readonly isHalf: boolean;
  /** `QDQ`, `QOperator`, or `program` for a compiled one; undefined for floats. */
  readonly quantisation?: string | undefined;
  /** Of one picture; undefined where the shapes are not known. */
  readonly multiplyAdds?: number | undefined;
}

/** What an engine says of a model on this machine. */
export interface EngineReport {
  readonly name: RunningEngine;
  readonly runs: boolean;
  /** Why not, or what would have to be done. */
  readonly note: string;
}

/** Where a card is from. */
export type CardSource = 'file' | 'metadata' | 'recognised';

/** What `ocellus models inspect` says of a file. */
export interface Inspection {
  readonly file: string;
  /** `ONNX`, `Ocellus program`, or what else it is. */
  readonly format: string;
  readonly bytes: number;
  readonly contents?: ModelContents | undefined;
  readonly recognition?: Omit<Recognition, 'card'> | undefined;
  /** Complete: what `--model` takes. */
  readonly card?: ModelCard | undefined;
  readonly cardSource?: CardSource | undefined;
  /** Something to begin with, while questions are open. */
  readonly draft?: Recognition['card'] | undefined;
  readonly engines: readonly EngineReport[];
  /** Why it cannot be used. None: it can. */
  readonly problems: readonly string[];
}

/**
 * Says what a file is: its format, what it holds, which decoder reads it and why, and which engines run it here. What
 * makes it unusable is among the `problems`.
 *
 * @param nameOrPath Of any model file, of a card, or the name of a model that ships.
 * @throws InputError when there is no such file, or the given labels do not fit it.
 */
export async function inspectModel(nameOrPath: string, given: Given = {}): Promise<Inspection> {
  const path = resolve(nameOrPath);
  const about = await stat(path).catch(() => undefined);
  if (about?.isDirectory()) return inspectFolder(path, nameOrPath);
  if (about && extname(path) !== '.json') return inspectFile(path, nameOrPath, undefined, given);
  if (about) {
    const bytes = await readFile(path);
    const format = foreignFormat(bytes);
    if (format) return foreign(nameOrPath, bytes.length, format);
  }
  if (isNamed(path)) return inspectFile(path, nameOrPath, undefined, given);
  const found = await findModel(nameOrPath);
  const form = (await hasForm(found, 'network')) ? found.network : (found.program ?? found.network);
  return inspectFile(form!.path, relative(process.cwd(), form!.path), found, given);
}

async function inspectFolder(path: string, name: string): Promise<Inspection> {
  const format = await foreignFolder(path);
  if (!format) throw new InputError(`${name} is a folder: expected the file of a model in it`);
  return foreign(name, 0, format);
}

async function inspectFile(
  path: string,
  name: string,
  known: FoundModel | undefined,
  given: Given,
): Promise<Inspection> {
  const bytes = await readFile(path).catch((error) => {
    throw new InputError(`the model ${name} cannot be read: ${messageOf(error)}`);
  });
  const format = foreignFormat(bytes);
  if (format) return foreign(name, bytes.length, format);
  const problems: string[] = [];
  const found = known ?? (await collect(problems, () => findModel(isNamed(path) ? path : `${path}${networkEnding}`)));
  if (isProgram(bytes)) return inspectProgram(path, name, bytes, found, problems);
  const network = await collect(problems, () => readNetwork(bytes, name));
  if (!network) return { file: name, format: 'unknown', bytes: bytes.length, engines: [], problems };
  if (!known && !isNamed(path))
    problems.push(`its name does not end in ${networkEnding}, by which --model knows it: rename it`);
  return new NetworkInspection(path, name, { bytes, network }, found, problems).inspect(given);
}

const isNamed = (path: string) => path.endsWith(networkEnding) || path.endsWith('.ocp');

/** What is none of the formats that are run here. */
function foreign(file: string, bytes: number, { title, advice }: ForeignFormat): Inspection {
  const problem = `Ocellus takes ONNX files, this is ${withArticle(title)}: ${advice}`;
  return { file, format: title, bytes, engines: [], problems: [problem] };
}

/** What a fault of the model or card is for an inspection: something to say. */
async function collect<T>(problems: string[], work: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    problems.push(error.message);
    return undefined;
  }
}

async function inspectProgram(
  path: string,
  name: string,
  bytes: Buffer<ArrayBuffer>,
  found: FoundModel | undefined,
  problems: string[],
): Promise<Inspection> {
  const program = await collect(problems, () => readProgram(bytes));
  const report = { file: name, format: 'Ocellus program', bytes: bytes.length };
  if (!program) return { ...report, engines: [], problems };
  const { macs, constantBytes } = totalsOf(program);
  const tensors = (direction: string): TensorInfo[] =>
    program.tensors
      .filter((one) => one.direction === direction)
      .map(({ name: tensor, element, shape }) => ({ name: tensor, type: element, shape }));
  const contents: ModelContents = {
    inputs: tensors('input'),
    outputs: tensors('output'),
    batch: 1,
    weightBytes: constantBytes,
    weightFiles: [],
    isHalf: false,
    quantisation: 'program',
    multiplyAdds: macs,
  };
  const card = found?.card;
  const file: ModelFile | undefined =
    card && found?.program?.path === path ? await collect(problems, () => readForm(found, 'program')) : undefined;
  const engine = file && (await tryEngine('native', file, card));
  if (engine && !engine.runs) problems.push(`native: ${engine.note}`);
  return { ...report, contents, card, cardSource: card && 'file', engines: engine ? [engine] : [], problems };
}

/** One ONNX file. */
class NetworkInspection {
  readonly #path: string;
  readonly #name: string;
  readonly #bytes: Buffer<ArrayBuffer>;
  readonly #network: NetworkFacts;
  readonly #found: FoundModel | undefined;
  readonly #problems: string[];

  constructor(
    path: string,
    name: string,
    { bytes, network }: { readonly bytes: Buffer<ArrayBuffer>; readonly network: NetworkFacts },
    found: FoundModel | undefined,
    problems: string[],
  ) {
    this.#path = path;
    this.#name = name;
    this.#bytes = bytes;
    this.#network = network;
    this.#found = found;
    this.#problems = problems;
  }

  async inspect(given: Given): Promise<Inspection> {
    const problems = this.#problems;
    const weights = await collect(problems, () => readWeights(this.#bytes, this.#path, this.#name));
    const described = await this.#describe(given, weights ?? []);
    const { recognition, card, cardSource } = described;
    const found = this.#found;
    // Whether it is the file that its card speaks of.
    if (found?.card && weights) await collect(problems, () => readForm(found, 'network'));
    const file = weights && {
      name: this.#name,
      form: 'network' as const,
      bytes: this.#bytes,
      weights,
      description: card ?? ({} as ModelCard),
    };
    const engines: EngineReport[] = [];
    let multiplyAdds: number | undefined;
    if (file) {
      engines.push(await tryEngine('onnxruntime', file, card));
      const isRunnable = engines[0]!.runs;
      const compiled = await this.#native(file, card ?? described.draft, isRunnable);
      multiplyAdds = compiled.multiplyAdds;
      engines.push(compiled.report);
      if (hasOpenCv()) engines.push(await tryOpenCv(file, card));
      const running = engines.filter(({ runs }) => runs).map(({ name }) => name);
      const { note } = engines[0]!;
      if (running.length === 0) problems.push(`no engine here runs it: ${note}`);
      // OpenCV's is never chosen unless it is asked for.
      else if (running.every((name) => name === 'opencv'))
        problems.push(`onnxruntime does not run it: ${note}; OpenCV does: ask for it with --engine opencv`);
      if (card?.task === 'detect') await collect(problems, () => assertFineScores(this.#bytes, card));
    }
    for (const { what, settle } of recognition?.open ?? []) problems.push(`${what}: ${settle}`);
    return {
      file: this.#name,
      format: 'ONNX',
      bytes: this.#bytes.length,
      contents: await this.#contents(multiplyAdds),
      recognition,
      card,
      cardSource,
      draft: described.draft,
      engines,
      problems,
    };
  }

  /** The card, and where it is from; or what is known in place of it. */
  async #describe(
    given: Given,
    weights: readonly ExternalWeights[],
  ): Promise<Pick<Inspection, 'recognition' | 'card' | 'cardSource' | 'draft'>> {
    const own = this.#found?.card;
    const fromCard = (card: ModelCard, cardSource: CardSource, reasons: readonly string[]) => {
      this.#assertNothingGiven(given, cardSource);
      return { card, cardSource, recognition: { family: undefined, reasons, assumed: [], open: [] } };
    };
    if (own) return fromCard(own, 'file', ['its card says how it is read']);
    // Its card is wrong, and said so.
    if (!this.#found) return {};
    const description = await collect(this.#problems, async () => ({
      told: readDescription(this.#bytes, this.#path, this.#name),
    }));
    if (!description) return {};
    const { told } = description;
    if (told && 'ultralytics' in told) {
      const tensors = this.#network;
      const made = await collect(this.#problems, () =>
        told.task === 'classify'
          ? { card: ultralyticsClassifierCard(told, tensors), reasons: [metadataOf(told)] }
          : recogniseUltralytics(told, tensors),
      );
      return made ? fromCard(made.card, 'metadata', made.reasons) : {};
    }
    if (told) return fromCard(told, 'metadata', ['the card in its metadata says how it is read']);
    const file = basename(this.#path, networkEnding);
    const labels = given.labels ?? (await labelsBeside(join(dirname(this.#path), file)));
    const network = await settled(this.#network, this.#bytes, weights, given.size);
    const { card, ...recognition } = recognise(network, file, { ...given, labels });
    if (recognition.open.length > 0) return { recognition, draft: card };
    return { recognition, cardSource: 'recognised', card: validate(ModelCard, card, `the card made of ${this.#name}`) };
  }

  #assertNothingGiven({ labels, size }: Given, source: CardSource): void {
    const what = labels ? 'labels' : 'size';
    if (!labels && !size) return;
    const where = source === 'file' ? 'its card' : 'its metadata';
    throw new InputError(
      `--${what}: expected none, since ${where} has the ${what} of ${this.#name}; change ${where}, or give a copy without`,
    );
  }

  async #contents(multiplyAdds: number | undefined): Promise<ModelContents> {
    const { graph, inputs, outputs } = this.#network;
    const { irVersion, producer, opsets } = readOnnxOrigin(this.#bytes)!;
    const { types, parameters, bytes, files } = weightsOf(graph);
    const first = inputs.find(({ shape }) => shape.length === 4)?.shape[0] ?? 1;
    const weightFiles = [...files].map(async ([path, wanted]) => ({
      path,
      bytes: wanted.bytes,
      isThere: await stat(join(dirname(this.#path), path)).then(
        (one) => one.isFile(),
        () => false,
      ),
    }));
    return {
      inputs,
      outputs,
      batch: typeof first === 'number' && first > 0 ? first : 'open',
      irVersion,
      producer,
      opsets,
      metadata: readOnnxMetadata(this.#bytes, this.#name),
      types,
      parameters,
      weightBytes: bytes,
      weightFiles: await Promise.all(weightFiles),
      isHalf: types.has('float16') && (types.get('float16') ?? 0) >= (types.get('float32') ?? 0),
      quantisation: quantisationOf(graph),
      multiplyAdds,
    };
  }

  /** The engine of compiled programs: the program beside it, or whether there can be one. */
  async #native(
    file: ModelFile,
    card: { readonly input?: unknown } | undefined,
    isRunnable: boolean,
  ): Promise<{ report: EngineReport; multiplyAdds?: number | undefined }> {
    const found = this.#found;
    const compiled = await compiling(file, card?.input as ModelCard['input'] | undefined, isRunnable);
    if (found?.card && found.program && (await hasForm(found, 'program'))) {
      const program = await readForm(found, 'program').catch((error) => error as Error);
      const report: EngineReport =
        program instanceof Error
          ? { name: 'native', runs: false, note: program.message }
          : await tryEngine('native', program, found.card);
      return { ...compiled, report };
    }
    return compiled;
  }
}

/** Loads a model and fits its card, in a thread of its own, as every camera does. */
async function tryEngine(name: RunningEngine, file: ModelFile, card: ModelCard | undefined): Promise<EngineReport> {
  const thread = new CoreThread(name);
  try {
    const loaded = await sendModel(thread, file, 1);
    if (card) await fitCard(thread, card, file, loaded);
    return { name, runs: true, note: card ? '' : 'it loads; without a card nothing more is known' };
  } catch (error) {
    return { name, runs: false, note: messageOf(error) };
  } finally {
    await thread.close();
  }
}

/** It may have been built for another version of Node, or for another OpenCV. */
async function tryOpenCv(file: ModelFile, card: ModelCard | undefined): Promise<EngineReport> {
  try {
    prepareOpenCvThread();
  } catch (error) {
    return { name: 'opencv', runs: false, note: messageOf(error) };
  }
  return tryEngine('opencv', file, card);
}

/** Whether the compiler has every operator of a network, and the multiply-adds, which are known once every shape is. */
async function compiling(
  { bytes, weights }: ModelFile,
  input: ModelCard['input'] | undefined,
  isRunnable: boolean,
): Promise<{ report: EngineReport; multiplyAdds?: number | undefined }> {
  const no = (note: string): EngineReport => ({ name: 'native', runs: false, note });
  if (!input || !isRunnable) return { report: no('whether it can be compiled is known once onnxruntime runs it') };
  const { width, height, layout = 'NCHW', mean = [0, 0, 0], std = [1, 1, 1] } = input;
  const channels = input.channels === 'GRAY' ? 1 : 3;
  let multiplyAdds: number | undefined;
  try {
    const graph = await readKnownGraph(
      { bytes, weights },
      layout === 'NCHW' ? [1, channels, height, width] : [1, height, width, channels],
    );
    multiplyAdds = multiplyAddsOf(graph.nodes, graph.shapes);
    const moving = graph.nodes.filter(({ outputs }) => !outputs.every((one) => one === '' || graph.constants.has(one)));
    const missing = new Set(moving.filter(({ op }) => !Object.hasOwn(operators, op)).map(({ op }) => op));
    if (missing.size > 0) return { multiplyAdds, report: no(`the compiler has no ${[...missing].join(', ')}`) };
    new Lowering(graph).lower(inputLayer(graph, { layout, mean, std }), operators);
    const note = 'it has no program: `ocellus compile` makes one, and every operator of it is known';
    return { multiplyAdds, report: no(note) };
  } catch (error) {
    return { multiplyAdds, report: no(messageOf(error)) };
  }
}
