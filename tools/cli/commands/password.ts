import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import type { Command } from 'commander';
import { hashPassword } from '../../../sdk/access/password.ts';
import { InputError } from '../../../sdk/base/errors.ts';

export function addPassword(program: Command): void {
  program
    .command('password')
    .description('print the hash of a password, for the settings')
    .addHelpText(
      'after',
      '\nPrompts for it without showing it, or reads it from standard input if that is not a terminal.',
    )
    .action(async () => {
      console.log(await hashPassword(process.stdin.isTTY ? await ask() : await read()));
    });
}

/** @throws InputError when the two entries differ. */
async function ask(): Promise<string> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  const gone = new Promise<never>((_, reject) => {
    terminal.once('close', () => reject(new InputError('expected a password, got the end of the input')));
  });
  // Ends the wait for an answer that will not arrive.
  terminal.once('SIGINT', () => terminal.close());
  const question = async (text: string) => {
    process.stderr.write(text);
    const answer = await Promise.race([terminal.question(''), gone]);
    process.stderr.write('\n');
    return answer;
  };
  try {
    const password = await question('Password: ');
    if ((await question('Again: ')) !== password) throw new InputError('the two passwords differ: try again');
    return password;
  } finally {
    terminal.close();
    gone.catch(() => {});
  }
}

/** The first line. */
async function read(): Promise<string> {
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) {
    text += chunk;
    if (text.includes('\n') || text.length > 4096) break;
  }
  return text.split(/\r?\n/)[0]!;
}
