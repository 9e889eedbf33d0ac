import { type Command, Option } from 'commander';
import { objectHead } from '../../../sdk/learn/ledger/example.ts';
import { printJson } from '../../shared/output.ts';
import type { Told } from '../../worker/task.ts';
import { storeHelp } from '../learner.ts';
import { classifierHelp, withModelOptions } from '../model-options.ts';
import { withFolders } from '../picture-files.ts';
import { eachPicture, unreadableHelp } from '../pictures.ts';
import { openTeller, type TellerOptions } from '../teller.ts';
import { atLeastOne } from '../values.ts';

interface ClassifyOptions extends TellerOptions {
  recursive: boolean;
  json?: boolean;
}

export function addClassify(program: Command): void {
  const command = program
    .command('classify')
    .description('classify pictures: by the 1000 classes of ImageNet, or by taught labels')
    .argument('<picture or folder...>', 'JPEG, PNG, WebP, …; for a folder, all pictures in it')
    .option('--recursive', 'of a folder those in its folders too', false)
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
  const files = await withFolders(paths, options);
  const teller = await openTeller(options);
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

function words({ label, score, nearest }: Told): string {
  return nearest === undefined ? `${label} ${Math.round(score * 100)} %` : `${label}, most similar to ${nearest}`;
}
