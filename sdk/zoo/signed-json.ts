import { InputError, messageOf } from '../base/errors.ts';

/**
 * Reads the JSON of a manifest whose signature was checked, of format 1.
 *
 * @param what Names it in errors.
 * @param advice What to do about a later format: `update Ocellus`.
 * @throws InputError when it is no JSON, or of a later format.
 */
export function readSignedJson(bytes: Uint8Array, what: string, advice: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    throw new InputError(`${what}: expected JSON: ${messageOf(error)}`);
  }
  const format = (value as { format?: unknown } | null)?.format;
  if (typeof format === 'number' && format > 1) {
    throw new InputError(`${what} is of format ${format}: expected 1, which this version of Ocellus reads; ${advice}`);
  }
  return value;
}
