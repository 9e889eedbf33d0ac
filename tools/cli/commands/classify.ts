import { type Command, Option } from 'commander';
import { InputError } from '../../../sdk/base/errors.ts';
import { loadClassifier } from '../../../sdk/core/classifier.ts';
import type { Frame } from '../../../sdk/frame/frame.ts';
import { embedPicture } from '../../../sdk/learn/camera/embed-picture.ts';
import type { Learner } from '../../../sdk/learn/learner.ts';
import { objectHead, unknown } from '../../../sdk/learn/ledger/example.ts';
import { printJson } from '../../shared/output.ts';
import { openLearner, storeHelp } from '../learner.ts';
import { classifierHelp, type ModelOptions, withModelOptions } from '../model-options.ts';
import { withFolders } from '../picture-files.ts';
import { eachPicture, unreadableHelp } from '../pictures.ts';
import { atLeastOne } from '../values.ts';

interface ClassifyOptions extends ModelOptions {
  json?: boolean;
  top: number;
  store?: string;
  head?: string;
}

interface Told {
  readonly label: string;
  readonly score: number;
  /** What something unknown is most like. */
  readonly nearest?: string;
}

/** What a picture is, best first: the network's own classes, or what a head was taught. */
interface Teller {
  tell(frame: Frame): Promise<readonly Told[]>;
  close(): Promise<void>;
}

export function addClassify(program: Command): void {
  const command = program
    .command('classify')
    .description('tell what pictures are of: of the 1000 classes of ImageNet, or of what was taught')
    .argument('<picture or folder...>', 'JPEG, PNG, WebP, …; of a folder all pictures in it')
    .option('--json', 'one JSON line a label: {file, label, score}, of an unknown thing {…, nearest}')
    .option('--top <n>', 'so many classes a picture, best first', atLeastOne, 1)
    .addOption(new Option('--store <dir>', storeHelp).conflicts('top'))
    .option('--head <name>', `what is asked for of the store (default: "${objectHead}")`);
  withModelOptions(command, classifierHelp)
    .addHelpText(
      'after',
      `\nWith --store the label may be unknown; its score is then that of the label it is most like. ${unreadableHelp}`,
    )
    .action(classify);
}

async function classify(paths: string[], options: ClassifyOptions): Promise<void> {
  const files = await withFolders(paths);
  const teller = await (options.store === undefined ? ofClasses(options) : ofTaught(options.store, options));
  try {
    await eachPicture('classify', files, async (file, frame) => {
      const told = await teller.tell(frame);
      if (!options.json) console.log(`${file}: ${told.map(words).join(', ')}`);
      else {
        for (const { label, score, nearest } of told) {
          await printJson({ file, label, score: Number(score.toFixed(4)), ...(nearest !== undefined && { nearest }) });
        }
      }
    });
  } finally {
    await teller.close();
  }
}

async function ofClasses({ top, head, ...options }: ClassifyOptions): Promise<Teller> {
  if (head !== undefined) throw new InputError('--head: expected a store to ask; name it with --store');
  const classifier = await loadClassifier(options.model, options);
  return { tell: (frame) => classifier.classify(frame, { topK: top }), close: () => classifier.close() };
}

async function ofTaught(store: string, { head = objectHead, ...options }: ClassifyOptions): Promise<Teller> {
  const learner = await openLearner(store, options.model);
  try {
    checkHead(learner, head);
    const classifier = await loadClassifier(options.model, options);
    return {
      tell: async (frame) => {
        const { label, score, nearest } = learner.predict(head, await embedPicture(classifier, frame, head))!;
        return [{ label, score, ...(label === unknown && { nearest }) }];
      },
      close: async () => {
        await classifier.close();
        await learner.close();
      },
    };
  } catch (error) {
    await learner.close();
    throw error;
  }
}

function checkHead(learner: Learner, head: string): void {
  if (learner.head(head)?.current) return;
  const known = learner.heads.filter((name) => learner.head(name)?.current);
  throw new InputError(`--head: expected one of ${known.join(', ') || 'none: nothing was taught yet'}, got ${head}`);
}

function words({ label, score, nearest }: Told): string {
  return nearest === undefined ? `${label} ${Math.round(score * 100)} %` : `${label}, most like ${nearest}`;
}
