/** What a message is about, such as the camera. */
export type LogFields = Readonly<Record<string, string>>;

/** Where messages for a person go. `console` is one, a pino logger is one; the command line brings its own. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
  /** A logger whose messages carry these fields too. Without it their values stand in front of each message. */
  child?(fields: LogFields): Logger;
}

const nothing = () => {};

/** Says nothing: the default of what tells its problems by throwing. */
export const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** The default where a camera runs: what went wrong goes to standard error, so that nothing fails unseen. */
export const problemsToStderr: Logger = {
  debug: nothing,
  info: nothing,
  warn: (message) => void process.stderr.write(`ocellus: ${message}\n`),
  error: (message) => void process.stderr.write(`ocellus: ${message}\n`),
};

/**
 * The same logger, its messages about something: as fields where it has fields, else in front of each message.
 *
 * @example
 * about(console, { camera: 'door' }).warn('no frames'); // door: no frames
 */
export function about(logger: Logger, fields: LogFields): Logger {
  if (logger.child) return logger.child(fields);
  const prefix = Object.values(fields).join(': ');
  return {
    debug: (message) => logger.debug(`${prefix}: ${message}`),
    info: (message) => logger.info(`${prefix}: ${message}`),
    warn: (message) => logger.warn(`${prefix}: ${message}`),
    error: (message) => logger.error(`${prefix}: ${message}`),
  };
}
