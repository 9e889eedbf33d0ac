import type { Static } from '@sinclair/typebox';
import { change } from './change.ts';
import { info } from './info.ts';
import { restart } from './restart.ts';
import { snapshot } from './snapshot.ts';
import { state } from './state.ts';

/** What each hub answers. */
export const standardVerbs = [info, state, snapshot, change, restart] as const;

type StandardVerb = (typeof standardVerbs)[number];

/** The verbs of each hub by name, with the types of what is asked and of `data` in the answer. */
export type Verbs = {
  [V in StandardVerb as V['name']]: { request: Static<V['request']>; response: Static<V['response']> };
};
