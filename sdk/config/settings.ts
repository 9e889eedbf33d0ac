import { readFile } from 'node:fs/promises';
import { assertKind } from '../base/arguments.ts';
import { InputError, messageOf } from '../base/errors.ts';
import { withInertiaOfCameras } from './inertia.ts';
import { type BoardFacts, withProfile } from './profile.ts';
import { reservedCameraNames, Settings } from './schema.ts';
import { withSecrets } from './secrets.ts';
import { parseSettings } from './settings-document.ts';
import { validate } from './validate.ts';

/** Settings as a person writes them: any field may be left out. */
export type SettingsInput = Record<string, unknown>;

/**
 * Validates settings, fills in the defaults, and replaces `${NAME}` by secrets (docs/settings.md).
 *
 * @example
 * const settings = resolveSettings({ cameras: { door: { source: 'v4l2:/dev/video0' } } });
 * settings.cameras.door.detect.threshold; // 0.6
 *
 * @param board Chooses the profile (`core.profile`). Default: none; the profile is then `standard` on every machine.
 * @throws InputError naming each wrong field.
 */
export function resolveSettings(input: unknown, what = 'what the settings say', board?: BoardFacts): Settings {
  const settings = validate(Settings, withSecrets(Settings, withProfile(withInertiaOfCameras(input), board)), what);
  for (const name of Object.keys(settings.cameras)) {
    if (reservedCameraNames.includes(name)) {
      throw new InputError(
        `${what} is not right:\n  cameras.${name}: this name is a topic of the node itself; call the camera something else`,
      );
    }
  }
  return settings;
}

/**
 * Reads a settings file, unresolved, so that overrides can still be merged into it.
 *
 * @returns `{}` when there is no such file and none is required.
 * @throws InputError when it cannot be read or is not YAML, with the line.
 */
export async function readSettings(path: string, mustExist: boolean): Promise<SettingsInput> {
  assertKind('readSettings: path', path, 'text', 'the path of a settings file');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (!mustExist && (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new InputError(`settings file ${path} cannot be read: ${messageOf(error)}`);
  }
  try {
    return parseSettings(text, path).toJS() ?? {};
  } catch (error) {
    // An alias that grows without bound, or is not defined.
    if (error instanceof ReferenceError) {
      // Its own message shows what follows the `*`, and that may be a password.
      throw new InputError(
        `settings file ${path} is not valid YAML: an alias (*name) stands for nothing, or for too much; put text that begins with * in quotes`,
      );
    }
    throw error;
  }
}
