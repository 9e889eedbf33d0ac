/**
 * Something from outside (a setting, a model file, a stream, a message) that cannot be used. The message says what was
 * expected, what came, and what to do; it is shown to people as it is, without a stack.
 */
export class InputError extends Error {
  override name = 'InputError';
}

/** It is the model that cannot be used, whatever picture it is given: it, its card, or the two of them together. */
export class ModelError extends InputError {
  override name = 'ModelError';
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
