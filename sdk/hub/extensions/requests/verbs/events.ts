import { Type } from '@sinclair/typebox';
import { composed } from '../../../../base/composed.ts';
import { InputError } from '../../../../base/errors.ts';
import type { StoredEvent } from '../../../../history/stored-event.ts';
import type { ObjectState } from '../../../../vision/event.ts';
import { ObjectSchema } from '../../../contract/event.ts';
import { Camera, Fields } from '../../../contract/fields.ts';
import { defineVerb } from './verb.ts';

const pageSize = 20;

const text = (description: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 64, description }));

export const events = defineVerb({
  name: 'events',
  description:
    'Past events, the newest first, as each was told last: of all cameras, or of what is given, which has to fit altogether. Their pictures and clips are on the page.',
  request: Fields({
    camera: Type.Optional(Camera),
    label: text('What the network says.'),
    name: text('What it was taught.'),
    zone: text('A zone that it entered.'),
    day: Type.Optional(
      Type.String({
        pattern: '^\\d{4}-\\d{2}-\\d{2}$',
        description: 'A day such as 2026-12-01, by the time zone of the board.',
      }),
    ),
    before: text('The `next` of an answer: the page that follows.'),
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 100, description: `Events of a page. Default: ${pageSize}.` }),
    ),
  }),
  response: Fields({
    events: Type.Array(ObjectSchema),
    next: Type.Union([Type.String(), Type.Null()], { description: 'Null: nothing follows.' }),
  }),
  bare: 'camera',
  run: async ({ limit = pageSize, label, name, ...query }, { node }) => {
    if (!node.history) throw new InputError('this node has no history of events');
    const page = await node.history.list({
      ...{ limit, ...query },
      ...(label !== undefined && { label: composed(label) }),
      ...(name !== undefined && { name: composed(name) }),
    });
    return { events: page.events.map(stateOf), next: page.next };
  },
});

const stateOf = ({ picture: _, clip_at: __, place: ___, age: ____, ...state }: StoredEvent): ObjectState => state;
