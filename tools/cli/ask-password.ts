import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { InputError } from '../../sdk/base/errors.ts';

/**
 * Asks for a password twice, without showing it.
 *
 * @param what Names it: `Password`.
 * @throws InputError when the two entries differ.
 */
export async function askPassword(what = 'Password'): Promise<string> {
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
    const password = await question(`${what}: `);
    if ((await question('Again: ')) !== password) throw new InputError('the two passwords differ: try again');
    return password;
  } finally {
    terminal.close();
    gone.catch(() => {});
  }
}
