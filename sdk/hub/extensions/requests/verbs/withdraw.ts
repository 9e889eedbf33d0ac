import { Type } from '@sinclair/typebox';
import { Fields } from '../../../contract/fields.ts';
import { ChangedHeads, learningOf, withChanges } from './learning.ts';
import { defineVerb } from './verb.ts';

export const withdraw = defineVerb({
  name: 'withdraw',
  description: 'Takes back a cut that this node made: what it took out counts again.',
  request: Fields({ cut: Type.String({ minLength: 1, maxLength: 64, description: 'Its id, as `list` tells it.' }) }),
  response: Fields({ cut: Type.String(), heads: ChangedHeads }),
  bare: 'cut',
  run: async ({ cut }, context) => {
    const learning = learningOf(context);
    const { heads } = await withChanges(learning, context.node.name, () => learning.withdraw(cut));
    return { cut, heads };
  },
});
