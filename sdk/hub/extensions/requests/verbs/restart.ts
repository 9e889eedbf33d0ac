import { Type } from '@sinclair/typebox';
import { Camera, Fields } from '../../../contract/fields.ts';
import { defineVerb } from './verb.ts';

export const restart = defineVerb({
  name: 'restart',
  description:
    'Closes a camera and reopens it. Without `camera`: ends the process if systemd restarts it, else restarts all enabled cameras.',
  request: Fields({ camera: Type.Optional(Camera) }),
  response: Fields({
    process: Type.Boolean({ description: 'True: the whole process ends and is restarted.' }),
    cameras: Type.Array(Type.String(), { description: 'Those that were restarted.' }),
  }),
  bare: 'camera',
  run: async ({ camera: name }, { camera, node, restartProcess }) => {
    if (name !== undefined) {
      await camera(name).restart();
      return { process: false, cameras: [name] };
    }
    if (restartProcess) {
      restartProcess();
      return { process: true, cameras: [] };
    }
    const enabled = [...node.pipelines.values()].filter(({ settings }) => settings.enabled);
    await Promise.all(enabled.map((one) => one.restart()));
    return { process: false, cameras: enabled.map((one) => one.name) };
  },
});
