import { isStateName } from '../../../learn/camera/state-name.ts';
import { objectHead } from '../../../learn/ledger/example.ts';
import type { HubLearning } from '../hub-node.ts';

/** What was taught that a camera tells. */
export interface Taught {
  /** What its objects may be called, sorted. */
  readonly labels: readonly string[];
  /** States of its whole view, each with the labels it may have beside `unsure`. */
  readonly states: readonly { readonly head: string; readonly labels: readonly string[] }[];
}

/** @returns By camera; undefined before it is known. */
export function taughtOn(
  learning: HubLearning | undefined,
  cameras: Iterable<string>,
): ReadonlyMap<string, Taught> | undefined {
  if (!learning) return new Map();
  if (!learning.isReady) return undefined;
  const { heads } = learning.summary;
  const labelsOf = (head: string) => heads[head]?.info?.labels ?? [];
  return new Map(
    [...cameras].map((camera) => {
      // From the settings, or of another node, may come what is no level of a topic.
      const names = learning.camera(camera).heads.filter((head) => isStateName(head) && labelsOf(head).length > 0);
      const states = names.sort().map((head) => ({ head, labels: labelsOf(head) }));
      return [camera, { labels: labelsOf(objectHead), states }];
    }),
  );
}
