import { noModel } from '../../config/schema.ts';
import type { HubNode } from './hub-node.ts';

/** Is there none on purpose? Then no labels of a model are to be waited for. */
export function hasNoDetector(node: Pick<HubNode, 'card' | 'stats'>): boolean {
  return !node.card && node.stats().model === noModel;
}
