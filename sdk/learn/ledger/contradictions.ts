import { InputError } from '../../base/errors.ts';
import { cosineOf } from '../../core/embedding.ts';
import { type Draft, type Example, objectHead } from './example.ts';

/**
 * From this cosine on, two embeddings are of nearly the same picture. Of different objects (320 pictures of clothing, 222
 * objects of COCO) no two had more than 0.91; of one object standing still it is 0.94 and more.
 */
const samePicture = 0.94;
/** Two states of one view differ only in a small part of it, so only the very same view counts as the same. */
const sameView = 0.998;

/** A lesson contradicts what was taught before about a picture. Nothing was accepted. */
export class ContradictionError extends InputError {
  /** What was taught before about nearly the same pictures. */
  readonly known: readonly Example[];

  constructor(draft: Pick<Draft, 'label' | 'negative'>, known: readonly Example[]) {
    const [first] = known;
    const others = known.length > 1 ? ` and ${known.length - 1} more` : '';
    super(
      `this is nearly the same picture as one that was taught as ${meaningOf(first!)} (example ${first!.id}${others}), and both as that and as ${meaningOf(draft)} it teaches nothing right: ` +
        'relabel or forget the earlier one, or teach it anyway',
    );
    this.name = 'ContradictionError';
    this.known = known;
  }
}

const meaningOf = ({ label, negative }: Pick<Draft, 'label' | 'negative'>) => `${negative ? 'not ' : ''}"${label}"`;

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
