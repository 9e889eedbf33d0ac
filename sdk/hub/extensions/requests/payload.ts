import { InputError } from '../../../base/errors.ts';
import { assertHarmless } from '../../../config/outside-json.ts';
import { textOf } from '../../connection/text-of.ts';

/** A camera's change with many zones has some KiB. */
const maxBytes = 64 * 1024;
const maxTransactionLength = 128;

/**
 * The fields of a request: a JSON object, or nothing for none.
 *
 * @param bare The field that text without braces stands for, if there is one.
 * @throws InputError when it is anything else.
 */
export function fieldsOf(payload: Buffer, bare: string | undefined): Record<string, unknown> {
  const text = textOf(payload, maxBytes).trim();
  if (text === '') return {};
  if (bare !== undefined && /^[^{["]/.test(text)) return { [bare]: text };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputError(`expected JSON such as {${bare ? `"${bare}": …` : ''}}, got text that is not JSON`);
  }
  if (bare !== undefined && typeof value === 'string') return { [bare]: value };
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputError(`expected fields in braces, got ${text.slice(0, 60)}`);
  }
  assertHarmless(value);
  return value as Record<string, unknown>;
}

/** Returned unchanged, so that the client can match the answer. */
export type Transaction = string | number;

/** @throws InputError when it is neither text of at most 128 characters nor a number. */
export function transactionOf(value: unknown): Transaction | undefined {
  if (value === undefined || Number.isFinite(value)) return value as number | undefined;
  if (typeof value === 'string' && value.length <= maxTransactionLength) return value;
  throw new InputError(`transaction: expected a number, or text of at most ${maxTransactionLength} characters`);
}
