import { Type } from '@sinclair/typebox';
import { type Payload, words } from './payloads.ts';

/** Payloads of the additional topics for Home Assistant. */
export const sighting: Payload = {
  name: 'sighting',
  contentType: 'application/json',
  schema: Type.Object(
    {
      event_type: words('new', 'end'),
      id: Type.String({ description: 'Of the event.' }),
      label: Type.String(),
      sub_label: Type.Union([Type.String(), Type.Null()], { description: 'Its name from learning.' }),
      score: Type.Number({ minimum: 0, maximum: 1, description: 'The highest so far.' }),
      zones: Type.Array(Type.String(), { description: 'Zones it entered.' }),
      seconds: Type.Union([Type.Number(), Type.Null()], { description: 'How long it was there; null until it ends.' }),
      has_snapshot: Type.Boolean(),
    },
    { additionalProperties: false },
  ),
  summary:
    'JSON: `event_type` (`new` or `end`), `id`, `label`, `sub_label`, `score`, `zones`, `seconds`, `has_snapshot`',
};

export const eventId: Payload = {
  name: 'event-id',
  contentType: 'text/plain',
  schema: Type.String({ minLength: 1 }),
  summary: 'the event’s `id`',
};

export const direction: Payload = {
  name: 'direction',
  contentType: 'text/plain',
  schema: words('in', 'out'),
  summary: '`in`, `out`',
};

export const modelVersions: Payload = {
  name: 'model',
  contentType: 'application/json',
  schema: Type.Object(
    { installed_version: Type.String(), latest_version: Type.String(), title: Type.String() },
    { additionalProperties: false },
  ),
  summary: '`{"installed_version", "latest_version", "title"}`',
};
