import { spawn } from 'node:child_process';
import { messageOf } from '../../sdk/base/errors.ts';
import type { Logger } from '../../sdk/base/log.ts';

const program = 'systemd-notify';
/** The manager takes a message at once; one that does not is busy or gone. */
const timeoutMs = 5000;

/** What systemd tells a service of `Type=notify` in its environment. */
export interface NotifySettings {
  /** Path of the socket, or its abstract name with a leading `@`. */
  readonly socket: string;
  /** `WatchdogSec=` of the unit, if it has one and means this process. */
  readonly watchdogMs?: number;
}

/**
 * Reads the environment and empties it: a child such as ffmpeg, which reads what the network sends, has no business
 * with the service manager.
 *
 * @returns undefined when nobody waits to be notified.
 */
export function takeNotifySettings(env: NodeJS.ProcessEnv, pid = process.pid): NotifySettings | undefined {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: usec, WATCHDOG_PID: watchdogPid } = env;
  for (const name of ['NOTIFY_SOCKET', 'WATCHDOG_USEC', 'WATCHDOG_PID']) delete env[name];
  if (!socket) return undefined;
  const isMeant = watchdogPid === undefined || watchdogPid === String(pid);
  const watchdogMs = Number(usec) / 1000;
  return { socket, ...(isMeant && watchdogMs > 0 && { watchdogMs }) };
}

/**
 * Tells systemd how its service is (sd_notify(3)), through the program that comes with systemd: Node has no datagram
 * sockets of the Unix kind. A start of it takes a few milliseconds, twice in `WatchdogSec=`; the unit needs
 * `NotifyAccess=all`, because the message comes from a child.
 */
export class Notifier {
  readonly #socket: string;
  readonly #logger: Logger;
  #last: Promise<void> = Promise.resolve();
  #failed = false;

  constructor(socket: string, logger: Logger) {
    this.#socket = socket;
    this.#logger = logger;
  }

  /**
   * Sends assignments such as `READY=1`, in the order of the calls. Never rejects: the first failure is logged.
   *
   * @param assignments Without line breaks.
   */
  tell(...assignments: string[]): Promise<void> {
    this.#last = this.#last.then(async () => {
      try {
        await this.#run(assignments);
      } catch (error) {
        if (!this.#failed) this.#logger.warn(`systemd is not notified: ${messageOf(error)}`);
        this.#failed = true;
      }
    });
    return this.#last;
  }

  #run(assignments: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = spawn(program, assignments, {
        env: { PATH: process.env.PATH, NOTIFY_SOCKET: this.#socket },
        stdio: 'ignore',
        timeout: timeoutMs,
      });
      child.once('error', reject);
      child.once('exit', (code, signal) => {
        if (code === 0) resolve();
        else reject(new Error(`${program} ended with ${signal ?? code}`));
      });
    });
  }
}
