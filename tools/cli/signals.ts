import { isatty } from 'node:tty';

/** Of this process' streams, at its start: a terminal that was closed is none any more. */
const hasTerminal = [0, 1, 2].some((fd) => isatty(fd));

/**
 * Runs `stop` once, at the first SIGINT, SIGTERM or, where it has a terminal, SIGHUP: that was closed, or the connection to it
 * was lost. A second SIGINT or SIGTERM ends the process at once, for a person in a hurry.
 *
 * @returns A promise that is settled as `stop` is.
 */
export function onStop<T>(stop: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let stopping = false;
    const handle = (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP') => {
      // The shell and the kernel each send one.
      if (stopping && signal === 'SIGHUP') return;
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
    if (!hasTerminal) return;
    process.on('SIGHUP', handle);
    process.once('SIGHUP', () => process.once('exit', endBySignal));
  });
}

/**
 * Whoever has no terminal to lose goes on at a SIGHUP. Node sets all signals to their defaults before any of this runs, so what
 * `nohup` had ignored would end it; but under `nohup`, as of a service, no stream is a terminal.
 */
export function outliveTerminal(): void {
  if (!hasTerminal) process.on('SIGHUP', () => {});
}

/** Node itself aborts at its end, and leaves a core dump, where it cannot set a terminal back that was closed. */
function endBySignal(): void {
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}
