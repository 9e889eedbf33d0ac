import { Type } from '@sinclair/typebox';
import { SnapshotSettings } from '../../../../config/schema.ts';
import { Camera, Fields } from '../../../contract/fields.ts';
import { defineVerb } from './verb.ts';

const { minimum: leastHeight, maximum: mostHeight } = SnapshotSettings.properties.height;
const { minimum: leastQuality, maximum: mostQuality } = SnapshotSettings.properties.quality;

export const snapshot = defineVerb({
  name: 'snapshot',
  description:
    'Publishes the current picture of a camera on `<camera>/view`. `height` and `quality` default to its settings.',
  request: Fields({
    camera: Camera,
    height: Type.Optional(
      Type.Integer({ minimum: leastHeight, maximum: mostHeight, description: 'Largest height in pixels.' }),
    ),
    quality: Type.Optional(Type.Integer({ minimum: leastQuality, maximum: mostQuality, description: 'JPEG quality.' })),
    still: Type.Optional(
      Type.Boolean({
        description:
          'Takes a still in full resolution, or of `height`, with a libcamera: camera. Frames may pause meanwhile.',
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
