import type { Command } from 'commander';
import { loadClassifier } from '../../../sdk/core/classifier.ts';
import type { Frame } from '../../../sdk/frame/frame.ts';
import { printJson } from '../output.ts';
import { eachPicture, unreadableHelp } from '../pictures.ts';
import { atLeastOne, threads } from '../values.ts';

interface ClassifyOptions {
  json?: boolean;
  model?: string;
  top: number;
  threads?: number;
}

/** What a picture is, best first: the network's own classes, or whatever else can tell. */
interface Teller {
  tell(frame: Frame): Promise<readonly { readonly label: string; readonly score: number }[]>;
  close(): Promise<void>;
}

export function addClassify(program: Command): void {
  program
    .command('classify')
    .description('tell what pictures are of, in the 1000 classes of ImageNet')
    .argument('<picture...>', 'JPEG, PNG, WebP, …')
    .option('--json', 'one JSON line a label: {file, label, score}')
    .option('--top <n>', 'so many labels a picture, best first', atLeastOne, 1)
    .option('--model <name or file>', 'a name of `ocellus models`, an ONNX file, or a card; of the task classify')
    .option('--threads <n>', 'threads of the neural core', threads)
    .addHelpText('after', `\n${unreadableHelp}`)
    .action(classify);
}

async function classify(files: string[], options: ClassifyOptions): Promise<void> {
  const teller = await ofClasses(options);
  try {
    await eachPicture('classify', files, async (file, frame) => {
      const told = await teller.tell(frame);
      if (!options.json) console.log(`${file}: ${told.map(words).join(', ')}`);
      else for (const { label, score } of told) await printJson({ file, label, score: Number(score.toFixed(4)) });
    });
  } finally {
    await teller.close();
  }
}

async function ofClasses({ model, top, threads }: ClassifyOptions): Promise<Teller> {
  const classifier = await loadClassifier(model, { threads });
  return { tell: (frame) => classifier.classify(frame, { topK: top }), close: () => classifier.close() };
}

const words = ({ label, score }: { label: string; score: number }) => `${label} ${Math.round(score * 100)} %`;
