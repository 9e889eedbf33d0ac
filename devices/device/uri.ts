import { existsSync } from 'node:fs';
import { maskSource } from '../../sdk/base/credentials.ts';
import { InputError } from '../../sdk/base/errors.ts';

/** The scheme of a device URI and what follows its colon. */
export interface DeviceUri {
  readonly scheme: string;
  readonly rest: string;
}

/**
 * Splits a source into scheme and rest. A path that exists on disk counts as a `file:`.
 *
 * @throws InputError when it is neither.
 */
export function parseDeviceUri(source: string): DeviceUri {
  const text = source.trim();
  // One letter is a drive of Windows, not a scheme; what exists on disk is a path even if it has a colon in its name.
  const match = /^([a-z][a-z0-9+.-]+):(.*)$/is.exec(text);
  if (text !== '' && !(match && /^\/\//.test(match[2]!)) && existsSync(text)) return { scheme: 'file', rest: text };
  if (!match) {
    throw new InputError(
      `source: expected a URI such as auto:, scene:, v4l2:/dev/video0 or file:clip.mp4, or a path that exists; got "${maskSource(text)}"`,
    );
  }
  return { scheme: match[1]!.toLowerCase(), rest: match[2]! };
}
