import { readFile, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { InputError, messageOf } from '../../base/errors.ts';
import { readOnnxGraph } from '../onnx/graph.ts';
import type { ExternalWeights } from './engine.ts';

/**
 * The files beside a model that hold its weights, as exporters write them for large ones, and torch 2.9 and later for all:
 * `m.onnx.data` beside `m.onnx`.
 *
 * @param path Of the model.
 * @param name Of the model, for messages.
 * @throws InputError when one is missing, or lies outside the model's folder.
 */
export async function readExternalWeights(bytes: Uint8Array, path: string, name: string): Promise<ExternalWeights[]> {
  const constants = readOnnxGraph(bytes)?.constants.values() ?? [];
  const locations = new Set([...constants].flatMap(({ location }) => (location ? [location.path] : [])));
  const weights: ExternalWeights[] = [];
  for (const location of locations) weights.push({ path: location, data: await readWeights(location, path, name) });
  return weights;
}

async function readWeights(location: string, path: string, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const outside = `the model ${name} wants its weights from ${location}: expected a file in its own folder or below`;
  const parts = location.split(/[/\\]/);
  if (location === '' || isAbsolute(location) || /^[a-z]:/i.test(location) || parts.includes('..')) {
    throw new InputError(outside);
  }
  const file = join(dirname(path), ...parts);
  // Where a cache keeps both elsewhere and has links to them, they lie together there.
  const folders = [dirname(path), dirname(await realpath(path))];
  let real: string;
  try {
    real = await realpath(file);
  } catch (error) {
    throw new InputError(
      `the model ${name} has its weights in ${location}, which cannot be read: ${messageOf(error)}; keep the two files together, under the names they were exported with`,
    );
  }
  const isInside = await Promise.all(folders.map(async (folder) => liesIn(real, await realpath(folder))));
  if (!isInside.includes(true)) throw new InputError(outside);
  try {
    return await readFile(real);
  } catch (error) {
    throw new InputError(`the weights ${file} of the model ${name} cannot be read: ${messageOf(error)}`);
  }
}

function liesIn(file: string, folder: string): boolean {
  const way = relative(folder, file);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
