import { readFile } from 'node:fs/promises';
import { Document, parseDocument } from 'yaml';
import { InputError } from '../base/errors.ts';

/**
 * A settings file to be changed; an empty one where there is none.
 *
 * @throws InputError when it is not YAML; the system's error when it cannot be read.
 */
export async function readDocument(path: string): Promise<{ document: Document; text: string }> {
  const text = await readText(path);
  return { document: text === '' ? new Document({}) : parseSettings(text, path), text };
}

/** @returns Empty where there is no such file. @throws The system's error when it cannot be read. */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** @throws InputError when it is not YAML, with the line. */
export function parseSettings(text: string, path: string): Document {
  const document = parseDocument(text, { prettyErrors: true });
  const problem = document.errors[0];
  if (problem) {
    // The easiest mistake to make here: `source: scene:`.
    const hint =
      problem.code === 'BLOCK_AS_IMPLICIT_KEY' ? 'Put text that ends in a colon in quotes, as in "scene:".' : '';
    // Its message goes on with the line itself, which may contain a password.
    const [message] = problem.message.split(':\n');
    throw new InputError(`settings file ${path} is not valid YAML: ${message}. ${hint}`.trimEnd());
  }
  return document as unknown as Document;
}
