import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { access, readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { assertKind } from '../../base/arguments.ts';
import { asset } from '../../base/assets.ts';
import { InputError, messageOf } from '../../base/errors.ts';
import { modelsFolder } from '../../config/data-folder.ts';
import { validate } from '../../config/validate.ts';
import type { ExternalWeights } from '../engines/engine.ts';
import { readExternalWeights } from '../engines/external-weights.ts';
import { readOnnxGraph } from '../onnx/graph.ts';
import { readOnnxMetadata } from '../onnx/metadata.ts';
import { weightsOf } from '../onnx/summary.ts';
import { ModelCard } from './card.ts';
import { foreignFormat, withArticle } from './file-format.ts';
import { labelsBeside } from './labels-file.ts';
import { readNetwork } from './network.ts';
import { recognise } from './recognise.ts';
import { settled } from './settled.ts';
import { readUltralytics, type UltralyticsInfo } from './ultralytics.ts';

/** The form of a model: the network, an ONNX file, or the output of `ocellus compile`. */
export type ModelForm = 'network' | 'program';

/** Where a model's files are, and its card, before they are read. At least one of the two forms exists. */
export interface FoundModel {
  /** For messages: the name or path that was requested. */
  readonly name: string;
  /** Undefined when only the network's metadata can tell. */
  readonly card: ModelCard | undefined;
  readonly network: FormFile | undefined;
  /** Why there is no network, of a shipped model whose network is in a package that is not installed. */
  readonly networkMissing?: string;
  readonly program: FormFile | undefined;
}

interface FormFile {
  readonly path: string;
  readonly sha256: string | undefined;
}

/** A model's bytes with what is known before an engine has loaded them. */
export interface ModelFile {
  /** For messages: the name or path that was requested. */
  readonly name: string;
  readonly form: ModelForm;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Weights in files beside it. */
  readonly weights: readonly ExternalWeights[];
  /** A card, or Ultralytics' metadata, from which the card is made once the output's shape is known. */
  readonly description: ModelCard | UltralyticsInfo;
}

/**
 * The SHA-256 of a model, including weights in other files.
 *
 * @param known That of the file itself, if known.
 */
export function digestOf({ bytes, weights }: ModelFile, known = sha256(bytes)): string {
  if (weights.length === 0) return known;
  return sha256(JSON.stringify([known, ...weights.map(({ path, data }) => [path, sha256(data)])]));
}

const sha256 = (data: Uint8Array | string) => createHash('sha256').update(data).digest('hex');

/** The cards of the models that ship with Ocellus, by name. */
export async function listModels(): Promise<ModelCard[]> {
  const folder = asset('sdk', 'models');
  const names = (await readdir(folder)).filter((name) => name.endsWith(cardEnding)).sort();
  return Promise.all(names.map((name) => readCard(join(folder, name))));
}

/** A model that `ocellus models add` installed. */
export interface InstalledModel {
  readonly name: string;
  /** Undefined where it cannot be read: `problem` says why. */
  readonly card: ModelCard | undefined;
  readonly problem?: string;
}

/**
 * The models that `ocellus models add` installed, by name.
 *
 * @param folder Default: that of this user (`modelsFolder`).
 */
export async function installedModels(folder = modelsFolder()): Promise<InstalledModel[]> {
  const entries = await readdir(folder).catch(() => []);
  const names = entries.filter((name) => plainName.test(name)).sort();
  const models = names.map(async (name) => {
    const path = installedCard(name, folder);
    if (!(await exists(path))) return undefined;
    return readCard(path).then(
      (card) => ({ name, card }),
      (error: unknown) => ({ name, card: undefined, problem: messageOf(error) }),
    );
  });
  return (await Promise.all(models)).filter((one) => one !== undefined);
}

const plainName = /^[a-z0-9][a-z0-9._-]*$/;
const installedCard = (name: string, folder = modelsFolder()) => join(folder, name, `${name}${cardEnding}`);

/** File extension of `ocellus compile`. */
export const programEnding = '.ocp';
export const networkEnding = '.onnx';

/**
 * Finds a model by the name of a shipped or installed one, or by the path of its card `X.card.json`, its network `X.onnx` (with the
 * card beside it or in its metadata), or its program `X.ocp`, with the card beside it.
 *
 * @throws InputError when there is no such model, a program has no card, or the card is wrong.
 */
export async function findModel(nameOrPath: string): Promise<FoundModel> {
  assertKind('model', nameOrPath, 'text', 'the name of a model, or the path of an .onnx file or of a .card.json');
  if (nameOrPath.endsWith('.json')) return findByCard(resolve(nameOrPath), nameOrPath);
  if (nameOrPath.endsWith(networkEnding)) return findByNetwork(resolve(nameOrPath), nameOrPath);
  if (nameOrPath.endsWith(programEnding)) return findByProgram(resolve(nameOrPath), nameOrPath);
  if (plainName.test(nameOrPath)) {
    for (const card of [asset('sdk', 'models', `${nameOrPath}${cardEnding}`), installedCard(nameOrPath)]) {
      if (await exists(card)) return findByCard(card, nameOrPath);
    }
  }
  const known = [...(await listModels()), ...(await installedModels())].map(({ name }) => name);
  const format = otherFormats.exec(nameOrPath)?.[0];
  throw new InputError(
    format
      ? `the model ${nameOrPath} cannot be read: expected an .onnx file, got ${format}; export it to ONNX (Ultralytics: format=onnx)`
      : `there is no model "${nameOrPath}": expected one of ${known.join(', ')}, or the path of an .onnx file or of a .card.json; \`ocellus models\` lists others that can be added`,
  );
}

/**
 * Reads a model that `findModel` finds: the network if there is one, with weights in files beside it, else the program.
 * A network without a card beside it has one in its metadata (key `ocellus`), or Ultralytics' metadata.
 *
 * @throws InputError when there is no such model, no card, the card is wrong, the file is not the card's, or weights
 * are missing.
 */
export async function readModel(nameOrPath: string): Promise<ModelFile> {
  const found = await findModel(nameOrPath);
  return readForm(found, found.network ? 'network' : 'program');
}

/**
 * Reads one form of a model that was found. @throws InputError as `readModel` does, and when this form does not exist.
 */
export async function readForm(
  { name, card, networkMissing, ...files }: FoundModel,
  form: ModelForm,
): Promise<ModelFile> {
  const file = files[form];
  if (!file) {
    const isElsewhere = form === 'network' && networkMissing !== undefined;
    throw new InputError(
      `the model ${name} does not exist as a ${form}${isElsewhere ? ` here: ${networkMissing}` : ''}`,
    );
  }
  const bytes = await readBytes(file.path, name);
  if (form === 'network') assertNotForeign(bytes, name);
  const weights = form === 'network' ? await readWeights(bytes, file.path, name) : [];
  assertDigest(bytes, file);
  return { name, form, bytes, weights, description: card ?? (await describedInside(bytes, weights, file.path, name)) };
}

/**
 * Reads a network's weights in files beside it.
 *
 * @throws InputError when one is missing or cut off, or lies outside the network's folder.
 */
export async function readWeights(bytes: Uint8Array, path: string, name: string): Promise<ExternalWeights[]> {
  const weights = await readExternalWeights(bytes, path, name);
  const graph = weights.length > 0 ? readOnnxGraph(bytes) : undefined;
  if (!graph) return weights;
  const { files } = weightsOf(graph);
  for (const { path: file, data } of weights) {
    const { end } = files.get(file)!;
    if (data.length >= end) continue;
    throw new InputError(
      `the weights ${file} of the model ${name} are cut off: expected at least ${end} bytes, got ${data.length}; fetch or export both files again`,
    );
  }
  return weights;
}

/** Whether the file of this form exists. */
export async function hasForm(found: FoundModel, form: ModelForm): Promise<boolean> {
  const file = found[form];
  return file !== undefined && (await exists(file.path));
}

export const cardEnding = '.card.json';
/** Model formats of other frameworks. */
const otherFormats = /\.(pt|pth|ckpt|tflite|engine|pb|h5|keras|ort|safetensors|mlpackage|torchscript|param|bin|xml)$/i;

async function findByCard(path: string, name: string): Promise<FoundModel> {
  const card = await readCard(path);
  const own = basename(path, path.endsWith(cardEnding) ? cardEnding : '.json');
  return { name, card, ...filesOf(card, path, `${own}${networkEnding}`) };
}

/** The files that a card names. Its `file` may be a program, without a network. */
function filesOf(
  card: ModelCard,
  path: string,
  fallback: string,
): Pick<FoundModel, 'network' | 'networkMissing' | 'program'> {
  const { file = fallback, sha256, program } = card;
  const beside = (one: string) => resolve(dirname(path), one);
  const first = { path: beside(file), sha256 };
  if (file.endsWith(programEnding)) return { network: undefined, program: first };
  const second = program && { path: beside(program.file), sha256: program.sha256 };
  if (!second || existsSync(first.path) || dirname(first.path) !== asset('sdk', 'models'))
    return { network: first, program: second };
  const elsewhere = fileOfNetworks(file);
  if (elsewhere) return { network: { path: elsewhere, sha256 }, program: second };
  return { network: undefined, networkMissing: networksMissing(file), program: second };
}

/** What programs that ship were compiled from is left out of what is installed: other engines alone need it. */
const networksPackage = '@ocellus/networks';
const networksMissing = (file: string) =>
  `${file} is in the package ${networksPackage}, which is not installed (docs/install.md)`;

function fileOfNetworks(file: string): string | undefined {
  try {
    return createRequire(import.meta.url).resolve(`${networksPackage}/${file}`);
  } catch {
    return undefined;
  }
}

async function findByNetwork(path: string, name: string): Promise<FoundModel> {
  const cardPath = `${path.slice(0, -networkEnding.length)}${cardEnding}`;
  if (!(await exists(cardPath))) {
    return { name, card: undefined, network: { path, sha256: undefined }, program: undefined };
  }
  const card = await readCard(cardPath);
  const { program } = filesOf(card, cardPath, path);
  return { name, card, network: { path, sha256: card.sha256 }, program };
}

async function findByProgram(path: string, name: string): Promise<FoundModel> {
  const own = path.slice(0, -programEnding.length);
  const cardPath = `${own}${cardEnding}`;
  if (!(await exists(path))) await readBytes(path, name);
  if (!(await exists(cardPath))) {
    throw new InputError(
      `the compiled program ${name} has no card: expected ${cardPath} beside it, as \`ocellus compile\` writes one`,
    );
  }
  const card = await readCard(cardPath);
  const { network, program } = filesOf(card, cardPath, `${own}${networkEnding}`);
  const isNamed = program?.path === path;
  return {
    name,
    card,
    network: network && (await exists(network.path)) ? network : undefined,
    program: isNamed ? program : { path, sha256: undefined },
  };
}

/**
 * The card in a network's metadata, or one made of what can be seen of it and of the labels beside it.
 *
 * @throws InputError when something is left open: what, and a card to begin with.
 */
async function describedInside(
  bytes: Uint8Array,
  weights: readonly ExternalWeights[],
  path: string,
  name: string,
): Promise<ModelCard | UltralyticsInfo> {
  const own = path.slice(0, -networkEnding.length);
  const told = readDescription(bytes, path, name);
  if (told) return told;
  const network = await settled(readNetwork(bytes, name), bytes, weights, undefined);
  const found = recognise(network, basename(own), { labels: await labelsBeside(own) });
  if (found.open.length === 0) return validate(ModelCard, found.card, `the card made of what ${name} tells`);
  const looks = found.family ? `It looks like ${found.family}. ` : '';
  const open = found.open.map(({ what, settle }) => `${what}: ${settle}`).join('; ');
  throw new InputError(
    `${name} has no card, and its metadata has neither the key "ocellus" nor what Ultralytics writes. ${looks}Open is ${open}. ` +
      `Write ${own}${cardEnding}, for example (docs/models.md has the other decoders):\n${JSON.stringify(found.card, null, 2)}`,
  );
}

/**
 * What a network's metadata says of it: a card, or what Ultralytics writes.
 *
 * @throws InputError when the bytes are no ONNX model, or the metadata is wrong.
 */
export function readDescription(
  bytes: Uint8Array,
  path: string,
  name: string,
): ModelCard | UltralyticsInfo | undefined {
  const metadata = readOnnxMetadata(bytes, name);
  const card = metadata.get('ocellus');
  if (card !== undefined) return parseCard(card, `${name}, the card in its metadata (key ocellus)`);
  return readUltralytics(metadata, basename(path, networkEnding), name);
}

/** @throws InputError when the file is a model of another framework, or none. */
function assertNotForeign(bytes: Uint8Array, name: string): void {
  const format = foreignFormat(bytes);
  if (!format) return;
  throw new InputError(
    `${name}: expected an ONNX model, got ${bytes.length} bytes of something else, ${withArticle(format.title)}; ${format.advice}`,
  );
}

async function readCard(path: string): Promise<ModelCard> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new InputError(`the card ${path} cannot be read: ${messageOf(error)}`);
  }
  return parseCard(text, `card ${path}`);
}

function parseCard(text: string, what: string): ModelCard {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${what}: expected JSON: ${messageOf(error)}`);
  }
  return validate(ModelCard, withNamesOfNow(value), what);
}

/** Field names of cards from before all were in snake case. */
const oldNames = new Map([
  ['boxOrder', 'box_order'],
  ['firstClass', 'first_class'],
  ['regionResize', 'region_resize'],
]);

function withNamesOfNow(card: unknown): unknown {
  if (!isObject(card)) return card;
  const renamed = Object.entries(card).map(([part, value]) => {
    if (!isObject(value) || (part !== 'decoder' && part !== 'input')) return [part, value];
    return [part, Object.fromEntries(Object.entries(value).map(([name, one]) => [oldNames.get(name) ?? name, one]))];
  });
  return Object.fromEntries(renamed);
}

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

async function readBytes(path: string, name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readFile(path);
  } catch (error) {
    throw new InputError(`the model ${name} cannot be read: ${messageOf(error)}`);
  }
}

function assertDigest(bytes: Uint8Array, { path, sha256: expected }: FormFile): void {
  if (!expected) return;
  const actual = sha256(bytes);
  if (actual === expected) return;
  throw new InputError(
    `${path} is not the file that its card describes: expected sha256 ${expected}, got ${actual}. ` +
      'It is damaged or was changed; fetch it again, or write a new card for it.',
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
