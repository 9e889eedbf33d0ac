import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import { otherThanFile } from '../../../sdk/base/other-than-file.ts';
import { loadModel } from '../../../sdk/core/model.ts';
import { annotatedJpeg } from '../../../sdk/vision/annotate/annotated-jpeg.ts';
import { printJson } from '../../shared/output.ts';
import { AnnotatedFiles } from '../annotated-files.ts';
import { detectToParquet } from '../corpus.ts';
import { type FarCommandOptions, regionsOf, withFarOptions } from '../far.ts';
import { type ModelOptions, withModelOptions } from '../model-options.ts';
import { withFolders } from '../picture-files.ts';
import { assertSomeReadable, eachPicture, unreadableHelp } from '../pictures.ts';
import { atLeastOne, fraction } from '../values.ts';
import { writeResult } from '../write-result.ts';

interface DetectOptions extends ModelOptions, FarCommandOptions {
  json?: boolean;
  threshold?: number;
  out?: string;
  recursive: boolean;
  parquet?: string;
  processes?: number;
  partSize: number;
}

export function addDetect(program: Command): void {
  const command = program
    .command('detect')
    .description('find objects in pictures')
    .argument('<picture or folder...>', 'JPEG, PNG, WebP, …; of a folder all pictures in it')
    .option('--recursive', 'of a folder those in its folders too', false)
    .option(
      '--json',
      'one JSON line per picture: {file, width, height, detections: [{label, score, box}]}, with --far also regions',
    );
  withFarOptions(withModelOptions(command))
    .option('--threshold <0..1>', 'minimum score (default: the model card’s)', fraction)
    .option('--out <folder>', 'also write each picture with its boxes and names there, as JPEG; the folder is created')
    .addOption(
      new Option(
        '--parquet <folder>',
        'instead, write what is found there as Parquet files, by several processes; the same command goes on with what is not done yet',
      ).conflicts(['json', 'out', 'far']),
    )
    .option('--processes <n>', 'with --parquet (default: one a core, of one thread each)', atLeastOne)
    .option('--part-size <n>', 'with --parquet: pictures of one file', atLeastOne, 256)
    .addHelpText('after', `\nBoxes are [x1, y1, x2, y2] in picture pixels. ${unreadableHelp}`)
    .action(detect);
}

async function detect(paths: string[], options: DetectOptions): Promise<void> {
  const files = await withFolders(paths, options);
  if (options.parquet !== undefined) await assertSomeThere(paths);
  if (options.parquet !== undefined) return detectToParquet(files, options.parquet, options);
  if (options.processes !== undefined) throw new InputError('--processes: expected --parquet as well');
  // A new folder is not made for what will not be in it.
  if (options.out !== undefined && !existsSync(options.out)) await assertSomeReadable(files);
  const model = await loadModel(options.model, options);
  try {
    const out = options.out === undefined ? undefined : await AnnotatedFiles.in(options.out, files);
    await eachPicture('detect', files, async (file, frame) => {
      const regions = regionsOf(frame, model, options);
      const found = await model.detect(frame, { scoreThreshold: options.threshold, regions });
      const { width, height } = frame;
      const annotated = out?.fileFor(file);
      if (annotated !== undefined) {
        const jpeg = await annotatedJpeg(frame, found, { quality: 90 });
        // Not the picture's fault, after which others would be read.
        await writeResult(annotated, jpeg, { isSynced: false }).catch((error: unknown) => {
          throw new Error(messageOf(error), { cause: error });
        });
      }
      if (options.json)
        await printJson({
          file,
          width,
          height,
          ...(regions && { regions: regions.length }),
          detections: found,
          ...(annotated && { annotated }),
        });
      else
        console.log(
          `${file}: ${found.length === 0 ? 'nothing' : [...found].map(words).join(', ')}${regions ? ` (${regions.length} regions)` : ''}`,
        );
    });
  } finally {
    await model.close();
  }
}

/** A misspelt path is not to become a table of one row, nor a pipe, which the processes that read do not have. */
async function assertSomeThere(paths: readonly string[]): Promise<void> {
  let got: string | undefined;
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    const other = found ? otherThanFile(found) : 'none';
    if (other === undefined) return;
    got ??= other;
  }
  throw new InputError(`${paths[0]}: expected a picture or a folder of them, got ${got}`);
}

const words = ({ label, score }: { label: string; score: number }) => `${label} ${Math.round(score * 100)} %`;
