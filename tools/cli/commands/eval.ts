import { type Command, Option } from 'commander';
import { toWire } from '../../../sdk/base/wire.ts';
import { loadModel } from '../../../sdk/core/model.ts';
import { printWire, progress, table } from '../../shared/output.ts';
import { evaluateLearning } from '../evaluate-learning.ts';
import { type FarCommandOptions, regionsOf, withFarOptions } from '../far.ts';
import { boxedPictures, evaluateBoxes } from '../labelled-boxes.ts';
import { type ModelOptions, withModelOptions } from '../model-options.ts';
import { atLeastOne, fraction } from '../values.ts';

interface EvalOptions extends ModelOptions, FarCommandOptions {
  json?: boolean;
  score: number;
  iou?: number;
  perClass?: boolean;
  learn?: boolean;
  seeds: number;
}

export function addEval(program: Command): void {
  const command = program
    .command('eval')
    .description(
      'measure a detector’s accuracy (COCO AP) on pictures with YOLO labels beside them, or that of learning',
    )
    .argument(
      '<dir>',
      'folder with NAME.jpg and NAME.txt (class cx cy w h, relative; an empty file: no object), or images/ and labels/',
    )
    .option('--json', 'one JSON line: {ap, ap50, ap75, images, …}')
    .addOption(
      new Option(
        '--learn',
        'measure learning from 5 and 20 pictures per label; folder with train/LABEL/ and test/LABEL/, or LABEL/',
      ).conflicts(['score', 'iou', 'perClass', 'far', 'maxRegions']),
    )
    .option('--seeds <n>', 'with --learn: number of random draws of training pictures', atLeastOne, 10);
  withFarOptions(withModelOptions(command))
    .option('--score <0..1>', 'minimum score of counted detections', fraction, 0.01)
    .option('--iou <0..1>', 'IoU above which the lower-scored of two boxes is removed (default: the card’s)', fraction)
    .option('--per-class', 'also print the AP of each class')
    .action((folder: string, options: EvalOptions) =>
      options.learn ? evaluateLearning(folder, options) : evaluate(folder, options),
    );
}

async function evaluate(folder: string, options: EvalOptions): Promise<void> {
  const pictures = await boxedPictures(folder);
  const model = await loadModel(options.model, options);
  const bar = progress('eval', pictures.length);
  const { result, images, objects, inferMs, regions } = await evaluateBoxes(model, pictures, {
    score: options.score,
    iou: options.iou,
    regionsOf: (frame) => regionsOf(frame, model, options),
    step: () => bar.step(),
  }).finally(async () => {
    bar.done();
    await model.close();
  });
  const perClass = Object.fromEntries(
    [...result.perClass].map(([classId, ap]) => [model.card.labels[classId]!, round(ap)]),
  );
  const summary = {
    model: model.card.name,
    images,
    objects,
    ap: round(result.ap),
    ap50: round(result.ap50),
    ap75: round(result.ap75),
    apSmall: round(result.apSmall),
    apMedium: round(result.apMedium),
    apLarge: round(result.apLarge),
    ...(options.far && { regions: round(regions) }),
    inferMs: round(inferMs),
  };
  if (options.json) {
    // Measurement scripts read `inferMs`: the only name that is not in snake case stays beside `infer_ms`.
    const { inferMs } = summary;
    return printWire({ ...toWire(summary), inferMs, ...(options.perClass && { per_class: perClass }) });
  }
  console.log(
    table(Object.entries(summary).map(([name, value]) => [name, Number.isNaN(value) ? 'none' : String(value)])),
  );
  if (options.perClass)
    console.log(`\n${table(Object.entries(perClass).map(([name, value]) => [name, value.toFixed(3)]))}`);
}

const round = (value: number) => Math.round(value * 10_000) / 10_000;
