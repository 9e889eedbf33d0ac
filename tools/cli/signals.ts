/**
 * Runs `stop` once, at the first SIGINT or SIGTERM; a second signal ends the process at once, for a person in a hurry.
 *
 * @returns A promise that is settled as `stop` is.
 */
export function onStop<T>(stop: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let stopping = false;
    const handle = (signal: 'SIGINT' | 'SIGTERM') => {
      if (stopping) {
        // By the signal itself: `process.exit()` would wait for threads, and a stuck network never ends.
        process.removeAllListeners(signal);
        process.kill(process.pid, signal);
      }
      stopping = true;
      stop().then(resolve, reject);
    };
    process.on('SIGINT', handle);
    process.on('SIGTERM', handle);
  });
}
