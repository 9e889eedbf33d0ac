import { cosineOf } from '../../core/embedding.ts';
import { type Draft, type Example, objectHead } from './example.ts';

/**
 * From this cosine on, two embeddings are of nearly the same picture. Of different objects (320 pictures of clothing, 222
 * objects of COCO) no two had more than 0.91; of one object standing still it is 0.94 and more.
 */
const samePicture = 0.94;
/** Two states of one view differ only in a small part of it, so only the very same view counts as the same. */
const sameView = 0.998;

type Meant = Required<Pick<Draft, 'label' | 'negative' | 'embedding'>>;

/** Whether an example of the same head labels nearly the same picture differently. */
export function contradicts({ label, negative = false, embedding, head = objectHead }: Draft, example: Meant): boolean {
  const isOther = example.label === label ? example.negative !== negative : !example.negative && !negative;
  return isOther && cosineOf(example.embedding, embedding) >= (head === objectHead ? samePicture : sameView);
}

/** Examples of the same head that contradict nearly the same picture: another label, or a negative of the same one. */
export function contradictionsOf(draft: Draft, examples: readonly Example[]): Example[] {
  return examples.filter((example) => contradicts(draft, example));
}
