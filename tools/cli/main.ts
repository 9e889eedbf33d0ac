import { Command, CommanderError } from 'commander';
import { packageVersion } from '../../sdk/base/assets.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { printError } from '../shared/output.ts';
import { addCameras } from './commands/cameras.ts';
import { addClassify } from './commands/classify.ts';
import { addCompile } from './commands/compile.ts';
import { addDetect } from './commands/detect.ts';
import { addDoctor } from './commands/doctor.ts';
import { addEval } from './commands/eval.ts';
import { addLearn } from './commands/learn.ts';
import { addModels } from './commands/models.ts';
import { addPassword } from './commands/password.ts';
import { addRecord } from './commands/record.ts';
import { addReplay } from './commands/replay.ts';
import { addRequest } from './commands/request.ts';
import { addRun } from './commands/run.ts';
import { addTeach } from './commands/teach.ts';
import { addTune } from './commands/tune.ts';
import { addWatch } from './commands/watch.ts';

const program = new Command('ocellus')
  .description('A camera becomes detections on MQTT and on a live page.')
  .version(packageVersion())
  .showHelpAfterError('(ocellus help <command> lists its options)')
  .configureHelp({ showGlobalOptions: false })
  .exitOverride();

for (const add of [
  addRun,
  addDetect,
  addClassify,
  addTeach,
  addWatch,
  addRecord,
  addReplay,
  addEval,
  addDoctor,
  addCameras,
  addLearn,
  addTune,
  addCompile,
  addModels,
  addRequest,
  addPassword,
]) {
  add(program);
}

// A closed pipe (`ocellus watch … | head`) ends the work, and is not a fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  printError(`standard output cannot be written: ${error.message}`);
  process.exit(1);
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  printError(error);
  process.exit(error instanceof InputError ? 2 : 1);
}
