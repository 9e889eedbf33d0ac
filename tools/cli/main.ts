import { type Command, CommanderError } from 'commander';
import { packageVersion } from '../../sdk/base/assets.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { printError } from '../shared/output.ts';
import { outliveTerminal } from './signals.ts';
import { StrictCommand } from './strict-command.ts';

/** In the order of the help. */
const commands: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  run: async () => (await import('./commands/run.ts')).addRun,
  detect: async () => (await import('./commands/detect.ts')).addDetect,
  classify: async () => (await import('./commands/classify.ts')).addClassify,
  pack: async () => (await import('./commands/pack.ts')).addPack,
  worker: async () => (await import('./commands/worker.ts')).addWorker,
  teach: async () => (await import('./commands/teach.ts')).addTeach,
  watch: async () => (await import('./commands/watch.ts')).addWatch,
  record: async () => (await import('./commands/record.ts')).addRecord,
  replay: async () => (await import('./commands/replay.ts')).addReplay,
  eval: async () => (await import('./commands/eval.ts')).addEval,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctor,
  cameras: async () => (await import('./commands/cameras.ts')).addCameras,
  learn: async () => (await import('./commands/learn.ts')).addLearn,
  bench: async () => (await import('./commands/bench.ts')).addBench,
  tune: async () => (await import('./commands/tune.ts')).addTune,
  compile: async () => (await import('./commands/compile.ts')).addCompile,
  quantise: async () => (await import('./commands/quantise.ts')).addQuantise,
  port: async () => (await import('./commands/port.ts')).addPort,
  models: async () => (await import('./commands/models.ts')).addModels,
  image: async () => (await import('./commands/image.ts')).addImage,
  request: async () => (await import('./commands/request.ts')).addRequest,
  why: async () => (await import('./commands/why.ts')).addWhy,
  flash: async () => (await import('./commands/flash.ts')).addFlash,
  update: async () => (await import('./commands/update.ts')).addUpdate,
  password: async () => (await import('./commands/password.ts')).addPassword,
  'first-boot': async () => (await import('./commands/first-boot.ts')).addFirstBoot,
};

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
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2);
  printError(error);
  process.exit(error instanceof InputError ? 2 : 1);
}
