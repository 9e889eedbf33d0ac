import { Type } from '@sinclair/typebox';
import { maxKeypoints, maxMaskPoints } from '../../vision/shape.ts';
import { type Payload, words } from './payloads.ts';

const Fraction = (description: string) => Type.Number({ minimum: 0, maximum: 1, description });
const Seconds = Type.Number({ minimum: 0, description: 'Since 1970.' });
const Zones = (description: string) => Type.Array(Type.String(), { description });

/** A tracked object in an event message. */
export const ObjectSchema = Type.Object(
  {
    id: Type.String({ minLength: 1, description: 'The same from `new` to `end`, unique per node.' }),
    camera: Type.String(),
    track_id: Type.Integer({ minimum: 1, description: 'Number of the object, unique while the camera runs.' }),
    label: Type.String(),
    sub_label: Type.Union([Type.String(), Type.Null()], { description: 'Its name from local learning.' }),
    sub_label_score: Type.Union([Fraction('Score of the sub-label.'), Type.Null()]),
    score: Fraction('Median score over the last observations.'),
    top_score: Fraction('The highest median score so far.'),
    box: Type.Tuple([Type.Number(), Type.Number(), Type.Number(), Type.Number()], {
      description: '[x1, y1, x2, y2] in pixels of the frame.',
    }),
    area: Type.Integer({ minimum: 1, description: 'Square pixels.' }),
    ratio: Type.Number({ exclusiveMinimum: 0, description: 'Width over height.' }),
    frame_time: Type.Number({
      ...Seconds,
      description:
        'Seconds since 1970 of this frame: `start_time` plus the time passed since, even if the clock was set.',
    }),
    start_time: Type.Number({
      ...Seconds,
      description: 'Of the first frame it was seen in, by the clock at that time; the same from `new` to `end`.',
    }),
    end_time: Type.Union([Seconds, Type.Null()], {
      description: 'Of the last frame it was seen in, never before `start_time`; null while it is there.',
    }),
    current_zones: Zones('Zones it is in.'),
    entered_zones: Zones('All zones it has been in.'),
    stationary: Type.Boolean({ description: 'It has not moved for a while.' }),
    active: Type.Boolean(),
    motionless_count: Type.Integer({ minimum: 0, description: 'Frames since it last moved.' }),
    position_changes: Type.Integer({ minimum: 0 }),
    has_snapshot: Type.Boolean({ description: 'A picture of it is on its label’s snapshot topic.' }),
    has_clip: Type.Boolean({
      description:
        'A clip of it is kept: in answers to `request/events`. Messages come before their clip, and have false.',
    }),
    crossed_lines: Type.Record(Type.String(), words('in', 'out'), {
      description: 'Lines it crossed, by name, with the direction of the last crossing.',
    }),
    keypoints: Type.Optional(
      Type.Array(
        Type.Object(
          { name: Type.String(), x: Type.Number(), y: Type.Number(), score: Fraction('How sure it is to be there.') },
          { additionalProperties: false },
        ),
        {
          maxItems: maxKeypoints,
          description:
            'Of models that find them: its points when it was last seen, in pixels of the frame; some may lie outside.',
        },
      ),
    ),
    skeleton: Type.Optional(
      Type.Array(Type.Tuple([Type.Integer({ minimum: 0 }), Type.Integer({ minimum: 0 })]), {
        maxItems: 2 * maxKeypoints,
        description: 'With `keypoints`: pairs of their indices that are joined in drawings.',
      }),
    ),
    mask: Type.Optional(
      Type.Array(Type.Array(Type.Tuple([Type.Number(), Type.Number()]), { minItems: 3 }), {
        description: `Of models that find it: its outline when it was last seen, polygons in pixels of the frame with at most ${maxMaskPoints} corners in all, filled by the non-zero rule.`,
      }),
    ),
  },
  { additionalProperties: false },
);

/** A message on `<camera>/events`; tests/hub/contract holds it to `EventMessage`. */
export const EventSchema = Type.Object(
  {
    type: words('new', 'update', 'end'),
    sequence: Type.Integer({
      minimum: 1,
      description: 'Counts the messages of one event: duplicates have the same number.',
    }),
    before: Type.Object(ObjectSchema.properties, {
      additionalProperties: false,
      description: 'The state in the previous message; in a new event the same as after.',
    }),
    after: ObjectSchema,
  },
  { additionalProperties: false },
);

export const event: Payload = {
  name: 'event',
  contentType: 'application/json',
  schema: EventSchema,
  summary: 'JSON, see below',
};
