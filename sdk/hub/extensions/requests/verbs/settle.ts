import { type Static, Type } from '@sinclair/typebox';
import { InputError } from '../../../../base/errors.ts';
import type { Answer } from '../../../../learn/lessons.ts';
import { Fields } from '../../../contract/fields.ts';
import { AsideId, ChangedHeads, ExampleId, Label, learningOf, Negative, withChanges } from './learning.ts';
import { defineVerb } from './verb.ts';

const request = Fields({
  aside: AsideId,
  label: Type.Optional(Label),
  negative: Negative,
  replace: Type.Optional(
    Type.Boolean({ description: 'True: the earlier examples were wrong, and are forgotten. Default: false.' }),
  ),
  forget: Type.Optional(Type.Boolean({ description: 'True: it is forgotten.' })),
});

export const settle = defineVerb({
  name: 'settle',
  description:
    'Answers what a lesson that was kept aside is: it is taught as `label`, whatever speaks against it, or with `forget` it is forgotten.',
  request,
  response: Fields({
    aside: Type.String(),
    examples: Type.Array(ExampleId, { description: 'The new examples.' }),
    heads: ChangedHeads,
  }),
  run: async (data, context) => {
    const learning = learningOf(context);
    const answer = answerOf(data);
    const work = () => learning.settle(data.aside, answer);
    const { result, heads } = await withChanges(learning, context.node.name, work);
    return { aside: data.aside, examples: (result?.examples ?? []).map(({ id }) => id), heads };
  },
});

/** @returns Undefined: it is forgotten. @throws InputError unless it is one answer. */
function answerOf({ label, negative, replace, forget }: Static<typeof request>): Answer | undefined {
  const isOther = negative !== undefined || replace !== undefined;
  if (forget === true && label === undefined && !isOther) return undefined;
  if (forget !== true && label !== undefined) {
    return { label, ...(negative !== undefined && { negative }), ...(replace !== undefined && { replace }) };
  }
  throw new InputError('expected a label (with negative and replace, if you like), or forget: true');
}
