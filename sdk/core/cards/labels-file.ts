import { access, readFile } from 'node:fs/promises';
import { InputError, messageOf } from '../../base/errors.ts';

/** Labels, and the file that they are from. */
export interface LabelList {
  readonly path: string;
  readonly labels: readonly string[];
}

/** Beside `X.onnx`: its labels, where it has no card. */
export const labelsEnding = '.labels.txt';

/**
 * Reads a list of labels: one a line, in the order of the classes; or those of a card (`.json`).
 *
 * @throws InputError when it cannot be read, has none, or a line is empty.
 */
export async function readLabels(path: string): Promise<LabelList> {
  let text: string;
  try {
    text = (await readFile(path, 'utf8')).replace(/^\ufeff/, '');
  } catch (error) {
    throw new InputError(`the labels ${path} cannot be read: ${messageOf(error)}`);
  }
  const labels = path.endsWith('.json') ? ofCard(text, path) : labelsOfLines(text);
  if (labels.length === 0) throw new InputError(`the labels ${path}: expected one a line, got an empty file`);
  const empty = labels.indexOf('');
  if (empty !== -1) {
    throw new InputError(
      `the labels ${path}: expected a label in each line, got none in line ${empty + 1}; a class that is not to be named has a label, too`,
    );
  }
  return { path, labels };
}

/** Those beside a network. @param own Its path without the ending. */
export async function labelsBeside(own: string): Promise<LabelList | undefined> {
  const path = `${own}${labelsEnding}`;
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  return isThere ? readLabels(path) : undefined;
}

/** One a line; a text without any has none. */
export function labelsOfLines(text: string): string[] {
  return text
    .replace(/\s+$/, '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line, _, lines) => lines.length > 1 || line !== '');
}

function ofCard(text: string, path: string): string[] {
  let card: unknown;
  try {
    card = JSON.parse(text);
  } catch (error) {
    throw new InputError(`the labels ${path}: expected a card, which is JSON: ${messageOf(error)}`);
  }
  const labels = Array.isArray(card) ? card : (card as { labels?: unknown } | null)?.labels;
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'string')) {
    throw new InputError(`the labels ${path}: expected a card with "labels", or a list of texts`);
  }
  return labels;
}
