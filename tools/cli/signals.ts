/**
 * Runs `stop` once, at the first SIGINT or SIGTERM; a second signal ends the process at once, for a person in a hurry.
 *
 * @returns A promise that is fulfilled when `stop` is done.
 */
export function onStop(stop: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    let stopping = false;
    const handle = () => {
      if (stopping) process.exit(130);
      stopping = true;
      stop().then(resolve, reject);
    };
    process.on('SIGINT', handle);
    process.on('SIGTERM', handle);
  });
}
