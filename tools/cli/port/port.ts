import { createHash } from 'node:crypto';
import { access, readFile } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { InputError } from '../../../sdk/base/errors.ts';
import { makeFolder } from '../../../sdk/base/make-folder.ts';
import { validate } from '../../../sdk/config/validate.ts';
import { ModelCard } from '../../../sdk/core/cards/card.ts';
import type { LabelList } from '../../../sdk/core/cards/labels-file.ts';
import { cardEnding, findModel, readDescription } from '../../../sdk/core/cards/model-file.ts';
import { fixedSide, type NetworkFacts, readNetwork, shapeText } from '../../../sdk/core/cards/network.ts';
import { recognise } from '../../../sdk/core/cards/recognise.ts';
import { settled } from '../../../sdk/core/cards/settled.ts';
import { recogniseUltralytics, ultralyticsClassifierCard } from '../../../sdk/core/cards/ultralytics-card.ts';
import { pictureInput } from '../../../sdk/core/engines/binding.ts';
import { isNarrowed, isWholeNumber, usualMean } from '../../../sdk/core/engines/narrowed.ts';
import { quantisationOf } from '../../../sdk/core/onnx/summary.ts';
import { writeResult } from '../write-result.ts';
import { bundleEnding, writeBundle } from './bundle.ts';
import type { Tolerance } from './compare.ts';
import { type FedInput, feed, numbersOf, pictureFiles } from './feed.ts';
import { deadOutputs, type Proof, prove, worstPicture } from './proof.ts';
import { openSource, type Source } from './source.ts';
import { makeTarget, type TargetName } from './target.ts';

export interface PortOptions {
  readonly to: TargetName;
  /** Where files are written. */
  readonly out: string;
  /** Default: the pictures of the built-in scene. */
  readonly pictures?: string | undefined;
  /** Pictures on which a program measures its ranges; default: those it is compared on. */
  readonly calibrate?: string | undefined;
  readonly labels?: LabelList | undefined;
  readonly card?: string | undefined;
  readonly size?: readonly [number, number] | undefined;
  /** The caffemodel of a prototxt. */
  readonly weights?: string | undefined;
  readonly tolerance?: number | undefined;
  readonly cosine?: number | undefined;
}

/** A network that was ported, and how equal the two are. */
export interface Ported {
  readonly file: string;
  readonly to: TargetName;
  readonly source: { readonly title: string; readonly ranBy: string };
  readonly target: { readonly ranBy: string };
  readonly pictures: readonly string[];
  /** How pictures were fed, in words. */
  readonly input: string;
  /** Files that were written. */
  readonly made: readonly string[];
  readonly notes: readonly string[];
  readonly proof: Proof;
}

/** What two that compute in floats may differ by, and what one in 8 bits may. */
export const tolerances = {
  float: { share: 0.001, cosine: 0.99999 },
  quantised: { share: 0.25, cosine: 0.98 },
} as const satisfies Record<string, Tolerance>;

/**
 * Ports a network, and compares both on the same pictures.
 *
 * @param told What is being done.
 * @throws InputError when the file is not read, or a converter refuses it.
 */
export async function port(file: string, options: PortOptions, told: (step: string) => void): Promise<Ported> {
  try {
    return await ported(file, options, told);
  } catch (error) {
    if (!(error instanceof InputError) || error.message.includes(basename(file))) throw error;
    throw new InputError(`${file}: ${error.message}`);
  }
}

async function ported(file: string, options: PortOptions, told: (step: string) => void): Promise<Ported> {
  const source = await openSource(file, options);
  await makeFolder(options.out);
  const base = join(options.out, source.name);
  told(`reading the ${source.title}`);
  const path = source.isOnnx ? file : `${base}.onnx`;
  const bytes = await source.toOnnx(path);
  if (!source.isOnnx) await writeResult(path, bytes);
  const network = readNetwork(bytes, path);
  const { card, notes } = await cardOf(file, bytes, source, options);
  const input = inputOf(network, card, source, options);
  const files = await pictureFiles(options.pictures);
  const pictures = await feed(files, input);
  const calibration =
    options.calibrate === undefined ? pictures : await feed(await pictureFiles(options.calibrate), input);
  if (options.to === 'program' && options.calibrate === undefined) {
    notes.push('the ranges of the program were measured on the pictures it is compared on: --calibrate names others');
  }
  told(`making ${options.to}`);
  const outputs = network.outputs.map(({ name }) => name);
  const target = await makeTarget(
    options.to,
    { bytes, weights: source.weights, path, input, outputs },
    base,
    calibration,
  );
  notes.push(...target.notes);
  const isQuantised = target.isQuantised || quantisationOf(network.graph) !== undefined;
  const usual = isQuantised ? tolerances.quantised : tolerances.float;
  const tolerance = { share: options.tolerance ?? usual.share, cosine: options.cosine ?? usual.cosine };
  told(`running both on ${pictures.length} pictures`);
  const [own, theirs] = [pictures.map((one) => numbersOf(one, input)), pictures.map((one) => target.numbersOf(one))];
  const runner = source.runner(outputs);
  const [first, second] = [await runner(own), await target.runner(theirs)];
  for (const name of deadOutputs(first.outputs)) {
    notes.push(
      `the source’s output ${name} is the same for all pictures, so that it is equal proves little: are they fed as in training?`,
    );
  }
  const worst = worstPicture(first.outputs, second.outputs, tolerance);
  told(`comparing their layers on ${basename(files[worst]!)}`);
  const { layers } = await runner([own[worst]!], 0);
  const seen = layers.size === 0 ? layers : (await target.runner([theirs[worst]!], 0)).layers;
  const detector = card?.task === 'detect' ? card : undefined;
  const proof = await prove({ ...first, layers }, { ...second, layers: seen }, pictures, tolerance, detector);
  if (proof.boxes && proof.boxes.source === 0 && proof.boxes.target === 0) {
    notes.push('neither network finds anything in these pictures, so boxes are not compared: --pictures names others');
  }
  const bundle = `${base}${bundleEnding}`;
  await writeBundle(bundle, pictures, input, first, {
    float: target.isQuantised ? tolerances.float : tolerance,
    quantised: isQuantised ? tolerance : tolerances.quantised,
  });
  const isOurs = options.to === 'onnx' || options.to === 'program';
  const cards = card && isOurs ? [await writeCard(card, `${base}-${options.to}`, target.files[0]!)] : [];
  return {
    file,
    to: options.to,
    source: { title: source.title, ranBy: first.title },
    target: { ranBy: second.title },
    pictures: files.map((one) => basename(one)),
    input: fedAs(input, card !== undefined),
    made: [...new Set([...(source.isOnnx ? [] : [path]), ...target.files, ...cards, bundle])],
    notes,
    proof,
  };
}

/** The card that was named, that lies beside the file, or that can be made of what the network tells. */
async function cardOf(
  file: string,
  bytes: Uint8Array,
  source: Source,
  options: PortOptions,
): Promise<{ card: ModelCard | undefined; notes: string[] }> {
  if (options.card !== undefined) {
    const { card } = await findModel(options.card);
    if (card) return { card, notes: [] };
    throw new InputError(`--card: expected a card (a name with ${cardEnding}), got ${options.card}`);
  }
  const beside = `${file.slice(0, -extname(file).length)}${cardEnding}`;
  if (await isThere(beside)) return { card: (await findModel(beside)).card, notes: [`its card is ${beside}`] };
  const read = readNetwork(bytes, file);
  const described = readDescription(bytes, `${source.name}.onnx`, file);
  if (described && 'ultralytics' in described) {
    const card =
      described.task === 'classify'
        ? ultralyticsClassifierCard(described, read)
        : recogniseUltralytics(described, read).card;
    return { card, notes: [] };
  }
  if (described) return { card: described, notes: [] };
  const size = options.size && { width: options.size[0], height: options.size[1] };
  const network = await settled(read, bytes, source.weights, size);
  const found = recognise(network, source.name, { labels: options.labels, size });
  if (found.open.length === 0) return { card: validate(ModelCard, found.card, `the card made of ${file}`), notes: [] };
  const open = found.open.map(({ what, settle }) => `${what}: ${settle}`).join('; ');
  return { card: undefined, notes: [`without a card, so outputs are compared as numbers. Open is ${open}`] };
}

const isThere = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  );

/** @throws InputError when the network takes anything but one picture. */
function inputOf(network: NetworkFacts, card: ModelCard | undefined, source: Source, { size }: PortOptions): FedInput {
  if (network.inputs.length > 1) {
    throw new InputError(
      `expected a network with one input, a picture, got ${network.inputs.map((one) => `${one.name} ${shapeText(one)}`).join(', ')}`,
    );
  }
  const taken = pictureInput(network.inputs);
  if (!taken) throw new InputError('expected a network with an input, got none');
  if (taken.type !== 'float32' && taken.type !== 'uint8' && !isNarrowed(taken.type)) {
    throw new InputError(
      `the input ${taken.name}: expected float32, float16, uint8, int8, int32 or int64, got ${taken.type}`,
    );
  }
  if (card) return card.input;
  const { shape, name, type } = taken;
  const isLast = shape[3] === 3;
  if (shape.length !== 4 || (!isLast && shape[1] !== 3)) {
    throw new InputError(
      `the input ${name}: expected a picture, [1, 3, height, width] or [1, height, width, 3], got ${shapeText(taken)}`,
    );
  }
  const [height, width] = (isLast ? shape.slice(1, 3) : shape.slice(2)).map(fixedSide);
  const sides = width && height ? { width, height } : size && { width: size[0], height: size[1] };
  if (!sides)
    throw new InputError(`the input ${name} ${shapeText(taken)} is open: say its size with --size WIDTHxHEIGHT`);
  // Caffe's networks take blue, green, red from 0 to 255; others mostly red, green, blue from 0 to 1.
  const isCaffe = source.title.startsWith('Caffe');
  const deviation = isCaffe || type === 'uint8' || isWholeNumber(type) ? 1 : 255;
  const mean = usualMean(type);
  return {
    ...sides,
    layout: isLast ? 'NHWC' : 'NCHW',
    channels: isCaffe ? 'BGR' : 'RGB',
    type: type === 'uint8' ? 'uint8' : 'float32',
    mean: [mean, mean, mean],
    std: [deviation, deviation, deviation],
    resize: 'letterbox',
    align: 'center',
    pad: 114,
  };
}

function fedAs(input: FedInput, isKnown: boolean): string {
  const { width, height, layout, channels, mean, std, resize, type } = input;
  const numbers = type === 'uint8' ? 'bytes' : `(pixel - ${mean.join(', ')}) / ${std.join(', ')}`;
  const why = isKnown ? '' : '; assumed, since there is no card: --card names one';
  return `${width}x${height}, ${layout}, ${channels}, ${resize}, ${numbers}${why}`;
}

/** Beside what was made, for `--model`. */
async function writeCard(card: ModelCard, base: string, file: string): Promise<string> {
  const sha256 = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
  const { program: _, ...own } = card;
  const path = `${base}${cardEnding}`;
  const complete = { ...own, name: card.name, file: relative(dirname(resolve(path)), resolve(file)), sha256 };
  await writeResult(path, `${JSON.stringify(complete, null, 2)}\n`);
  return path;
}
