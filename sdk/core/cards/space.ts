import { createHash } from 'node:crypto';
import { assertShape } from '../../base/arguments.ts';
import { InputError } from '../../base/errors.ts';
import type { ClassifierCard } from './card.ts';

/** The message about a classifier without embeddings, wherever they are needed. */
export const noEmbedding =
  "this classifier's card names no embedding (outputs.embedding and dimension), so nothing can be learned from it: omit the model to use the default one, or export its penultimate layer as a second output";

/**
 * The name of a network's embedding space: 16 hex digits of a SHA-256 over the network's bytes, its preprocessing, and
 * which output is read. Embeddings of different spaces cannot be compared.
 *
 * @param card With its file's sha256, as a loaded `Classifier`'s has.
 * @throws InputError when the card has none, or the network has no embeddings.
 */
export function spaceOf(card: ClassifierCard): string {
  assertShape('spaceOf', card, { input: 'object', outputs: 'object' }, 'the card of a classifier');
  const { sha256, input, outputs, dimension } = card;
  if (!sha256)
    throw new InputError('sha256: expected it in the card, got nothing; use the card of a loaded model, which has it');
  if (outputs.embedding === undefined) throw new InputError(noEmbedding);
  // In a fixed order, independent of the card's.
  const { width, height, layout, type, channels, mean, std, resize, region_resize: regionResize, align, pad } = input;
  const preprocessing = [width, height, layout, type, channels, mean, std, resize, regionResize, align, pad];
  const what = JSON.stringify([sha256, preprocessing, outputs.embedding, dimension]);
  return createHash('sha256').update(what).digest('hex').slice(0, 16);
}
