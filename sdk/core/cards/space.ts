import { createHash } from 'node:crypto';
import { assertShape } from '../../base/arguments.ts';
import { InputError } from '../../base/errors.ts';
import type { ClassifierCard } from './card.ts';

/** Said of a classifier that has none, wherever one is asked for. */
export const noEmbedding =
  "this classifier's card names no embedding (outputs.embedding and dimension), so nothing can be learned from it: leave out the model for the one that ships, or export its penultimate layer as a second output";

/**
 * The name of the space in which a network's embeddings lie: 16 hex digits of a SHA-256 over the network's bytes,
 * its preprocessing, and which output is read. Embeddings of two spaces have nothing to say to each other.
 *
 * @param card With its file's sha256, as a loaded `Classifier`'s has.
 * @throws InputError when the card has none, or the network gives no embeddings.
 */
export function spaceOf(card: ClassifierCard): string {
  assertShape('spaceOf', card, { input: 'object', outputs: 'object' }, 'the card of a classifier');
  const { sha256, input, outputs, dimension } = card;
  if (!sha256)
    throw new InputError('sha256: expected the card to say it, got nothing; load the model, its card has it');
  if (outputs.embedding === undefined) throw new InputError(noEmbedding);
  // In a fixed order, whatever that of the card is.
  const { width, height, layout, type, channels, mean, std, resize, region_resize: regionResize, align, pad } = input;
  const preprocessing = [width, height, layout, type, channels, mean, std, resize, regionResize, align, pad];
  const what = JSON.stringify([sha256, preprocessing, outputs.embedding, dimension]);
  return createHash('sha256').update(what).digest('hex').slice(0, 16);
}
