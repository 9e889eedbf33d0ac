import { messageOf } from '../../sdk/base/errors.ts';
import type { Logger } from '../../sdk/base/log.ts';
import { within } from '../../sdk/base/within.ts';

/** A repeating fault must not fill the disk with messages. */
const mostTold = 10;
const stopTimeoutMs = 10_000;

/**
 * An uncaught exception or rejection is a bug and leaves the process in an unknown state. It is logged, `stop` shuts
 * down as far as still possible, and the process ends with 1.
 *
 * @param stop Resolves to true when all was stopped. Given up after ten seconds.
 */
export function endOnFault(logger: Logger, stop: () => Promise<boolean>): void {
  let told = 0;
  const handle = (error: unknown) => {
    if (told++ < mostTold) logger.error(`this is a fault of ocellus: ${withStack(error)}`);
    if (told === 1) void within(stopTimeoutMs, stop(), false).then((clean) => endWithFault(clean));
  };
  process.on('uncaughtException', handle);
  process.on('unhandledRejection', handle);
}

/**
 * Ends the process with 1, or with SIGKILL where something does not stop: `process.exit()` waits for all threads, and one
 * that is stuck in native code never comes back.
 */
export function endWithFault(clean: boolean): void {
  if (clean) process.exit(1);
  process.kill(process.pid, 'SIGKILL');
}

function withStack(error: unknown): string {
  if (!(error instanceof Error) || !error.stack) return messageOf(error);
  return error.stack
    .split('\n')
    .map((line) => line.trim())
    .join(' ');
}
