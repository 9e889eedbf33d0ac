import { assertShape } from '../../base/arguments.ts';
import type { Classifier } from '../../core/classifier.ts';
import type { Embedding } from '../../core/embedding.ts';
import { assertFrame, type Frame } from '../../frame/frame.ts';
import { objectHead } from '../ledger/example.ts';
import { whole } from './object-names.ts';

/**
 * Computes the embedding of a picture, for heads to learn or name, when no camera has tracked anything in it.
 *
 * For an object it covers the middle of the picture, as the network's card says, since that is where people place it. A
 * state of a view may show at the edges, and cameras look for it in all of the view; so the whole picture is used.
 *
 * @throws InputError as `Classifier.embed` does.
 *
 * @example
 * const frame = await readPicture('mug.jpg');
 * const embedding = await embedPicture(classifier, frame);
 * learner.predict('object', embedding);
 */
export async function embedPicture(
  classifier: Pick<Classifier, 'embed'>,
  frame: Frame,
  head: string = objectHead,
): Promise<Embedding> {
  assertShape('embedPicture', classifier, { embed: 'function' }, 'a classifier');
  assertFrame('embedPicture', frame);
  const [embedding] = await classifier.embed(frame, head === objectHead ? undefined : [whole(frame)]);
  return embedding!;
}
