import type { Command } from 'commander';
import { hashPassword } from '../../../sdk/access/password.ts';
import { askPassword } from '../ask-password.ts';

export function addPassword(program: Command): void {
  program
    .command('password')
    .description('print the hash of a password, for the settings')
    .addHelpText(
      'after',
      '\nPrompts for it without showing it, or reads it from standard input if that is not a terminal.',
    )
    .action(async () => {
      console.log(await hashPassword(process.stdin.isTTY ? await askPassword() : await read()));
    });
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
