import { Type } from '@sinclair/typebox';
import { type Payload, words } from './payloads.ts';

/** Payloads that are there for the entities of Home Assistant; docs/home-assistant.md. */

export const sighting: Payload = {
  name: 'seen',
  contentType: 'application/json',
  schema: Type.Object(
    {
      event_type: words('new', 'end'),
      id: Type.String({ description: 'Of the event.' }),
      label: Type.String(),
      sub_label: Type.Union([Type.String(), Type.Null()]),
      score: Type.Number({ minimum: 0, maximum: 1, description: 'The highest so far.' }),
      zones: Type.Array(Type.String(), { description: 'All zones it was in so far.' }),
      seconds: Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
        description: 'How long it was there; null while it is.',
      }),
      has_snapshot: Type.Boolean(),
    },
    { additionalProperties: false },
  ),
  summary:
    'JSON: `event_type` (`new` or `end`), `id`, `label`, `sub_label`, `score`, `zones`, `seconds`, `has_snapshot`',
};

export const appeared: Payload = {
  name: 'appeared',
  contentType: 'text/plain',
  schema: Type.String({ minLength: 1 }),
  summary: 'the event’s `id`',
};

export const crossed: Payload = {
  name: 'crossed',
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
  summary: 'JSON: `installed_version`, `latest_version`, `title`',
};
