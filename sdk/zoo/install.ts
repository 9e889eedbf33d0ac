import { chmod, mkdtemp, open, readdir, readFile, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { assertKind, assertShape } from '../base/arguments.ts';
import { InputError } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { modelsFolder } from '../config/data-folder.ts';
import { cardEnding, installedModels, listModels } from '../core/cards/model-file.ts';
import type { Patience } from './download.ts';
import { isAlive } from './is-alive.ts';
import { licenceFile, originFile } from './manifest.ts';
import { type FetchOptions, fetchFile } from './origin.ts';
import type { PartialFile } from './partial-file.ts';
import { assertDistinct, type Plan } from './plan.ts';

/** How a model of the catalogue is installed. */
export interface InstallOptions {
  /** Of the models. Default: that of this user. */
  readonly folder?: string;
  /** Told how much of a file is there, again and again. */
  readonly report?: FetchOptions['report'];
  readonly patience?: Patience;
}

/** What became of a plan. */
export interface Installation {
  readonly name: string;
  /** Where it is. */
  readonly folder: string;
  /** It was there already, with the same files, and nothing was done. */
  readonly wasThere: boolean;
}

/** What `origin.json` of an installed model says. */
export interface InstalledOrigin {
  readonly from: string;
  readonly licence: string;
  readonly added: string;
}

/** Room that is left on the disk beside what is fetched. */
const spareBytes = 16 * 2 ** 20;

/**
 * Installs a model: fetches what is missing of its files, verifies them, and moves all to its folder at once. Until
 * then nothing is there by its name, and a model that is replaced stays as it is.
 *
 * @throws InputError when the name is that of a model that ships, there is no room, or a file cannot be fetched.
 *
 * @example
 * const { folder, wasThere } = await installModel(planOf('picodet-layout-cdla', await openCatalogue()));
 */
export async function install(plan: Plan, options: InstallOptions = {}): Promise<Installation> {
  assertShape(
    'installModel: plan',
    plan,
    { name: 'text', card: 'object', files: 'list' },
    'a plan, as planOf makes it',
  );
  assertShape('installModel: options', options, { folder: 'text?', report: 'function?', patience: 'object?' });
  const { folder = modelsFolder(), report, patience } = options;
  const { name, files } = plan;
  if ((await listModels()).some((card) => card.name === name)) {
    throw new InputError(
      `the name ${name} belongs to a model that ships with Ocellus: expected another "name" in the card`,
    );
  }
  assertDistinct(plan);
  const target = join(folder, name);
  if (await isThere(target, plan)) return { name, folder: target, wasThere: true };
  await makeFolder(folder);
  await tidy(folder);
  const partial = join(folder, '.partial');
  await assertRoom(folder, partial, plan);
  const fetched: { file: PartialFile; name: string; from: string }[] = [];
  const work = await mkdtemp(join(folder, `.new-${process.pid}-`));
  try {
    // As any other folder: a service of another user may read it.
    await chmod(work, 0o777 & ~process.umask());
    for (const file of files) {
      const one = await fetchFile(file, { folder: partial, report, patience });
      fetched.push({ ...one, name: file.file });
    }
    for (const { file, name: own } of fetched) await file.moveTo(join(work, own));
    const from = [...new Set(fetched.map((one) => one.from))].join(', ');
    await describe(work, plan, from);
    await replaceFolder(work, target, name, folder);
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    throw error;
  } finally {
    for (const { file } of fetched) await file.close();
  }
  return { name, folder: target, wasThere: false };
}

/**
 * Removes a model that was installed.
 *
 * @throws InputError when it ships with Ocellus, or is not installed.
 *
 * @example
 * await removeModel('picodet-layout-cdla');
 */
export async function remove(name: string, { folder = modelsFolder() }: { folder?: string } = {}): Promise<void> {
  assertKind('removeModel', name, 'text', 'the name of a model');
  await assertRemovable(name, folder);
  const gone = join(folder, `.gone-${process.pid}-${name}`);
  await rename(join(folder, name), gone);
  await rm(gone, { recursive: true, force: true });
}

/** @throws InputError as `remove` does. */
export async function assertRemovable(name: string, folder = modelsFolder()): Promise<void> {
  if ((await listModels()).some((card) => card.name === name))
    throw new InputError(
      `${name} ships with Ocellus and stays: expected a model that \`ocellus models add\` installed`,
    );
  const names = (await installedModels(folder)).map((one) => one.name);
  if (names.includes(name)) return;
  throw new InputError(
    `the model ${JSON.stringify(name)} is not installed: expected ${names.length > 0 ? `one of ${names.join(', ')}` : 'one, there is none'}`,
  );
}

/**
 * What was written down when a model was installed; undefined where it is not there.
 *
 * @example
 * console.log((await originOf('picodet-layout-cdla'))?.from);
 */
export async function originOf(name: string, folder = modelsFolder()): Promise<InstalledOrigin | undefined> {
  assertKind('originOf', name, 'text', 'the name of a model');
  try {
    return JSON.parse(await readFile(join(folder, name, originFile), 'utf8')) as InstalledOrigin;
  } catch {
    return undefined;
  }
}

/** Whether each of its files is there, and its card is the same. */
async function isThere(target: string, plan: Plan): Promise<boolean> {
  const card = await readFile(join(target, `${plan.name}${cardEnding}`), 'utf8').catch(() => undefined);
  if (card !== cardText(plan)) return false;
  for (const { file, bytes } of plan.files) {
    const found = await stat(join(target, file)).catch(() => undefined);
    if (!found || (bytes !== undefined && found.size !== bytes)) return false;
  }
  return true;
}

const cardText = ({ card }: Plan) => `${JSON.stringify(card, null, 2)}\n`;

async function describe(work: string, plan: Plan, from: string): Promise<void> {
  const { licence } = plan;
  const origin: InstalledOrigin = { from, licence: licence?.id ?? '', added: new Date().toISOString() };
  const texts = {
    [`${plan.name}${cardEnding}`]: cardText(plan),
    [originFile]: `${JSON.stringify(origin, null, 2)}\n`,
    ...(licence && { [licenceFile]: `${licence.id}\n${licence.origin}\n\n${licence.notice.trimEnd()}\n` }),
  };
  for (const [name, text] of Object.entries(texts)) {
    const file = await open(join(work, name), 'wx');
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

async function replaceFolder(work: string, target: string, name: string, folder: string): Promise<void> {
  const former = join(folder, `.old-${process.pid}-${name}`);
  const had = await rename(target, former).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return false;
    },
  );
  try {
    await rename(work, target);
  } catch (error) {
    if (had) await rename(former, target);
    throw error;
  }
  await rm(former, { recursive: true, force: true });
}

/** Removes, or puts back, what a process that was killed had in hand. */
async function tidy(folder: string): Promise<void> {
  for (const entry of await readdir(folder)) {
    const [, kind, pid, name] = /^\.(new|old|gone)-(\d+)-(.+)$/.exec(entry) ?? [];
    if (kind === undefined || isAlive(Number(pid))) continue;
    const path = join(folder, entry);
    if (kind === 'old' && !(await stat(join(folder, name!)).catch(() => undefined)))
      await rename(path, join(folder, name!));
    else await rm(path, { recursive: true, force: true });
  }
}

/** @throws InputError when the disk has less room than is to be fetched. */
async function assertRoom(folder: string, partial: string, { name, files }: Plan): Promise<void> {
  let needed = spareBytes;
  for (const { sha256, bytes } of files) {
    const had = await stat(join(partial, sha256)).catch(() => undefined);
    needed += Math.max(0, (bytes ?? 0) - (had?.size ?? 0));
  }
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= needed) return;
  throw new InputError(`no room for ${name} in ${folder}: expected ${needed} bytes, ${bavail * bsize} are free`);
}
