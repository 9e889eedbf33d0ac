import { InputError } from '../../../sdk/base/errors.ts';
import { withoutMaskedSource } from '../../../sdk/config/masked-source.ts';
import type { CameraChange } from '../../../sdk/config/schema.ts';
import type { ConsoleCamera } from './source.ts';

/**
 * Applies a change that came as JSON, from a page that sees sources with masked passwords.
 *
 * @param seen The revision that it is a change of. Default: whichever is there.
 * @throws InputError naming the wrong field. StaleError when the settings are of another revision.
 */
export async function changeCamera(camera: ConsoleCamera, body: unknown, seen?: number): Promise<void> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new InputError(
      `expected an object of settings, got ${Array.isArray(body) ? 'a list' : body === null ? 'null' : `a ${typeof body}`}`,
    );
  }
  await camera.change(withoutMaskedSource(body as CameraChange, camera.settings), { seen });
}
