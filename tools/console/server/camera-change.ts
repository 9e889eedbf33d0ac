import { maskSource } from '../../../devices/uri.ts';
import type { CameraChange } from '../../../sdk/config/schema.ts';
import { InputError } from '../../../sdk/errors.ts';
import type { ConsoleCamera } from './source.ts';

/**
 * Carries out a change that came as JSON. The page shows sources with their passwords masked, so one that comes back as
 * it was shown means no change.
 *
 * @throws InputError naming the wrong field.
 */
export async function changeCamera(camera: ConsoleCamera, body: unknown): Promise<void> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new InputError(
      `expected an object of settings, got ${Array.isArray(body) ? 'a list' : body === null ? 'null' : `a ${typeof body}`}`,
    );
  }
  const { source, ...rest } = body as CameraChange;
  const change: CameraChange = { ...rest };
  if (source !== undefined && source !== maskSource(camera.settings.source)) {
    if (typeof source === 'string' && source.includes('***')) {
      throw new InputError('source: the password is not shown here; write it in full in place of ***');
    }
    change.source = source;
  }
  await camera.change(change);
}
