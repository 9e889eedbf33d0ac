import { Type } from '@sinclair/typebox';
import { Fields } from '../../../contract/fields.ts';
import { ExampleId, Head, headOf, Label, learningOf, Negative } from './learning.ts';
import { defineVerb } from './verb.ts';

export const relabel = defineVerb({
  name: 'relabel',
  description: 'Gives an example another label: this node gets a new example, and the old one is forgotten.',
  request: Fields({ example: ExampleId, label: Label, negative: Negative }),
  response: Fields({ examples: Type.Array(ExampleId, { description: 'The new label.' }), ...Head }),
  run: async ({ example, label, negative = false }, context) => {
    const learning = learningOf(context);
    const { examples, head } = await learning.relabel(example, { label, negative });
    return { examples: examples.map(({ id }) => id), ...headOf(learning, head) };
  },
});
