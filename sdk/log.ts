/** Where messages for a person go. `console` is one; the command line brings its own. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

const nothing = () => {};

/** The default: an SDK is silent until it is asked to speak. */
export const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** The same logger with a name in front of each message. */
export function named(logger: Logger, name: string): Logger {
  return {
    debug: (message) => logger.debug(`${name}: ${message}`),
    info: (message) => logger.info(`${name}: ${message}`),
    warn: (message) => logger.warn(`${name}: ${message}`),
    error: (message) => logger.error(`${name}: ${message}`),
  };
}
