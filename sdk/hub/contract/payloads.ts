import { type TSchema, Type } from '@sinclair/typebox';

/** The content of a topic's messages. */
export interface Payload {
  /** Of its schema: `schemas/<name>.json`. */
  readonly name: string;
  readonly contentType: 'application/json' | 'text/plain' | 'image/jpeg' | 'application/octet-stream';
  /** Undefined for bytes. */
  readonly schema: TSchema | undefined;
  /** For docs/mqtt.md. */
  readonly summary: string;
}

export const words = <Word extends string>(...list: Word[]) => Type.Union(list.map((word) => Type.Literal(word)));

export const CameraStatus = words('online', 'offline', 'disabled');

export const nodeStatus: Payload = {
  name: 'status',
  contentType: 'text/plain',
  schema: words('online', 'offline'),
  summary: '`online`, `offline`',
};

export const cameraStatus: Payload = {
  name: 'camera-status',
  contentType: 'text/plain',
  schema: CameraStatus,
  summary: '`online`, `offline` (no frames arrive), `disabled`',
};

export const count: Payload = {
  name: 'count',
  contentType: 'application/json',
  schema: Type.Integer({ minimum: 0 }),
  summary: 'a whole number',
};

export const onOff: Payload = {
  name: 'on-off',
  contentType: 'text/plain',
  schema: words('ON', 'OFF'),
  summary: '`ON`, `OFF`',
};

export const share: Payload = {
  name: 'share',
  contentType: 'application/json',
  schema: Type.Number({ minimum: 0, maximum: 1 }),
  summary: 'a number from 0 to 1',
};

export const picture: Payload = {
  name: 'picture',
  contentType: 'image/jpeg',
  schema: undefined,
  summary: 'JPEG, the bytes themselves',
};

export const crossing: Payload = {
  name: 'crossing',
  contentType: 'application/json',
  schema: Type.Object(
    {
      label: Type.String(),
      direction: words('in', 'out'),
      total: Type.Integer({ minimum: 1, description: 'Of this label and direction since the start.' }),
      track: Type.Integer({ description: 'Number of the track, unique since the start.' }),
      time: Type.Number({ minimum: 0, description: 'When it was on the line, seconds since 1970.' }),
    },
    { additionalProperties: false },
  ),
  summary: '`{"label", "direction": "in" or "out", "total", "track", "time"}`',
};
