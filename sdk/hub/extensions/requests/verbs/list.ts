import { type Static, Type } from '@sinclair/typebox';
import { InputError } from '../../../../base/errors.ts';
import type { Cut } from '../../../../learn/ledger/example.ts';
import type { ListedExample, NearMiss } from '../../../../learn/node-learning.ts';
import { Fields } from '../../../contract/fields.ts';
import { Count, Fraction, LearningState, Seconds } from '../../../contract/learning.ts';
import type { HubLearning } from '../../hub-node.ts';
import { learningState, secondsOf } from '../../learning/learning-state.ts';
import { asideOf, ExampleId, HeadName, headOf, Label, ListedAside, learningOf } from './learning.ts';
import { defineVerb } from './verb.ts';

const pageSize = 20;
const mostConfusions = 50;
const mostIds = 10;

const flag = (description: string) => Type.Optional(Type.Boolean({ description }));

const request = Fields({
  head: Type.Optional(HeadName),
  label: Type.Optional(Label),
  doubtful: flag('Most doubtful examples first; otherwise the newest.'),
  misses: flag('Recent objects whose label would help most, the most uncertain first.'),
  asides: flag('Lessons that are kept aside and wait for `settle`, the newest first.'),
  cuts: flag('Cuts: examples of other nodes that do not count.'),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100, description: `Entries of a page. Default: ${pageSize}.` }),
  ),
  offset: Type.Optional(Type.Integer({ minimum: 0, description: 'Entries before the page. Default: 0.' })),
});

const Listed = Fields({
  id: ExampleId,
  label: Type.String(),
  negative: Type.Boolean({ description: 'It is *not* that.' }),
  camera: Type.String(),
  node: Type.String({ description: 'Where it was taught.' }),
  time: Seconds,
  kind: Type.Union([Type.Literal('track'), Type.Literal('box'), Type.Literal('view')]),
  from: Type.Optional(Type.String({ description: 'The example that it was relabelled from.' })),
  thumbnail: Type.Boolean({ description: 'A picture of it is kept.' }),
});

const Miss = Fields({
  camera: Type.String(),
  track_id: Type.Integer({ minimum: 1 }),
  event_id: Type.Union([Type.String(), Type.Null()]),
  time: Seconds,
  label: Type.String({ description: 'What it is called, or `unknown`.' }),
  nearest: Type.String({ description: 'The nearest label, whether or not it is near enough.' }),
  score: Type.Number({ ...Fraction, description: 'Probability that the nearest one is right.' }),
  likely: Type.Array(Type.String(), {
    description: 'Labels that it may well be, the most likely first; none where it is like nothing that was taught.',
  }),
  doubt: Type.Number({ ...Fraction, description: 'How much a label would help.' }),
});

const ListedCut = Fields({
  id: Type.String(),
  node: Type.String({ description: 'The node that made it; a node can withdraw only its own cuts.' }),
  target: Type.Union([
    Fields({ example: Type.String() }),
    Fields({ head: Type.String(), label: Type.String() }),
    Fields({ node: Type.String() }),
  ]),
  reason: Type.String(),
  time: Seconds,
});

const Confusion = Fields({
  label: Type.String({ description: 'What was taught.' }),
  named: Type.String({ description: 'What it is taken for when left out.' }),
  count: Count('Examples.'),
  examples: Type.Array(ExampleId, { description: `At most ${mostIds} of them.` }),
});

export const list = defineVerb({
  name: 'list',
  description:
    'What was taught, as on `learn/state`. With `head`: of that head alone, with its `versions`, `confusions` and a page of its `listed` examples, of one `label` if you like. With `misses`, `cuts` or `asides`: a page of these.',
  request,
  response: Fields({
    ...LearningState.properties,
    versions: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1 }), { description: 'Versions that can be rolled back to, oldest first.' }),
    ),
    confusions: Type.Optional(
      Type.Array(Confusion, { description: `At most the ${mostConfusions} most frequent ones.` }),
    ),
    total: Type.Optional(Count('Entries of all pages.')),
    listed: Type.Optional(Type.Array(Listed)),
    misses: Type.Optional(Type.Array(Miss)),
    cuts: Type.Optional(Type.Array(ListedCut)),
    asides: Type.Optional(Type.Array(ListedAside)),
  }),
  bare: 'head',
  run: async (data, context) => {
    const learning = learningOf(context);
    const { head, label, doubtful, misses, cuts, asides, limit = pageSize, offset = 0 } = data;
    const subjects = [head !== undefined, misses, cuts, asides].filter(Boolean).length;
    if (subjects > 1 || (head === undefined && (label !== undefined || doubtful))) {
      throw new InputError('expected one of head (and label and doubtful with it), misses, cuts, asides');
    }
    if (!learning.isReady) await learning.open();
    const state = learningState(learning);
    if (head !== undefined) {
      headOf(learning, head);
      return { ...state, heads: { [head]: state.heads[head]! }, ...(await detailsOf(learning, head, data)) };
    }
    const page = <T>(all: readonly T[]) => all.slice(offset, offset + limit);
    if (misses) {
      const { nearMisses } = learning;
      return { ...state, total: nearMisses.length, misses: page(nearMisses).map(missOf) };
    }
    if (asides)
      return { ...state, total: learning.asides.length, asides: page(learning.asides.toReversed()).map(asideOf) };
    if (cuts) return { ...state, total: learning.cuts.length, cuts: page(learning.cuts.toReversed()).map(cutOf) };
    return state;
  },
});

async function detailsOf(learning: HubLearning, head: string, of: Static<typeof request>) {
  const { label, doubtful, limit = pageSize, offset = 0 } = of;
  const filter = { head, ...(label !== undefined && { label }) };
  const examples = await learning.examples({ ...filter, limit, offset, ...(doubtful && { doubtful }) });
  return {
    versions: [...learning.summary.heads[head]!.versions],
    confusions: learning
      .review(head)
      .confusions.slice(0, mostConfusions)
      .map(({ ids, ...confusion }) => ({ ...confusion, examples: ids.slice(0, mostIds) })),
    total: learning.count(filter),
    listed: examples.map(exampleOf),
  };
}

const exampleOf = ({ head: _, timeMs, ...example }: ListedExample): Static<typeof Listed> => ({
  ...example,
  time: secondsOf(timeMs),
});

const missOf = ({ camera, trackId, eventId, timeMs, prediction, likely, doubt }: NearMiss): Static<typeof Miss> => ({
  ...{ camera, track_id: trackId, event_id: eventId ?? null, time: secondsOf(timeMs) },
  ...{ label: prediction.label, nearest: prediction.nearest, score: prediction.score },
  ...{ likely: [...likely], doubt },
});

const cutOf = ({ timeMs, ...cut }: Cut): Static<typeof ListedCut> => ({ ...cut, time: secondsOf(timeMs) });
