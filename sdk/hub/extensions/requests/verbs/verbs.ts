import type { Static } from '@sinclair/typebox';
import { accept } from './accept.ts';
import { change } from './change.ts';
import { events } from './events.ts';
import { forget } from './forget.ts';
import { info } from './info.ts';
import { list } from './list.ts';
import { relabel } from './relabel.ts';
import { restart } from './restart.ts';
import { rollback } from './rollback.ts';
import { settle } from './settle.ts';
import { snapshot } from './snapshot.ts';
import { state } from './state.ts';
import { teach } from './teach.ts';
import { update } from './update.ts';
import { why } from './why.ts';
import { withdraw } from './withdraw.ts';

/** What each hub answers. */
export const standardVerbs = [
  info,
  state,
  snapshot,
  change,
  events,
  why,
  restart,
  update,
  teach,
  list,
  relabel,
  forget,
  withdraw,
  rollback,
  accept,
  settle,
] as const;

/** A verb that each hub answers, the last part of the topic `request/<verb>`. */
export type StandardVerb = (typeof standardVerbs)[number];

/** The verbs of each hub by name, with the types of what is asked and of `data` in the answer. */
export type Verbs = {
  [V in StandardVerb as V['name']]: { request: Static<V['request']>; response: Static<V['response']> };
};
