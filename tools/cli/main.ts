import { CommanderError } from 'commander';
import { packageVersion } from '../../sdk/base/assets.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { printError } from '../shared/output.ts';
import { commands } from './command-table.ts';
import { outliveTerminal } from './signals.ts';
import { StrictCommand } from './strict-command.ts';

const program = new StrictCommand('ocellus')
  .description('A camera becomes detections on MQTT and on a live page.')
  .version(packageVersion())
  .showHelpAfterError('(ocellus help <command> lists its options)')
  .configureHelp({ showGlobalOptions: false })
  .exitOverride();

// One command does without the code of the others; the help needs all.
const asked = process.argv[2] ?? '';
const needed = Object.hasOwn(commands, asked) ? [commands[asked]!] : Object.values(commands);
for (const command of needed) (await command())(program);

outliveTerminal();
// A closed pipe (`ocellus watch … | head`) ends the work, and is not a fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  printError(`standard output cannot be written: ${error.message}`);
  process.exit(1);
});
// Nobody is left to be told.
process.stderr.on('error', () => {});

try {
  assertFolder();
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  printError(error);
  process.exit(error instanceof InputError ? 2 : 1);
}

/** @throws InputError when the folder that this was started in is gone: no thread starts there, and no path below it is right. */
function assertFolder(): void {
  try {
    process.cwd();
  } catch {
    throw new InputError(
      'the folder that this was started in is no longer there: go to another one (cd) and start it again',
    );
  }
}
