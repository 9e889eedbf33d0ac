import { type Static, Type } from '@sinclair/typebox';
import { InputError } from '../../../../base/errors.ts';
import { type CutTarget, objectHead } from '../../../../learn/ledger/example.ts';
import { Fields } from '../../../contract/fields.ts';
import { ChangedHeads, ExampleId, HeadName, Label, learningOf, withChanges } from './learning.ts';
import { defineVerb } from './verb.ts';

const request = Fields({
  example: Type.Optional(ExampleId),
  head: Type.Optional(HeadName),
  label: Type.Optional(Label),
  node: Type.Optional(
    Type.String({ minLength: 1, maxLength: 64, description: 'All that this node taught, and teaches.' }),
  ),
  reason: Type.Optional(Type.String({ maxLength: 200, description: 'For a person.' })),
});

export const forget = defineVerb({
  name: 'forget',
  description:
    'Forgets an `example`, a `label` (of `head`, by default `object`), or all that a `node` taught. What another node taught is cut out, which can be withdrawn.',
  request,
  response: Fields({
    examples: Type.Integer({ minimum: 0, description: 'How many no longer count.' }),
    cut: Type.Union([Type.String(), Type.Null()], {
      description: 'For `withdraw`, if it is a cut.',
    }),
    heads: ChangedHeads,
  }),
  run: async ({ reason, ...fields }, context) => {
    const learning = learningOf(context);
    const target = targetOf(fields);
    const work = () => learning.forget(target, reason);
    const { result: examples, heads, cut } = await withChanges(learning, context.node.name, work);
    return { examples, cut, heads };
  },
});

/** @throws InputError unless one thing is named. */
function targetOf({ example, head, label, node }: Omit<Static<typeof request>, 'reason'>): CutTarget {
  const targets: CutTarget[] = [];
  if (example !== undefined) targets.push({ example });
  if (label !== undefined) targets.push({ head: head ?? objectHead, label });
  if (node !== undefined) targets.push({ node });
  const [target, ...others] = targets;
  if (target && others.length === 0 && (head === undefined || label !== undefined)) return target;
  throw new InputError('expected one of example, label (with head, where it is not object), node');
}
