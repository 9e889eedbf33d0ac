import { createHash } from 'node:crypto';
import { access, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { assertKind } from '../../base/arguments.ts';
import { asset } from '../../base/assets.ts';
import { InputError, messageOf } from '../../base/errors.ts';
import { validate } from '../../config/validate.ts';
import type { ExternalWeights } from '../engines/engine.ts';
import { readExternalWeights } from '../engines/external-weights.ts';
import { readOnnxMetadata } from '../onnx/metadata.ts';
import { ModelCard } from './card.ts';
import { exampleCard } from './example-card.ts';
import { readUltralytics, type UltralyticsInfo } from './ultralytics.ts';

/** A model's bytes with what is known of them before an engine has looked inside. */
export interface ModelFile {
  /** For messages: the name or the path that was asked for. */
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Those that lie in files beside it. */
  readonly weights: readonly ExternalWeights[];
  /** A card, or Ultralytics' metadata, from which the card is made once the output's shape is known. */
  readonly description: ModelCard | UltralyticsInfo;
}

/**
 * The SHA-256 of a model, its weights in other files with it.
 *
 * @param known That of the file itself, where it is known.
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

/**
 * Reads a model by the name of a shipped one, by the path of its card `X.card.json`, or by the path of its file
 * `X.onnx`: the card is then beside it, or inside its metadata (key `ocellus`, or what Ultralytics writes). Weights that
 * lie in files beside it are read with it.
 *
 * @throws InputError when there is no such model, no card, the card is wrong, the file is not the card's, or weights of it
 *   are missing.
 */
export async function readModel(nameOrPath: string): Promise<ModelFile> {
  assertKind('model', nameOrPath, 'text', 'the name of a model, or the path of an .onnx file or of a .card.json');
  if (nameOrPath.endsWith('.json')) return readByCard(resolve(nameOrPath), nameOrPath);
  if (nameOrPath.endsWith('.onnx')) return readByFile(resolve(nameOrPath), nameOrPath);
  const shipped = asset('sdk', 'models', `${nameOrPath}${cardEnding}`);
  if (/^[a-z0-9][a-z0-9._-]*$/.test(nameOrPath) && (await exists(shipped))) return readByCard(shipped, nameOrPath);
  const known = (await listModels()).map(({ name }) => name);
  const format = otherFormats.exec(nameOrPath)?.[0];
  throw new InputError(
    format
      ? `the model ${nameOrPath} cannot be read: expected an .onnx file, got ${format}; export it to ONNX (Ultralytics: format=onnx)`
      : `there is no model "${nameOrPath}": expected one of ${known.join(', ')}, or the path of an .onnx file or of a .card.json`,
  );
}

const cardEnding = '.card.json';
/** What networks come in elsewhere. */
const otherFormats = /\.(pt|pth|ckpt|tflite|engine|pb|h5|keras|ort|safetensors|mlpackage|torchscript|param|bin|xml)$/i;

async function readByCard(path: string, name: string): Promise<ModelFile> {
  const card = await readCard(path);
  const own = basename(path, path.endsWith(cardEnding) ? cardEnding : '.json');
  const file = resolve(dirname(path), card.file ?? `${own}.onnx`);
  const { bytes, weights } = await readFiles(file, name);
  assertDigest(bytes, card, file);
  return { name, bytes, weights, description: card };
}

async function readByFile(path: string, name: string): Promise<ModelFile> {
  const { bytes, weights } = await readFiles(path, name);
  const cardPath = `${path.slice(0, -'.onnx'.length)}${cardEnding}`;
  if (await exists(cardPath)) {
    const card = await readCard(cardPath);
    assertDigest(bytes, card, path);
    return { name, bytes, weights, description: card };
  }
  const metadata = readOnnxMetadata(bytes, name);
  const own = metadata.get('ocellus');
  if (own !== undefined) {
    return { name, bytes, weights, description: parseCard(own, `${name}, the card in its metadata (key ocellus)`) };
  }
  const ultralytics = readUltralytics(metadata, basename(path, '.onnx'), name);
  if (ultralytics) return { name, bytes, weights, description: ultralytics };
  throw new InputError(
    `${name} has no card, and its metadata has neither the key "ocellus" nor what Ultralytics writes. ` +
      `Write ${cardPath}, for example (docs/models.md has the other decoders):\n${exampleCard(basename(path, '.onnx'), bytes)}`,
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

/** What cards were written with before all their fields were in snake case. */
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

async function readFiles(path: string, name: string): Promise<Pick<ModelFile, 'bytes' | 'weights'>> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new InputError(`the model ${name} cannot be read: ${messageOf(error)}`);
  }
  return { bytes, weights: await readExternalWeights(bytes, path, name) };
}

function assertDigest(bytes: Uint8Array, card: ModelCard, path: string): void {
  if (!card.sha256) return;
  const actual = sha256(bytes);
  if (actual !== card.sha256) {
    throw new InputError(
      `${path} is not the file its card speaks of: expected sha256 ${card.sha256}, got ${actual}. ` +
        'It is damaged or was changed; fetch it again, or write a new card for it.',
    );
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
