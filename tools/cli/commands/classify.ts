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
  /** The most similar label of an unknown object. */
  readonly nearest?: string;
}

/** Classes of a picture, best first: the network's own, or taught labels. */
interface Teller {
  tell(frame: Frame): Promise<readonly Told[]>;
  close(): Promise<void>;
}

export function addClassify(program: Command): void {
  const command = program
    .command('classify')
    .description('classify pictures: by the 1000 classes of ImageNet, or by taught labels')
    .argument('<picture or folder...>', 'JPEG, PNG, WebP, …; for a folder, all pictures in it')
    .option('--json', 'one JSON line per label: {file, label, score}, and nearest for an unknown object')
    .option('--top <n>', 'at most this many classes per picture, best first', atLeastOne, 1)
    .addOption(new Option('--store <dir>', storeHelp).conflicts('top'))
    .option('--head <name>', `head of the store to use (default: "${objectHead}")`);
  withModelOptions(command, classifierHelp)
    .addHelpText(
      'after',
      `\nWith --store the label may be unknown; the score is then that of the most similar label. ${unreadableHelp}`,
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
  if (head !== undefined) throw new InputError('--head: expected a store as well; name it with --store');
  const classifier = await loadClassifier(options.model, options);
  return { tell: (frame) => classifier.classify(frame, { topK: top }), close: () => classifier.close() };
}

async function ofTaught(store: string, { head = objectHead, ...options }: ClassifyOptions): Promise<Teller> {
  const { learner, model } = await openLearner(store, options.model);
  try {
    checkHead(learner, head);
    const classifier = await loadClassifier(model, options);
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
  return nearest === undefined ? `${label} ${Math.round(score * 100)} %` : `${label}, most similar to ${nearest}`;
}
