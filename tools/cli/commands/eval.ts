import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { type Command, Option } from 'commander';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import { toWire } from '../../../sdk/base/wire.ts';
import { loadModel } from '../../../sdk/core/model.ts';
import { readPicture } from '../../../sdk/picture/picture.ts';
import { pickPictures, pictureEndings } from '../../../sdk/picture/picture-kinds.ts';
import { averagePrecision, type EvaluatedPicture } from '../../../sdk/vision/average-precision.ts';
import { printNote, printWire, progress, table } from '../../shared/output.ts';
import { evaluateLearning } from '../evaluate-learning.ts';
import { type FarCommandOptions, regionsOf, withFarOptions } from '../far.ts';
import { type ModelOptions, withModelOptions } from '../model-options.ts';
import { atLeastOne, fraction } from '../values.ts';

/** Per picture, of all classes. COCO's limit is 100 of each class, which `averagePrecision` applies. */
const maxDetections = 300;

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
    .argument('<dir>', 'folder with NAME.jpg and NAME.txt (class cx cy w h, relative; an empty file: no object)')
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
  const pictures = await findPictures(folder);
  const model = await loadModel(options.model, options);
  const bar = progress('eval', pictures.length);
  const evaluated: EvaluatedPicture[] = [];
  let inferMs = 0;
  let regions = 0;
  try {
    for (const { picture, labels } of pictures) {
      const frame = await readPicture(picture);
      try {
        const truth = parseLabels(await readFile(labels, 'utf8'), labels, frame, model.card.labels.length);
        const seen = await model.detectTimed(frame, {
          scoreThreshold: options.score,
          iouThreshold: options.iou,
          maxDetections,
          multiLabel: true,
          regions: regionsOf(frame, model, options),
        });
        inferMs += seen.times.inferMs;
        regions += seen.regions;
        evaluated.push({ detections: seen.detections, truth });
      } finally {
        frame.release();
      }
      bar.step();
    }
  } finally {
    bar.done();
    await model.close();
  }
  const result = averagePrecision(evaluated);
  const perClass = Object.fromEntries(
    [...result.perClass].map(([classId, ap]) => [model.card.labels[classId]!, round(ap)]),
  );
  const summary = {
    model: model.card.name,
    images: evaluated.length,
    objects: evaluated.reduce((sum, { truth }) => sum + truth.length, 0),
    ap: round(result.ap),
    ap50: round(result.ap50),
    ap75: round(result.ap75),
    apSmall: round(result.apSmall),
    apMedium: round(result.apMedium),
    apLarge: round(result.apLarge),
    ...(options.far && { regions: round(regions / evaluated.length) }),
    inferMs: round(inferMs / Math.max(1, evaluated.length)),
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

async function findPictures(folder: string): Promise<{ picture: string; labels: string }[]> {
  const names = await readdir(folder).catch((error) => {
    throw new InputError(`${folder}: expected a readable folder; ${messageOf(error)}`);
  });
  const all = new Set(names);
  const labelsOf = (name: string) => `${name.slice(0, -extname(name).length)}.txt`;
  const { pictures, skipped } = pickPictures(names.filter((name) => extname(name).toLowerCase() !== '.txt'));
  const found = pictures
    .map((name) => ({ name, labels: labelsOf(name) }))
    .filter(({ labels }) => all.has(labels))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (found.length === 0) {
    throw new InputError(
      `${folder}: expected pictures (${pictureEndings.join(', ')}) with a .txt of YOLO labels beside each, found none`,
    );
  }
  if (skipped) printNote(`${folder}: ${skipped}`);
  const without = pictures.length - found.length;
  if (without > 0)
    printNote(
      `${folder}: not counted, since they have no .txt of labels beside them: ${without} of ${pictures.length} pictures`,
    );
  return found.map(({ name, labels }) => ({ picture: join(folder, name), labels: join(folder, labels) }));
}

/** `class cx cy w h` a line, relative to the picture → boxes in its pixels. */
function parseLabels(text: string, file: string, size: { width: number; height: number }, classes: number) {
  return text
    .split('\n')
    .map((line, index) => ({ line: line.trim(), index }))
    .filter(({ line }) => line !== '')
    .map(({ line, index }) => {
      const values = line.split(/\s+/).map(Number);
      const [classId, cx, cy, w, h] = values as [number, number, number, number, number];
      if (
        values.length !== 5 ||
        values.some(Number.isNaN) ||
        !Number.isInteger(classId) ||
        classId < 0 ||
        classId >= classes
      ) {
        throw new InputError(
          `${file}, line ${index + 1}: expected "class cx cy w h" with a class from 0 to ${classes - 1}, got "${line}"`,
        );
      }
      const box: [number, number, number, number] = [
        (cx - w / 2) * size.width,
        (cy - h / 2) * size.height,
        (cx + w / 2) * size.width,
        (cy + h / 2) * size.height,
      ];
      return { classId, box };
    });
}
