import { messageOf } from '../../../base/errors.ts';
import type { HubContext } from '../extension.ts';
import { hasNoDetector } from '../no-detector.ts';
import { modelVersions } from './model-versions.ts';

/** The versions of the model that a node uses, once they are known. */
export class KnownModel {
  #versions: string | null | undefined;
  #isLearning = false;

  /** Undefined: not known yet; null: there is nothing to say. */
  get versions(): string | null | undefined {
    return this.#versions;
  }

  /** Finds them out, once, when the model is known. @param update Called when they are. */
  learn({ node, logger }: HubContext, update: () => void): void {
    if (hasNoDetector(node)) this.#versions = null;
    if (this.#isLearning || !node.card) return;
    this.#isLearning = true;
    modelVersions(node.card)
      .catch((error: unknown) => {
        logger.warn(`Home Assistant: the model's version is not known: ${messageOf(error)}`);
        return null;
      })
      .then((versions) => {
        this.#versions = versions;
        update();
      });
  }
}
