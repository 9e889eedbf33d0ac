import { Type } from '@sinclair/typebox';
import { Fields } from '../../../contract/fields.ts';
import { ChangedHeads, learningOf, withChanges } from './learning.ts';
import { defineVerb } from './verb.ts';

export const withdraw = defineVerb({
  name: 'withdraw',
  description: 'Withdraws a cut of this node: the examples count again.',
  request: Fields({ cut: Type.String({ minLength: 1, maxLength: 64, description: 'Its id, from `list`.' }) }),
  response: Fields({ cut: Type.String(), heads: ChangedHeads }),
  bare: 'cut',
  run: async ({ cut }, context) => {
    const learning = learningOf(context);
    const { heads } = await withChanges(learning, context.node.name, () => learning.withdraw(cut));
    return { cut, heads };
  },
});
