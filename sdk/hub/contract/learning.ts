import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { Fields } from './fields.ts';
import type { Payload } from './payloads.ts';

const OrNull = <Schema extends TSchema>(schema: Schema, description: string) =>
  Type.Union([schema, Type.Null()], { description });

export const Count = (description: string) => Type.Integer({ minimum: 0, description });
export const Fraction = Type.Number({ minimum: 0, maximum: 1 });
export const Seconds = Type.Number({ minimum: 0, description: 'Since 1970.' });

const accuracy =
  'Fraction of the examples that are named rightly when left out, of labels with two or more; null without any.';

/** The current state of a head: part of most answers about learning. */
export const HeadNow = {
  version: OrNull(Type.Integer({ minimum: 1 }), 'In use, or null.'),
  accuracy: OrNull(Fraction, accuracy),
  refused: OrNull(Type.String(), 'Why the newest examples are not in use; null if they are.'),
};

export const HeadState = Fields({
  ...HeadNow,
  kind: OrNull(Type.String(), '`svm`, `prototypes`, `nearest`, or one of your own.'),
  labels: Type.Array(
    Fields({
      label: Type.String(),
      examples: Count('That it was trained from.'),
      accuracy: OrNull(Fraction, accuracy),
    }),
  ),
  negatives: Count('Examples of none of the labels.'),
  false_accept: OrNull(Fraction, 'Fraction of the negatives that are given a label when left out; null without any.'),
  ledger_hash: OrNull(Type.String(), 'SHA-256 of the examples that it was trained from.'),
  head_hash: OrNull(Type.String(), 'SHA-256 of the head: the same on each node that learned from the same examples.'),
});
export type HeadState = Static<typeof HeadState>;

/** The retained state of a node's learning: schema and type (`docs/mqtt.md`). */
export const LearningState = Fields({
  space: OrNull(Type.String(), 'Of the embedding network, once something was taught; nothing is shared across spaces.'),
  model: Type.String({ description: 'The embedding network.' }),
  examples: Count('Of all nodes, including those that do not count.'),
  last_taught: OrNull(Seconds, 'When the newest example that counts was taught, seconds since 1970.'),
  cut_nodes: Type.Array(Type.String(), { description: 'Nodes whose examples do not count.' }),
  waiting: Count('Lessons that are kept aside and wait for an answer: they are not in use.'),
  error: OrNull(Type.String(), 'Why what was taught before cannot be used.'),
  damage: Type.Optional(Type.String({ description: 'Damage found when the store was opened, and what was lost.' })),
  heads: Type.Record(Type.String(), HeadState, {
    description: 'By name: `object` names objects, each other one is a state of the whole view.',
  }),
});
export type LearningState = Static<typeof LearningState>;

export const learningState: Payload = {
  name: 'learning-state',
  contentType: 'application/json',
  schema: LearningState,
  summary: 'JSON, see [Learning](#learning)',
};

export const classification: Payload = {
  name: 'classification',
  contentType: 'text/plain',
  schema: Type.String({ minLength: 1 }),
  summary: 'a label of the state, or `unsure`',
};
