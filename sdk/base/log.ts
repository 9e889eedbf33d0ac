/** What a message is about, such as the camera. */
export type LogFields = Readonly<Record<string, string>>;

/** Where messages for people go. `console` is one, and so is a pino logger; the command line has its own. */
export interface Logger {
  /** What only helps to find a fault. */
  debug(message: string): void;
  /** What was done. */
  info(message: string): void;
  /** What may need somebody; work goes on. */
  warn(message: string): void;
  /** What failed. */
  error(message: string): void;
  /**
   * Returns a logger whose messages carry these fields too. Without it their values are put in front of each message.
   */
  child?(fields: LogFields): Logger;
}

const nothing = () => {};

/** Logs nothing: the default of what reports its problems by throwing. */
export const silent: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** The default where a camera runs: errors go to standard error, so that nothing fails unseen. */
export const problemsToStderr: Logger = {
  debug: nothing,
  info: nothing,
  warn: (message) => void process.stderr.write(`ocellus: ${message}\n`),
  error: (message) => void process.stderr.write(`ocellus: ${message}\n`),
};

/**
 * The same logger with context on each message: as fields where it has fields, else in front of the text.
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
