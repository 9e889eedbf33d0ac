import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { asset } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { cardEnding, type FoundModel, networkEnding } from '../../../sdk/core/cards/model-file.ts';
import { runJson } from '../../shared/run.ts';
import { type ForeignEngine, foreignEngines } from './task.ts';
import { lastLine } from './turns.ts';

interface PythonEngine {
  readonly version?: string;
  /** Why it cannot be used. */
  readonly why?: string;
}

/** What a Python has of the foreign engines. */
export type PythonEngines = Readonly<Record<ForeignEngine, PythonEngine>> & { readonly python: string };

/** Asks an interpreter what it has. One that is not there has none, and why. */
export async function pythonEngines(python: string): Promise<PythonEngines> {
  try {
    const found = await runJson<Record<ForeignEngine, PythonEngine>>(python, [
      asset('tools', 'cli', 'bench', 'adapter.py'),
      'list',
    ]);
    return { ...found, python };
  } catch (error) {
    const why = `the Python ${python} cannot be used: ${lastLine(error)}; --python names another`;
    const none = Object.fromEntries(foreignEngines.map((engine) => [engine, { why }]));
    return { ...(none as Record<ForeignEngine, PythonEngine>), python };
  }
}

const endings: Readonly<Record<ForeignEngine, string>> = { ncnn: '.param', litert: '.tflite' };

/**
 * The files of a model that a foreign engine runs: beside its network, or its card, with the same name and perhaps more
 * (`NAME.tflite`, `NAME-int8.tflite`, `NAME.ncnn.param`), unless that is the name of another network there.
 *
 * @throws InputError when there are none.
 */
export async function filesFor({ network, program, name }: FoundModel, engine: ForeignEngine): Promise<string[]> {
  const { path } = (network ?? program)!;
  const folder = dirname(path);
  const own = basename(path).replace(/\.(onnx|ocp)$/, '');
  const names = await readdir(folder).catch((): string[] => []);
  const others = names.flatMap((one) => {
    const ending = [networkEnding, cardEnding].find((known) => one.endsWith(known));
    const stem = ending && one.slice(0, -ending.length);
    return stem !== undefined && stem.length > own.length ? [stem] : [];
  });
  const isNamed = (one: string, stem: string) => one.startsWith(stem) && /^[._-]/.test(one.slice(stem.length));
  const found = names.filter(
    (one) => one.endsWith(endings[engine]) && isNamed(one, own) && !others.some((other) => isNamed(one, other)),
  );
  if (found.length > 0) return found.sort().map((one) => join(folder, one));
  throw new InputError(`expected a file ${own}*${endings[engine]} beside ${basename(path)} of ${name}, found none`);
}
