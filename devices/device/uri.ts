import { existsSync, statSync } from 'node:fs';
import { maskSource } from '../../sdk/base/credentials.ts';
import { InputError } from '../../sdk/base/errors.ts';

/** The scheme of a device URI and what follows its colon. */
export interface DeviceUri {
  readonly scheme: string;
  readonly rest: string;
}

/**
 * Splits a source into scheme and rest. A path that exists on disk counts as a `file:`, or a `pipe:` if it is one; `-` is
 * the `pipe:` of standard input.
 *
 * @throws InputError when it is neither.
 */
export function parseDeviceUri(source: string): DeviceUri {
  const text = source.trim();
  // One letter is a drive of Windows, not a scheme; what exists on disk is a path even if it has a colon in its name.
  const match = /^([a-z][a-z0-9+.-]+):(.*)$/is.exec(text);
  if (text === '-') return { scheme: 'pipe', rest: text };
  const isPath = text !== '' && !(match && /^\/\//.test(match[2]!));
  if (isPath && existsSync(text)) return { scheme: statSync(text).isFIFO() ? 'pipe' : 'file', rest: text };
  if (!match) {
    // An address alone: of a camera in the network, whose path only its manual tells.
    const hint = /^(\d{1,3}(\.\d{1,3}){3}|[\w-]+\.(local|lan|home))(:\d+)?(\/|$)/i.test(text)
      ? `. A camera in the network is rtsp://${text} with the path that its manual names, and user:password@ before the address where it asks for them`
      : '';
    throw new InputError(
      `source: expected a URI such as auto:, v4l2:/dev/video0, rtsp://192.168.1.20/stream1 or file:clip.mp4, or a path that exists; got "${maskSource(text)}"${hint}`,
    );
  }
  return { scheme: match[1]!.toLowerCase(), rest: match[2]! };
}
