/**
 * Input from outside (a setting, a model file, a stream, a message) that cannot be used. The message says what was
 * expected, what came, and what to do; it is shown to people verbatim, without a stack.
 */
export class InputError extends Error {
  override name = 'InputError';
}

/** A model that cannot be used on any picture: the network, its card, or the two together. */
export class ModelError extends InputError {
  override name = 'ModelError';
}

/** A change of something that others have changed since it was looked at. Nothing was changed; look again. */
export class StaleError extends InputError {
  override name = 'StaleError';
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
