import { assertShape } from '../../base/arguments.ts';
import type { Classifier } from '../../core/classifier.ts';
import type { Embedding } from '../../core/embedding.ts';
import { assertFrame, type Frame } from '../../frame/frame.ts';
import { objectHead } from '../ledger/example.ts';
import { whole } from './object-names.ts';

/**
 * The embedding of a picture that a head learns from or is asked about, where no camera has followed anything in it.
 *
 * Of an object it is the middle of the picture, as the network's card says: who takes a picture of a thing has it there.
 * A state of a view may show at its edges, and is looked for by cameras in all of the view; so all of it is seen.
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
