import { noModel } from '../../config/schema.ts';
import type { HubNode } from './hub-node.ts';

/** Whether there is none on purpose: then do not wait for a model's labels. */
export function hasNoDetector(node: Pick<HubNode, 'card' | 'stats'>): boolean {
  return !node.card && node.stats().model === noModel;
}
