import { withMaskedSource, withoutMaskedSource } from '../../../../config/masked-source.ts';
import { CameraChange, CameraSettings } from '../../../../config/schema.ts';
import { Camera, Fields, Unwritten } from '../../../contract/fields.ts';
import { defineVerb } from './verb.ts';

export const change = defineVerb({
  name: 'change',
  description:
    'Changes any settings of a camera while it runs. Omitted fields keep their values; lists and the maps `zones`, `lines`, `thresholds`, `states` and `controls` are replaced whole.',
  request: Fields({ camera: Camera, change: CameraChange }),
  response: Fields({ camera: Camera, settings: CameraSettings, unwritten: Unwritten }),
  run: async ({ camera: name, change }, { camera, kept }) => {
    const pipeline = camera(name);
    await pipeline.change(withoutMaskedSource(change, pipeline.settings));
    await kept?.tried();
    return { camera: name, settings: withMaskedSource(pipeline.settings), unwritten: kept?.unwritten() ?? null };
  },
});
