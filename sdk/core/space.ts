import { createHash } from 'node:crypto';
import { InputError } from '../errors.ts';
import type { ClassifierCard } from './card.ts';

/**
 * The name of the space in which a network's embeddings lie: 16 hex digits of a SHA-256 over the network's bytes,
 * its preprocessing, and which output is read. Embeddings of two spaces have nothing to say to each other.
 *
 * @param card With its file's sha256, as a loaded `Classifier`'s has.
 * @throws InputError when the card has none.
 */
export function spaceOf({ sha256, input, outputs, dimension }: ClassifierCard): string {
  if (!sha256)
    throw new InputError('sha256: expected the card to say it, got nothing; load the model, its card has it');
  // In a fixed order, whatever that of the card is.
  const { width, height, layout, type, channels, mean, std, resize, regionResize, align, pad } = input;
  const preprocessing = [width, height, layout, type, channels, mean, std, resize, regionResize, align, pad];
  const what = JSON.stringify([sha256, preprocessing, outputs.embedding, dimension]);
  return createHash('sha256').update(what).digest('hex').slice(0, 16);
}
