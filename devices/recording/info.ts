import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from '@sinclair/typebox';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { CameraSettings } from '../../sdk/config/schema.ts';
import { validate } from '../../sdk/config/validate.ts';

/** Names of the files in a recording's folder (docs/recording.md). */
export const infoFile = 'recording.json';
export const indexFile = 'frames.jsonl';
export const eventsFile = 'events.jsonl';

/** What was recorded, and how. Passwords in it are masked. */
export const RecordingInfo = Type.Object(
  {
    /** 1: frames have `captureTimeNs` and `wallTimeMs` in the index. */
    version: Type.Union([Type.Literal(1), Type.Literal(2)]),
    /** Of Ocellus. */
    ocellus: Type.String(),
    board: Type.String(),
    /** Name of the camera, part of the ids of its events. */
    camera: Type.String({ minLength: 1 }),
    settings: CameraSettings,
    source: Type.Object({
      uri: Type.String(),
      kind: Type.String(),
      title: Type.String(),
      fps: Type.Optional(Type.Number()),
    }),
    /** Name or file of the detector. */
    model: Type.String({ minLength: 1 }),
    codec: Type.Union([Type.Literal('mpeg4'), Type.Literal('ffv1')]),
  },
  { additionalProperties: false },
);
export type RecordingInfo = Static<typeof RecordingInfo>;

/** @throws InputError when the folder holds no recording, or one that cannot be read. */
export async function readRecordingInfo(folder: string): Promise<RecordingInfo> {
  const file = join(folder, infoFile);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new InputError(
      `${folder} is no recording: expected a folder that \`ocellus record\` made, with ${infoFile} in it; ${messageOf(error)}`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${file}: expected JSON; ${messageOf(error)}`);
  }
  return validate(RecordingInfo, value, file);
}
