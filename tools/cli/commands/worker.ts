import { type Command, Option } from 'commander';
import { InputError } from '../../../sdk/base/errors.ts';
import { defaultModel } from '../../../sdk/config/schema.ts';
import { loadClassifier } from '../../../sdk/core/classifier.ts';
import { loadModel } from '../../../sdk/core/model.ts';
import { embedPicture } from '../../../sdk/learn/camera/embed-picture.ts';
import { objectHead } from '../../../sdk/learn/ledger/example.ts';
import { answerLines } from '../../worker/lines.ts';
import { takeStandardOutput } from '../../worker/standard-output.ts';
import { type Counts, type Task, type TaskKind, taskKinds } from '../../worker/task.ts';
import { answerTypedBytes } from '../../worker/typed-bytes.ts';
import { storeHelp } from '../learner.ts';
import { modelDigest } from '../model-digest.ts';
import { withModelOptions } from '../model-options.ts';
import { openTeller, type TellerOptions } from '../teller.ts';
import { atLeastOne, fraction } from '../values.ts';

interface WorkerOptions extends TellerOptions {
  readonly arrow?: boolean;
  readonly lines?: boolean;
  readonly typedbytes?: boolean;
  readonly parts?: boolean;
  readonly task: TaskKind;
  readonly threshold?: number;
}

export function addWorker(program: Command): void {
  const command = program
    .command('worker')
    .description('answer pictures from stdin on stdout, for Spark, Hadoop and other engines')
    .addOption(new Option('--arrow', 'Arrow IPC streams: rows of path and content in, a row for each out'))
    .addOption(
      new Option('--lines', 'lines: PATH and BYTES in base64 with a tab between them in, JSON in base64 out').conflicts(
        'arrow',
      ),
    )
    .addOption(
      new Option('--typedbytes', 'pairs of Hadoop Streaming: path and bytes in, path and JSON out').conflicts([
        'arrow',
        'lines',
      ]),
    )
    // What `ocellus detect --parquet` starts.
    .addOption(new Option('--parts').conflicts(['arrow', 'lines', 'typedbytes']).hideHelp())
    .addOption(new Option('--task <task>', 'what is asked of each picture').choices(taskKinds).default('detect'))
    .option('--threshold <0..1>', 'detect: minimum score (default: the model card’s)', fraction)
    .option('--top <n>', 'classify: at most this many classes per picture, best first', atLeastOne, 1)
    .addOption(new Option('--store <dir>', `classify: ${storeHelp}`).conflicts('top'))
    .option('--head <name>', `classify: head of the store; embed: of which it will be (default: "${objectHead}")`);
  withModelOptions(command)
    .addHelpText(
      'after',
      '\nA picture that cannot be read is a row with `error`, and the exit code is 0. It is 2 when stdin or an option is not as ' +
        'expected. Other output, and what happened, is on stderr. docs/scale.md has the columns.',
    )
    .action(work);
}

async function work(options: WorkerOptions): Promise<void> {
  const write = takeStandardOutput();
  const protocol = await protocolOf(options);
  const task = await openTask(options);
  let counts: Counts;
  try {
    counts = await protocol(process.stdin, write, task);
  } finally {
    await task.close();
  }
  console.error(`ocellus worker: ${counts.pictures} pictures, of which ${counts.errors} could not be read`);
}

async function protocolOf({ arrow, lines, typedbytes, parts }: WorkerOptions): Promise<typeof answerLines> {
  if (lines) return answerLines;
  if (typedbytes) return answerTypedBytes;
  try {
    if (parts) return (await import('../../worker/parts.ts')).writeParts;
    if (arrow) return (await import('../../worker/arrow.ts')).answerArrow;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const name = parts ? 'hyparquet-writer' : 'apache-arrow';
    throw new InputError(
      `beside code of your own (--import): expected the package ${name}, there is none; run \`npm install ${name}\``,
    );
  }
  throw new InputError('expected --arrow, --lines or --typedbytes: what stdin and stdout speak');
}

async function openTask(options: WorkerOptions): Promise<Task> {
  const { task: kind, threshold, store } = options;
  if (threshold !== undefined && kind !== 'detect') throw new InputError('--threshold: expected --task detect as well');
  if (store !== undefined && kind !== 'classify') throw new InputError('--store: expected --task classify as well');
  if (kind === 'detect') return openDetector(options);
  if (kind === 'embed') return openEmbedder(options);
  const teller = await openTeller(options);
  return {
    kind,
    model: teller.sha256,
    ask: async (frame) => ({ classes: await teller.tell(frame) }),
    close: () => teller.close(),
  };
}

async function openDetector({ model: name = defaultModel, threshold, ...options }: WorkerOptions): Promise<Task> {
  const [model, digest] = await Promise.all([loadModel(name, options), modelDigest(name)]);
  return {
    kind: 'detect',
    model: digest,
    ask: async (frame) => ({ detections: await model.detect(frame, { scoreThreshold: threshold }) }),
    close: () => model.close(),
  };
}

async function openEmbedder({ model: name, head, ...options }: WorkerOptions): Promise<Task> {
  const classifier = await loadClassifier(name, options);
  return {
    kind: 'embed',
    model: classifier.card.sha256!,
    ask: async (frame) => ({ embedding: await embedPicture(classifier, frame, head) }),
    close: () => classifier.close(),
  };
}
