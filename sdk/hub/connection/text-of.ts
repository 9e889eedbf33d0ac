import { InputError } from '../../base/errors.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A payload as text. @throws InputError when it has more than `maxBytes` or is not UTF-8. */
export function textOf(payload: Buffer, maxBytes: number): string {
  if (payload.length > maxBytes) {
    throw new InputError(`expected a payload of at most ${maxBytes} bytes, got ${payload.length}`);
  }
  try {
    return utf8.decode(payload);
  } catch {
    throw new InputError('expected text, got bytes that are not UTF-8');
  }
}
