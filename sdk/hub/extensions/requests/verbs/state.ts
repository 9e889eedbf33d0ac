import { Type } from '@sinclair/typebox';
import { withMaskedSource } from '../../../../config/masked-source.ts';
import { CameraSettings } from '../../../../config/schema.ts';
import { Camera, Fields } from '../../../contract/fields.ts';
import { CameraStatus } from '../../../contract/payloads.ts';
import { defineVerb } from './verb.ts';

export const state = defineVerb({
  name: 'state',
  description: 'The current state of a camera: its counts and all its settings. The password of its source is masked.',
  request: Fields({ camera: Camera }),
  response: Fields({
    camera: Camera,
    status: CameraStatus,
    moving: Type.Boolean(),
    counts: Type.Array(
      Fields({ label: Type.String(), zone: Type.Optional(Type.String()), count: Type.Integer({ minimum: 0 }) }),
    ),
    settings: CameraSettings,
  }),
  bare: 'camera',
  run: ({ camera: name }, { camera }) => {
    const { status, moving, counts, settings } = camera(name);
    return { camera: name, status, moving, counts: [...counts], settings: withMaskedSource(settings) };
  },
});
