import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { maskCredentials } from '../base/credentials.ts';
import { InputError, messageOf } from '../base/errors.ts';
import { fetchSmall } from './download.ts';
import type { Origin } from './origin.ts';

/**
 * A place with the layout of a zoo: `zoo.json` and `zoo.json.sig`, both of which may be absent, and each file as
 * `MODEL/FILE`. So the folder that models are installed in is one as well.
 */
export interface Mirror {
  /** For messages, without passwords. */
  readonly where: string;
  /** @returns Undefined when there is no such file. @throws InputError when it cannot be read. */
  read(name: string, most: number): Promise<Buffer | undefined>;
  /** Where a file of a model is; nothing is read. */
  origin(model: string, file: string): Origin;
}

/**
 * Opens a mirror.
 *
 * @param from `http://…`, `https://…`, or the path of a folder.
 * @throws InputError when it is neither.
 */
export async function openMirror(from: string): Promise<Mirror> {
  if (/^https?:\/\//i.test(from)) return ofServer(from);
  if (/^[a-z][a-z0-9+.-]+:/i.test(from)) {
    throw new InputError(`the mirror ${maskCredentials(from)}: expected http://…, https://… or a folder`);
  }
  const folder = resolve(from);
  const found = await stat(folder).catch(() => undefined);
  if (!found?.isDirectory())
    throw new InputError(`the mirror ${folder} is no folder: expected one, or http://… or https://…`);
  return {
    where: folder,
    read: (name, most) => readFrom(join(folder, name), most),
    origin: (model, file) => ({ kind: 'path', path: join(folder, model, file) }),
  };
}

function ofServer(from: string): Mirror {
  let base: URL;
  try {
    base = new URL(from.endsWith('/') ? from : `${from}/`);
  } catch {
    throw new InputError(
      `the mirror ${maskCredentials(from)} is no URL: expected http://HOST/…, https://HOST/… or a folder`,
    );
  }
  return {
    where: maskCredentials(base.href),
    read: (name, most) => fetchSmall(new URL(name, base).href, most),
    origin: (model, file) => ({ kind: 'url', url: new URL(`${model}/${file}`, base).href }),
  };
}

async function readFrom(path: string, most: number): Promise<Buffer | undefined> {
  try {
    const { size } = await stat(path);
    if (size > most) throw new InputError(`expected at most ${most} bytes, got ${size}`);
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new InputError(`${path} cannot be read: ${messageOf(error)}`);
  }
}
