import { createInterface } from 'node:readline/promises';
import { InputError } from '../../sdk/base/errors.ts';

/** Asks for a `y`. @throws InputError for any other answer, and where nobody can be asked. */
export async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY) throw new InputError(`${question} Nobody can be asked here: expected --yes`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new InputError('nothing was changed: expected y');
  } finally {
    terminal.close();
  }
}
