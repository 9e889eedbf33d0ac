import { type Static, Type } from '@sinclair/typebox';
import type { EventMessage } from '../../../sdk/vision/event.ts';

const Share = Type.Number({ minimum: 0, maximum: 1 });
const Seconds = Type.Number({ minimum: 1e9 });
const Names = Type.Array(Type.String());

const ObjectState = Type.Object(
  {
    id: Type.String({ pattern: '^\\d+\\.\\d{6}-[a-z]{6}$' }),
    camera: Type.String(),
    track_id: Type.Integer({ minimum: 1 }),
    label: Type.String(),
    sub_label: Type.Union([Type.String(), Type.Null()]),
    sub_label_score: Type.Union([Share, Type.Null()]),
    score: Share,
    top_score: Share,
    box: Type.Tuple([Type.Number(), Type.Number(), Type.Number(), Type.Number()]),
    area: Type.Integer({ minimum: 1 }),
    ratio: Type.Number({ exclusiveMinimum: 0 }),
    frame_time: Seconds,
    start_time: Seconds,
    end_time: Type.Union([Seconds, Type.Null()]),
    current_zones: Names,
    entered_zones: Names,
    stationary: Type.Boolean(),
    active: Type.Boolean(),
    motionless_count: Type.Integer({ minimum: 0 }),
    position_changes: Type.Integer({ minimum: 0 }),
    has_snapshot: Type.Boolean(),
    has_clip: Type.Boolean(),
    crossed_lines: Type.Record(Type.String(), Type.Union([Type.Literal('in'), Type.Literal('out')])),
  },
  { additionalProperties: false },
);

/** What the contract says of a message on `<camera>/events`: these fields, and no other. */
export const EventMessageSchema = Type.Object(
  {
    type: Type.Union([Type.Literal('new'), Type.Literal('update'), Type.Literal('end')]),
    before: ObjectState,
    after: ObjectState,
  },
  { additionalProperties: false },
);

// Here the types hold the schema to the code, in both directions.
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
export const schemaFits: Same<Static<typeof EventMessageSchema>, EventMessage> = true;
