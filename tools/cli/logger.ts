import { fstatSync } from 'node:fs';
import type { styleText } from 'node:util';
import { maskCredentials } from '../../sdk/base/credentials.ts';
import type { Logger } from '../../sdk/base/log.ts';
import { oneLine, paint } from '../shared/output.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];
export const logFormats = ['text', 'json'] as const;
export type LogFormat = (typeof logFormats)[number];

const levels: Readonly<Record<LogLevel, { style: Parameters<typeof styleText>[0]; priority: number }>> = {
  debug: { style: 'dim', priority: 7 },
  info: { style: 'green', priority: 6 },
  warn: { style: 'yellow', priority: 4 },
  error: { style: 'red', priority: 3 },
};

/** A logger that writes to stderr, one line per message, from this level on. */
export async function makeLogger(level: LogLevel, format: LogFormat): Promise<Logger> {
  return format === 'json' ? jsonLogger(level) : textLogger(level);
}

/** For people: with the time on a terminal, with the priority for systemd's journal, which adds the time. */
export function textLogger(level: LogLevel, forJournal = isJournal()): Logger {
  const least = logLevels.indexOf(level);
  const line = (of: LogLevel) => (message: string) => {
    if (logLevels.indexOf(of) < least) return;
    const { style, priority } = levels[of];
    const time = new Date().toTimeString().slice(0, 8);
    const start = forJournal ? `<${priority}>` : `${paint('dim', time)} ${paint(style, of.padEnd(5))} `;
    console.error(`${start}${oneLine(maskCredentials(message))}`);
  };
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}

/** For programs: JSON lines with `level`, `time` (UTC), `msg`, and what the message is about, such as `camera`. */
async function jsonLogger(level: LogLevel): Promise<Logger> {
  // Loaded only when wanted: it costs 17 ms and 9 MB.
  const { pino } = await import('pino');
  // Written before the call returns, so nothing is lost at the process's end.
  const destination = pino.destination({ dest: 2, sync: true });
  // A closed pipe must not end the cameras.
  destination.on('error', () => {});
  const logger: Logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      hooks: {
        logMethod([message, ...rest], method) {
          method.apply(this, [oneLine(maskCredentials(String(message))), ...rest]);
        },
      },
    },
    destination,
  );
  return logger;
}

/**
 * systemd tells by device and inode whether a stream goes to its journal: the variable alone is inherited by all
 * children.
 */
function isJournal(): boolean {
  const stream = process.env.JOURNAL_STREAM;
  if (!stream) return false;
  const { dev, ino } = fstatSync(2);
  return stream === `${dev}:${ino}`;
}
