import { InputError } from '../../sdk/base/errors.ts';
import { loadClassifier } from '../../sdk/core/classifier.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { embedPicture } from '../../sdk/learn/camera/embed-picture.ts';
import type { Learner } from '../../sdk/learn/learner.ts';
import { objectHead, unknown } from '../../sdk/learn/ledger/example.ts';
import type { Told } from '../worker/task.ts';
import { openLearner } from './learner.ts';
import type { ModelOptions } from './model-options.ts';

export interface TellerOptions extends ModelOptions {
  /** At most so many classes of a picture, for the network's own. */
  readonly top: number;
  /** Folder of examples; without one, the network's own classes are told. */
  readonly store?: string;
  /** Of the store. */
  readonly head?: string;
}

/** Classes of a picture, best first: the network's own, or taught labels. */
export interface Teller {
  /** The SHA-256 of its network. */
  readonly sha256: string;
  tell(frame: Frame): Promise<readonly Told[]>;
  close(): Promise<void>;
}

/** @throws InputError when there is no such model, store or head. */
export function openTeller(options: TellerOptions): Promise<Teller> {
  return options.store === undefined ? ofClasses(options) : ofTaught(options.store, options);
}

async function ofClasses({ top, head, ...options }: TellerOptions): Promise<Teller> {
  if (head !== undefined) throw new InputError('--head: expected a store as well; name it with --store');
  const classifier = await loadClassifier(options.model, options);
  return {
    sha256: classifier.card.sha256!,
    tell: async (frame) =>
      (await classifier.classify(frame, { topK: top })).map(({ label, score }) => ({ label, score })),
    close: () => classifier.close(),
  };
}

async function ofTaught(store: string, { head = objectHead, ...options }: TellerOptions): Promise<Teller> {
  const { learner, model } = await openLearner(store, options.model);
  try {
    checkHead(learner, head);
    const classifier = await loadClassifier(model, options);
    return {
      sha256: classifier.card.sha256!,
      tell: async (frame) => {
        const { label, score, nearest } = learner.predict(head, await embedPicture(classifier, frame, head))!;
        return [{ label, score, ...(label === unknown && { nearest }) }];
      },
      close: async () => {
        await classifier.close();
        await learner.close();
      },
    };
  } catch (error) {
    await learner.close();
    throw error;
  }
}

function checkHead(learner: Learner, head: string): void {
  if (learner.head(head)?.current) return;
  const known = learner.heads.filter((name) => learner.head(name)?.current);
  throw new InputError(`--head: expected one of ${known.join(', ') || 'none: nothing was taught yet'}, got ${head}`);
}
