import { styleText } from 'node:util';
import { hiding, maskCredentials } from '../../sdk/base/credentials.ts';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { toWire } from '../../sdk/base/wire.ts';

// Messages for people go to stderr, so that stdout is only what was asked for.
const colour = process.stderr.isTTY && !process.env.NO_COLOR;
export const paint = (style: Parameters<typeof styleText>[0], text: string) => (colour ? styleText(style, text) : text);

/**
 * Text as one line that does to a terminal what it looks like: what comes from cameras, topics and files must not forge
 * a line of its own. Control characters, line separators and marks of writing direction are written as escapes.
 */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, (character) => {
    if (character === '\n') return '\\n';
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/**
 * What went wrong, for a person; the stack only where it is a fault of ours. A source that was given where a file
 * belongs is said without its password.
 */
export function printError(error: unknown): void {
  const shown = process.argv.slice(2).reduce((text, argument) => hiding(argument)(text), messageOf(error));
  console.error(`${paint('red', 'error')} ${shown.split('\n').map(oneLine).join('\n')}`);
  if (!(error instanceof InputError) && error instanceof Error && process.env.OCELLUS_DEBUG) {
    console.error(maskCredentials(error.stack ?? ''));
  }
}

/** What a person should know and is no error. */
export function printNote(text: string): void {
  console.error(`${paint('yellow', 'note')} ${oneLine(text)}`);
}

/** Writes one line of JSON, in snake case (`toWire`), and waits while the reader is behind. */
export const printJson = (value: unknown): Promise<void> => printWire(toWire(value));

/** Writes one line of JSON of what is in snake case already: a dictionary in it has keys that are data. */
export async function printWire(value: unknown): Promise<void> {
  if (process.stdout.write(`${JSON.stringify(value)}\n`)) return;
  await new Promise<void>((resolve) => process.stdout.once('drain', resolve));
}

/** If stderr is not a terminal, at most this many lines of progress are written, and none for few steps. */
const progressLines = 20;
const fewSteps = 100;

/** A progress bar on a terminal; a line now and then where stderr is a file or a pipe and there is much to do. */
export function progress(label: string, total: number): { step(): void; done(): void } {
  let count = 0;
  if (!process.stderr.isTTY) {
    const every = Math.ceil(total / progressLines);
    return {
      step() {
        count++;
        if (total >= fewSteps && count % every === 0) console.error(`${label} ${count}/${total}`);
      },
      done() {},
    };
  }
  if (total < 2) return { step() {}, done() {} };
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
