import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { assertKind, assertShape } from '../base/arguments.ts';
import { maskCredentials } from '../base/credentials.ts';
import { InputError, messageOf } from '../base/errors.ts';
import { validate } from '../config/validate.ts';
import { ModelCard } from '../core/cards/card.ts';
import { cardEnding, findModel, networkEnding, readForm } from '../core/cards/model-file.ts';
import { inspectModel } from '../core/inspect-model.ts';
import type { Catalogue } from './catalogue.ts';
import { largestFile, modelNamePattern, ownFiles, type ZooEntry } from './manifest.ts';
import { type FilePlan, type Origin, shown } from './origin.ts';
import { parseSource } from './source.ts';

/** What a licence allows, and what has to be shown with it. */
export type Licence = ZooEntry['licence'];

/** A model that is to be installed: what it is, and where each of its files comes from. */
export interface Plan {
  readonly name: string;
  readonly card: ModelCard;
  /** Undefined where neither a manifest nor the card says. */
  readonly licence: Licence | undefined;
  readonly files: readonly FilePlan[];
  /** For people. */
  readonly where: string;
}

/**
 * What a catalogue says of a model.
 *
 * @throws InputError when it has none of the name, or one that this version cannot use.
 *
 * @example
 * const { licence, files } = planOf('yolox-nano-416-fp32', await openCatalogue());
 */
export function planOf(name: string, catalogue: Catalogue): Plan {
  assertKind('planOf', name, 'text', 'the name of a model');
  assertShape('planOf: catalogue', catalogue, { manifest: 'object', where: 'text' }, 'what openCatalogue gives');
  const { manifest, mirror, where } = catalogue;
  const entry = manifest.models.find((one) => one.name === name);
  if (!entry) {
    const why = manifest.unusable.get(name);
    if (why !== undefined) throw new InputError(`this version of Ocellus cannot use the model ${name}: ${why}`);
    const names = manifest.models.map((one) => one.name).join(', ');
    throw new InputError(
      `the zoo has no model ${JSON.stringify(name)}: expected one of ${names}, a URL, or the path of a file`,
    );
  }
  const files = entry.files.map(({ file, sha256, bytes, sources }) => {
    const parsed = sources.map(parseSource);
    const shipped = parsed.filter(({ kind }) => kind === 'shipped');
    const origins: Origin[] = mirror ? [...shipped, mirror.origin(name, file)] : parsed;
    return { file, sha256, bytes, most: bytes, origins };
  });
  return { name, card: entry.card, licence: entry.licence, files, where: mirror ? where : originsOf(files) };
}

/** Where each file is looked for first. */
const originsOf = (files: readonly FilePlan[]): string =>
  [...new Set(files.map(({ origins }) => shown(origins[0]!)))].join(', ');

/**
 * A network at a URL, for which somebody vouches with its sum and a card.
 *
 * @param options `sha256` of the file, 64 hexadecimal digits; `card`, the path of its card. Both are needed.
 * @throws InputError when the sum or the card is missing or wrong.
 *
 * @example
 * await planOfUrl('https://example.org/a.onnx', { sha256: sum, card: 'a.card.json' });
 */
export async function planOfUrl(url: string, options: { sha256?: string; card?: string }): Promise<Plan> {
  assertKind('planOfUrl', url, 'text', 'https://… or http://…');
  assertShape('planOfUrl: options', options, { sha256: 'text?', card: 'text?' });
  const { sha256, card: path } = options;
  const address = maskCredentials(url);
  if (!/^https?:\/\//i.test(url)) throw new InputError(`${address}: expected https://… or http://…`);
  if (sha256 === undefined || !/^[0-9a-f]{64}$/i.test(sha256)) {
    throw new InputError(
      `${address}: expected --sha256 with the 64 digits of the file that is meant, got ${sha256 ?? 'none'}: \`sha256sum FILE\` prints them where you know the file to be right`,
    );
  }
  if (path === undefined)
    throw new InputError(
      `${address}: expected --card X${cardEnding}, as \`ocellus models inspect FILE --card X${cardEnding}\` writes it`,
    );
  const card = await readCard(path);
  const sum = sha256.toLowerCase();
  if (card.sha256 !== undefined && card.sha256 !== sum)
    throw new InputError(`${path} has the sha256 ${card.sha256}: expected that of --sha256, ${sum}`);
  if (card.program)
    throw new InputError(`${path} names a compiled program beside the network: expected a card of one file`);
  const file = fileName(card.file ?? `${card.name}${networkEnding}`);
  return {
    name: installable(card.name),
    card: { ...card, file, sha256: sum },
    licence: licenceOf(card, address),
    files: [{ file, sha256: sum, bytes: undefined, most: largestFile, origins: [{ kind: 'url', url }] }],
    where: address,
  };
}

/**
 * A network or a card of this machine, with what lies beside it.
 *
 * @param options `sha256` that the file has to have, where one knows; `card`, the path of its card where that lies elsewhere.
 * @throws InputError when it cannot be used as it is: `ocellus models inspect` says why.
 *
 * @example
 * await installModel(await planOfFile('yolox_tiny.onnx', { card: 'yolox_tiny.card.json' }));
 */
export async function planOfFile(path: string, options: { sha256?: string; card?: string } = {}): Promise<Plan> {
  assertKind('planOfFile', path, 'text', 'the path of a network or a card');
  assertShape('planOfFile: options', options, { sha256: 'text?', card: 'text?' });
  const found = await findModel(options.card ?? path);
  const card = found.card ?? (await madeCard(path));
  const files: FilePlan[] = [];
  const add = async (from: string, file: string, sha256?: string) => {
    const actual = await sumOf(from);
    if (sha256 !== undefined && actual.sha256 !== sha256.toLowerCase())
      throw new InputError(`${from}: expected sha256 ${sha256}, got ${actual.sha256}: it is another file, or damaged`);
    files.push({ file, ...actual, most: actual.bytes, origins: [{ kind: 'path', path: from }] });
    return actual.sha256;
  };
  // `--card` tells of the file that is given, wherever that lies.
  const network =
    options.card !== undefined && path.endsWith(networkEnding) ? { path, sha256: card.sha256 } : found.network;
  const named: { file?: string; sha256?: string; program?: { file: string; sha256: string } } = {};
  if (network) {
    named.file = fileName(basename(network.path));
    named.sha256 = await add(network.path, named.file, options.sha256 ?? network.sha256);
    const { weights } = await readForm({ ...found, network, program: undefined }, 'network');
    for (const one of weights) await add(join(dirname(network.path), one.path), weightsName(one.path));
  }
  if (found.program) {
    const file = fileName(basename(found.program.path));
    const sha256 = await add(found.program.path, file, found.program.sha256);
    if (network) named.program = { file, sha256 };
    else Object.assign(named, { file, sha256 });
  }
  const { program: _, ...rest } = card;
  return {
    name: installable(card.name),
    card: { ...rest, ...named } as ModelCard,
    licence: licenceOf(card, path),
    files,
    where: path,
  };
}

/** Of a network that tells all itself. */
async function madeCard(path: string): Promise<ModelCard> {
  const { card, problems } = await inspectModel(path, {});
  if (card && problems.length === 0) return card;
  throw new InputError(
    `${path} cannot be used as it is: ${problems.join('; ')}; \`ocellus models inspect ${path}\` says what it is, and writes its card`,
  );
}

async function readCard(path: string): Promise<ModelCard> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new InputError(`the card ${path} cannot be read: ${messageOf(error)}`);
  }
  return validate(ModelCard, value, `card ${path}`);
}

function installable(name: string): string {
  if (new RegExp(modelNamePattern).test(name)) return name;
  throw new InputError(
    `the name ${JSON.stringify(name)} of the card: expected at most 64 lower-case letters, digits, ., _ and -`,
  );
}

/** @throws InputError when it is no plain name, which would lead out of the model's folder. */
function fileName(name: string): string {
  if (/^[^/\\\p{Cc}]{1,200}$/u.test(name) && !name.startsWith('.')) return name;
  throw new InputError(`the file ${JSON.stringify(name)} of the card: expected a name without a folder`);
}

function weightsName(path: string): string {
  if (!path.includes('/') && !path.includes('\\')) return fileName(path);
  throw new InputError(
    `the weights ${path} lie in a folder beside the network: expected them right beside it; export it with one file of weights`,
  );
}

function licenceOf({ source }: ModelCard, origin: string): Licence | undefined {
  const id = source?.licence;
  if (typeof id !== 'string' || id === '') return undefined;
  const notice = typeof source?.notice === 'string' ? source.notice : id;
  return { id: id.slice(0, 100), notice, origin: typeof source?.url === 'string' ? source.url : origin };
}

async function sumOf(path: string): Promise<{ sha256: string; bytes: number }> {
  try {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
    return { sha256: hash.digest('hex'), bytes: (await stat(path)).size };
  } catch (error) {
    throw new InputError(`${path} cannot be read: ${messageOf(error)}`);
  }
}

/** @throws InputError when two files of a plan have one name. */
export function assertDistinct({ name, files }: Plan): void {
  const names = [...files.map(({ file }) => file.toLowerCase()), ...ownFiles(name)];
  const twice = names.find((one, at) => names.indexOf(one) < at);
  if (twice !== undefined) throw new InputError(`the model ${name} has the file ${twice} twice`);
}
