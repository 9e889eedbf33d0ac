import { Type } from '@sinclair/typebox';
import { Fields } from '../../../contract/fields.ts';
import { Head, HeadName, headOf, learningOf } from './learning.ts';
import { defineVerb } from './verb.ts';

export const rollback = defineVerb({
  name: 'rollback',
  description:
    'Goes back to an earlier version of a head. The one that was in use is not used again until its examples change.',
  request: Fields({
    head: HeadName,
    version: Type.Optional(Type.Integer({ minimum: 1, description: 'Default: the one before the one in use.' })),
  }),
  response: Fields(Head),
  bare: 'head',
  run: async ({ head, version }, context) => {
    const learning = learningOf(context);
    await learning.rollback(head, version);
    return headOf(learning, head);
  },
});
