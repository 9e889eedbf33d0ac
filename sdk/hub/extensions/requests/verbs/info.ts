import { Type } from '@sinclair/typebox';
import { packageVersion } from '../../../../base/assets.ts';
import { kernels } from '../../../../kernels/kernels.ts';
import { Camera, Fields } from '../../../contract/fields.ts';
import { CameraStatus } from '../../../contract/payloads.ts';
import { defineVerb } from './verb.ts';

export const info = defineVerb({
  name: 'info',
  description: 'What this node is and which cameras it has.',
  request: Fields({}),
  response: Fields({
    version: Type.String({ description: 'Of Ocellus.' }),
    node: Type.String(),
    model: Type.String({ description: 'Name of the detector.' }),
    kernels: Type.String({ description: 'Which kernels are in use: `native avx2`, or TypeScript and why.' }),
    uptime_seconds: Type.Integer({ minimum: 0 }),
    cameras: Type.Array(Fields({ camera: Camera, status: CameraStatus })),
    verbs: Type.Array(Type.String(), { description: 'What can be asked.' }),
  }),
  run: (_, { node, verbs }) => {
    const { model, uptimeSeconds } = node.stats();
    return {
      version: packageVersion(),
      node: node.name,
      model,
      kernels: kernels.name,
      uptime_seconds: uptimeSeconds,
      cameras: [...node.pipelines.values()].map(({ name, status }) => ({ camera: name, status })),
      verbs: [...verbs],
    };
  },
});
