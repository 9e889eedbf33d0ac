import type { KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { readSettings, resolveSettings } from '../../sdk/config/settings.ts';
import type { ModelCard } from '../../sdk/core/cards/card.ts';
import { installedModels, listModels } from '../../sdk/core/cards/model-file.ts';
import { type Catalogue, openCatalogue } from '../../sdk/zoo/catalogue.ts';
import { assertRemovable, install, originOf, remove } from '../../sdk/zoo/install.ts';
import type { ZooEntry } from '../../sdk/zoo/manifest.ts';
import { type Plan, planOf, planOfFile, planOfUrl } from '../../sdk/zoo/plan.ts';
import { publicKey } from '../../sdk/zoo/signature.ts';
import { oneLine, printNote, printWire, progress, table } from '../shared/output.ts';
import { confirm } from './confirm.ts';

/** What `ocellus models` takes about a zoo. */
export interface ZooOptions {
  /** A mirror or a folder. */
  readonly from?: string;
  /** The public key of a zoo of one's own. */
  readonly key?: string;
}

async function catalogueOf({ from, key }: ZooOptions): Promise<Catalogue> {
  if (key === undefined) return openCatalogue({ from });
  if (from === undefined) throw new InputError('--key: expected --from too, the zoo that is signed with it');
  const pem = await readFile(key, 'utf8').catch((error: unknown) => {
    throw new InputError(`--key: ${key} cannot be read: ${messageOf(error)}`);
  });
  const keys: KeyObject[] = [publicKey(pem, `--key ${key}`)];
  return openCatalogue({ from, keys });
}

/** A model of the zoo, or one that was added otherwise. */
interface Row {
  readonly name: string;
  readonly state: 'installed' | 'available';
  readonly card: ModelCard | undefined;
  readonly bytes: number | undefined;
  readonly licence: string;
  readonly from: string;
  readonly entry: ZooEntry | undefined;
  readonly problem?: string;
}

async function rowsOf(catalogue: Catalogue): Promise<Row[]> {
  const installed = await installedModels();
  const rows = installed.map(async ({ name, card, problem }): Promise<Row> => {
    const entry = catalogue.manifest.models.find((one) => one.name === name);
    const origin = await originOf(name);
    const licence = origin?.licence ?? entry?.licence.id ?? '';
    return {
      name,
      state: 'installed',
      card,
      bytes: entry && sizeOf(entry),
      licence,
      from: origin?.from ?? '',
      entry,
      problem,
    };
  });
  const others = catalogue.manifest.models.filter(({ name }) => !installed.some((one) => one.name === name));
  const available = others.map(
    (entry): Row => ({
      name: entry.name,
      state: 'available',
      card: entry.card,
      bytes: sizeOf(entry),
      licence: entry.licence.id,
      from: catalogue.mirror ? catalogue.where : entry.files[0]!.sources[0]!.replace(/#.*/, ''),
      entry,
    }),
  );
  return [...(await Promise.all(rows)), ...available].sort((a, b) => (a.name < b.name ? -1 : 1));
}

const sizeOf = ({ files }: ZooEntry) => files.reduce((all, { bytes }) => all + bytes, 0);

/** The models that were installed or can be. */
export async function listZoo(
  options: ZooOptions,
  json: boolean,
  accuracyOf: (card: ModelCard) => string,
): Promise<void> {
  const catalogue = await catalogueOf(options);
  const rows = await rowsOf(catalogue);
  for (const { name, problem } of rows)
    if (problem) printNote(`the installed model ${name} cannot be used: ${problem}`);
  for (const [name, why] of catalogue.manifest.unusable)
    printNote(`this version of Ocellus cannot use the model ${name}: ${why.split('\n').join(' ')}`);
  if (json) {
    for (const { name, state, card, bytes, licence, from, entry } of rows) {
      const multiply_adds = entry?.multiply_adds;
      await printWire({ name, state, task: card?.task, bytes, licence, from, multiply_adds, card });
    }
    return;
  }
  const head = ['ZOO', 'TASK', 'STATE', 'INPUT', 'SIZE', 'WORK', 'ACCURACY', 'LICENCE', 'FROM'];
  const lines = rows.map(({ name, state, card, bytes, licence, from, entry }) => [
    name,
    card?.task ?? '',
    state,
    card ? `${card.input.width}x${card.input.height}` : '',
    bytes === undefined ? '' : megabytes(bytes),
    entry?.multiply_adds === undefined ? '' : `${(entry.multiply_adds / 1e6).toFixed(0)} M`,
    card ? accuracyOf(card) || 'not measured' : '',
    licence,
    oneLine(from),
  ]);
  console.log(table([head, ...lines]));
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

export interface AddOptions extends ZooOptions {
  readonly yes?: boolean;
  readonly sha256?: string;
  readonly card?: string;
}

/** @param what A name of the zoo, a URL, or the path of a file. */
export async function addModel(what: string, options: AddOptions): Promise<void> {
  const plan = await planFor(what, options);
  printLicence(plan);
  if (!options.yes) await confirm(`Install ${plan.name}?`);
  const done = await install(plan, { report: reporter() });
  if (done.wasThere) printNote(`${done.name} is installed already, with the same files`);
  const command = plan.card.task === 'classify' ? 'classify' : 'detect';
  console.log(`${done.name}: ${done.folder}; ocellus ${command} PICTURE --model ${done.name}`);
}

async function planFor(what: string, options: AddOptions): Promise<Plan> {
  const { from, key, sha256, card } = options;
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(what);
  const isFile = !isUrl && (/[\\/]|\.(onnx|ocp|json)$/i.test(what) || existsSync(what));
  if (isUrl || isFile) {
    if (from !== undefined || key !== undefined)
      throw new InputError(`--from and --key: expected the name of a model with them, got ${what}`);
    return isUrl ? planOfUrl(what, { sha256, card }) : planOfFile(what, { sha256, card });
  }
  if (sha256 !== undefined || card !== undefined)
    throw new InputError(`--sha256 and --card: expected a URL or a file with them; of ${what} the zoo has both`);
  // Before anything is fetched.
  if ((await listModels()).some(({ name }) => name === what))
    throw new InputError(`${what} ships with Ocellus: it is there already`);
  return planOf(what, await catalogueOf({ from, key }));
}

/** What somebody agrees to, on stderr like all messages. */
function printLicence({ name, card, licence, files, where }: Plan): void {
  const total = files.reduce((all, { bytes }) => all + (bytes ?? Number.NaN), 0);
  const size = Number.isNaN(total) ? 'of unknown size' : megabytes(total);
  const lines = [
    `${name}: ${card.title ?? card.task}, ${size}, from ${where}`,
    licence
      ? `licence ${licence.id}, of ${licence.origin}`
      : 'licence not stated: whether you may use it is for you to find out',
    ...(licence?.notice ?? '').split('\n'),
  ];
  for (const line of lines) console.error(oneLine(line));
}

/** Lines of a log are worth more than the progress of less. */
const largeBytes = 50e6;

/** One bar a file, in percent. */
function reporter() {
  let current: { file: string; bar: ReturnType<typeof progress>; percent: number } | undefined;
  return (file: string, done: number, total: number | undefined): void => {
    if (total === undefined || (total < largeBytes && !process.stderr.isTTY)) return;
    if (current?.file !== file) {
      current?.bar.done();
      current = { file, bar: progress(file, 100), percent: 0 };
    }
    const percent = Math.floor((done / total) * 100);
    for (; current.percent < percent; current.percent++) current.bar.step();
    if (done === total) current.bar.done();
  };
}

/** Removes one, once somebody agreed. @param config The settings that may name it. */
export async function removeModel(name: string, { yes, config }: { yes?: boolean; config: string }): Promise<void> {
  await assertRemovable(name);
  const used = await usesOf(name, config);
  if (used) printNote(`${used}: \`ocellus run\` will not start with it until another model is named there`);
  if (!yes) await confirm(`Remove ${name}?`);
  await remove(name);
  console.log(`${name}: removed`);
}

/** Which setting names it. */
async function usesOf(name: string, config: string): Promise<string | undefined> {
  if (!existsSync(config)) return undefined;
  try {
    const { core, learn } = resolveSettings(await readSettings(config, true));
    if (core.model === name) return `${config} names it as core.model`;
    return learn.model === name ? `${config} names it as learn.model` : undefined;
  } catch (error) {
    return `${config} cannot be read, and may name it (${messageOf(error).split('\n')[0]})`;
  }
}
