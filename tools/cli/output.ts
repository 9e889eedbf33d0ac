import { styleText } from 'node:util';
import { InputError, messageOf } from '../../sdk/errors.ts';
import type { Logger } from '../../sdk/log.ts';

// Messages for people go to stderr, so that stdout is only what was asked for.
const colour = process.stderr.isTTY && !process.env.NO_COLOR;
const paint = (style: Parameters<typeof styleText>[0], text: string) => (colour ? styleText(style, text) : text);

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** A logger for a terminal or a journal: one line a message, from this level on. */
export function terminalLogger(level: LogLevel): Logger {
  const least = logLevels.indexOf(level);
  const line = (of: LogLevel, style: Parameters<typeof styleText>[0]) => (message: string) => {
    if (logLevels.indexOf(of) < least) return;
    const time = new Date().toTimeString().slice(0, 8);
    console.error(`${paint('dim', time)} ${paint(style, of.padEnd(5))} ${message}`);
  };
  return {
    debug: line('debug', 'dim'),
    info: line('info', 'green'),
    warn: line('warn', 'yellow'),
    error: line('error', 'red'),
  };
}

/** What went wrong, for a person; the stack only where it is a fault of ours. */
export function printError(error: unknown): void {
  console.error(`${paint('red', 'error')} ${messageOf(error)}`);
  if (!(error instanceof InputError) && error instanceof Error && process.env.OCELLUS_DEBUG) console.error(error.stack);
}

/** Writes one line of JSON and waits while the reader is behind. */
export async function printJson(value: unknown): Promise<void> {
  if (process.stdout.write(`${JSON.stringify(value)}\n`)) return;
  await new Promise<void>((resolve) => process.stdout.once('drain', resolve));
}

/** A progress bar on a terminal; nothing where stderr is a file or a pipe. */
export function progress(label: string, total: number): { step(): void; done(): void } {
  if (!process.stderr.isTTY || total < 2) return { step() {}, done() {} };
  let count = 0;
  const width = 30;
  const draw = () => {
    const filled = Math.round((count / total) * width);
    process.stderr.write(`\r${label} ${'█'.repeat(filled)}${'░'.repeat(width - filled)} ${count}/${total}`);
  };
  draw();
  return {
    step() {
      count++;
      draw();
    },
    done() {
      process.stderr.write('\r\x1b[2K');
    },
  };
}

/** Rows as a table with aligned columns. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
