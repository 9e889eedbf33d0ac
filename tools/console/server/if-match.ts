import type { IncomingMessage } from 'node:http';
import { StaleError } from '../../../sdk/base/errors.ts';

export const etagOf = (version: number | string): string => `"${version}"`;

/**
 * Whether a request is for what is there now; one without `If-Match`, or for `*`, is for whatever is there.
 *
 * @throws StaleError when it is for something that others have changed since.
 */
export function assertMatches({ headers }: IncomingMessage, version: number | string, what: string): void {
  const given = headers['if-match'];
  if (given === undefined) return;
  const wanted = given.split(',').map((one) => one.trim());
  if (wanted.includes('*') || wanted.includes(etagOf(version))) return;
  throw new StaleError(
    `${what} changed meanwhile (If-Match expected ${given.slice(0, 100)}, it is ${etagOf(version)}), so nothing was changed: look again`,
  );
}

/**
 * The revision that a change of a camera's settings is for, to be checked where they are changed.
 *
 * @returns Undefined: whichever is there. @throws StaleError when it is another one already.
 */
export function seenRevision(
  request: IncomingMessage,
  camera: { readonly name: string; readonly revision: number },
): number | undefined {
  assertMatches(request, camera.revision, `camera ${camera.name}: its settings were`);
  const given = request.headers['if-match'];
  return given === undefined || given.trim() === '*' ? undefined : camera.revision;
}
