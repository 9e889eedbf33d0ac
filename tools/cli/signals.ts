import { constants } from 'node:os';

/**
 * Runs `stop` once, at the first SIGINT or SIGTERM; a second signal ends the process at once, for a person in a hurry.
 *
 * @returns A promise that is settled as `stop` is.
 */
export function onStop<T>(stop: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let stopping = false;
    const handle = (signal: 'SIGINT' | 'SIGTERM') => {
      // As a shell says it of a process that a signal ended.
      if (stopping) process.exit(128 + constants.signals[signal]);
      stopping = true;
      stop().then(resolve, reject);
    };
    process.on('SIGINT', handle);
    process.on('SIGTERM', handle);
  });
}
