import { existsSync } from 'node:fs';
import { InputError } from '../sdk/errors.ts';

/** The scheme of a device URI and what follows its colon. */
export interface DeviceUri {
  readonly scheme: string;
  readonly rest: string;
}

/**
 * Splits a source into scheme and rest. What has no scheme but exists on disk is a `file:`.
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

const inUri = /([a-z][a-z0-9+.-]*:\/\/)([^\s"'<>]*)@/gi;
// Some cameras have it in the path: `/user=admin&password=secret&channel=1`, also with `_` in place of `&`.
const inQuery = /([?&;/=](?:[\w-]*(?:pass|pwd|token|secret|auth|key)[\w-]*)=)[^&;\s"'<>]+/gi;

/**
 * The text with the passwords of all URIs in it replaced by `***`, for messages, titles and logs.
 *
 * @example maskCredentials('rtsp://admin:secret@door/1') // 'rtsp://admin:***@door/1'
 */
export function maskCredentials(text: string): string {
  return text
    .replace(inUri, (whole, scheme: string, before: string) => {
      const colon = before.indexOf(':');
      return colon < 0 ? whole : `${scheme}${before.slice(0, colon)}:***@`;
    })
    .replace(inQuery, '$1***');
}

/**
 * The same for what is one URI as a whole: whatever its password holds, a space or a quote too, is masked, and also
 * where the scheme was forgotten.
 */
export function maskSource(source: string): string {
  return maskCredentials(source.replace(/^((?:[a-z][a-z0-9+.-]*:\/\/|(?!file:))[^:@/]*):.*@/is, '$1:***@'));
}
