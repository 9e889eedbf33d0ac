import { Type } from '@sinclair/typebox';
import { SnapshotSettings } from '../../../../config/schema.ts';
import { Camera, Fields } from '../../../contract/fields.ts';
import { defineVerb } from './verb.ts';

const { minimum: leastHeight, maximum: mostHeight } = SnapshotSettings.properties.height;
const { minimum: leastQuality, maximum: mostQuality } = SnapshotSettings.properties.quality;

export const snapshot = defineVerb({
  name: 'snapshot',
  description: 'Puts what a camera sees now on `<camera>/view`. Without `height` and `quality`: as its settings say.',
  request: Fields({
    camera: Camera,
    height: Type.Optional(
      Type.Integer({ minimum: leastHeight, maximum: mostHeight, description: 'Largest height in pixels.' }),
    ),
    quality: Type.Optional(Type.Integer({ minimum: leastQuality, maximum: mostQuality, description: 'JPEG quality.' })),
    still: Type.Optional(
      Type.Boolean({
        description:
          'A still in the camera’s full resolution, or of `height`, of a libcamera: camera. Its frames may pause for it.',
      }),
    ),
  }),
  response: Fields({
    camera: Camera,
    topic: Type.String({ description: 'Where the JPEG is.' }),
    bytes: Type.Integer({ minimum: 1, description: 'Its size.' }),
  }),
  bare: 'camera',
  run: async ({ camera: name, height, quality, still }, { camera, topics, publishPicture }) => {
    const pipeline = camera(name);
    const { snapshots } = pipeline.settings;
    const jpeg = await pipeline.snapshot({
      maxHeight: height ?? (still ? undefined : snapshots.height),
      quality: quality ?? snapshots.quality,
      still,
    });
    const topic = topics.camera(name).view;
    publishPicture(topic, jpeg);
    return { camera: name, topic, bytes: jpeg.length };
  },
});
