import type { Command } from 'commander';
import { loadModel } from '../../../sdk/core/model.ts';
import type { Detections } from '../../../sdk/vision/detections.ts';
import { printJson } from '../../shared/output.ts';
import { type ModelOptions, withModelOptions } from '../model-options.ts';
import { withFolders } from '../picture-files.ts';
import { eachPicture, unreadableHelp } from '../pictures.ts';
import { share } from '../values.ts';

interface DetectOptions extends ModelOptions {
  json?: boolean;
  threshold?: number;
}

export function addDetect(program: Command): void {
  const command = program
    .command('detect')
    .description('find objects in pictures')
    .argument('<picture or folder...>', 'JPEG, PNG, WebP, …; of a folder all pictures in it')
    .option('--json', 'one JSON line a picture: {file, width, height, detections: [{label, score, box}]}');
  withModelOptions(command)
    .option('--threshold <0..1>', 'the least score (default: the model card’s)', share)
    .addHelpText('after', `\nBoxes are [x1, y1, x2, y2] in picture pixels. ${unreadableHelp}`)
    .action(detect);
}

async function detect(paths: string[], options: DetectOptions): Promise<void> {
  const files = await withFolders(paths);
  const model = await loadModel(options.model, options);
  try {
    await eachPicture('detect', files, async (file, frame) => {
      const found = await model.detect(frame, { scoreThreshold: options.threshold });
      const { width, height } = frame;
      if (options.json) await printJson({ file, width, height, detections: rows(found) });
      else console.log(`${file}: ${found.length === 0 ? 'nothing' : [...found].map(words).join(', ')}`);
    });
  } finally {
    await model.close();
  }
}

const words = ({ label, score }: { label: string; score: number }) => `${label} ${Math.round(score * 100)} %`;

function rows(found: Detections) {
  return [...found].map(({ label, score, box }) => ({
    label,
    score: Number(score.toFixed(4)),
    box: box.map((value) => Number(value.toFixed(1))),
  }));
}
