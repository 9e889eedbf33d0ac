import { Fields } from '../../../contract/fields.ts';
import { Head, HeadName, headOf, learningOf } from './learning.ts';
import { defineVerb } from './verb.ts';

export const accept = defineVerb({
  name: 'accept',
  description: 'Uses the newest examples of a head although it came out worse, or was rolled back.',
  request: Fields({ head: HeadName }),
  response: Fields(Head),
  bare: 'head',
  run: async ({ head }, context) => {
    const learning = learningOf(context);
    await learning.accept(head);
    return headOf(learning, head);
  },
});
