import { readdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import type { Model } from '../../sdk/core/model.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import type { Region } from '../../sdk/frame/letterbox.ts';
import { readPicture } from '../../sdk/picture/picture.ts';
import { pickPictures, pictureEndings } from '../../sdk/picture/picture-kinds.ts';
import { type AveragePrecision, averagePrecision, type EvaluatedPicture } from '../../sdk/vision/average-precision.ts';
import { printNote } from '../shared/output.ts';
import { labelFileOf, YoloLabels } from './yolo-labels.ts';

/** A picture with YOLO labels. */
export interface BoxedPicture {
  readonly picture: string;
  readonly labels: string;
}

/** Per picture, of all classes. COCO's limit is 100 of each class, which `averagePrecision` applies. */
const maxDetections = 300;

/**
 * The pictures of a folder with labels (`labelFilesOf`), or of the folder `images` in it, in the order of their names; what is not counted
 * is said on stderr.
 *
 * @throws InputError when there are none.
 */
export async function boxedPictures(folder: string): Promise<BoxedPicture[]> {
  const names = await readdir(folder).catch((error) => {
    throw new InputError(`${folder}: expected a readable folder; ${messageOf(error)}`);
  });
  const { pictures, skipped } = pickPictures(names.filter((name) => !isLabels(name)));
  if (pictures.length === 0 && names.includes('images')) return boxedPictures(join(folder, 'images'));
  const found: BoxedPicture[] = [];
  for (const name of pictures.sort()) {
    const picture = join(folder, name);
    const labels = await labelFileOf(picture);
    if (labels !== undefined) found.push({ picture, labels });
  }
  if (found.length === 0) {
    throw new InputError(
      `${folder}: expected pictures (${pictureEndings.join(', ')}) with a .txt of YOLO labels beside each, or in labels/ where they are in images/, found none`,
    );
  }
  if (skipped) printNote(`${folder}: ${skipped}`);
  const without = pictures.length - found.length;
  if (without > 0)
    printNote(
      `${folder}: not counted, since they have no .txt of labels beside them: ${without} of ${pictures.length} pictures`,
    );
  return found;
}

/** Labels, and what sets have beside them. */
const isLabels = (name: string) =>
  extname(name).toLowerCase() === '.txt' || ['obj.names', 'data.yaml', 'images', 'labels'].includes(name);

export interface BoxEvaluation {
  /** Minimum score of counted detections, 0..1. */
  readonly score: number;
  /** IoU above which the lower-scored of two boxes is removed. Default: the card's. */
  readonly iou?: number | undefined;
  readonly regionsOf?: (frame: Frame) => Region[] | undefined;
  readonly step?: () => void;
}

export interface EvaluatedBoxes {
  readonly result: AveragePrecision;
  readonly images: number;
  readonly objects: number;
  /** The network's own time per picture, mean, ms. */
  readonly inferMs: number;
  /** Regions per picture, mean. */
  readonly regions: number;
}

/** A detector's COCO AP on labelled pictures. @throws InputError when a picture or its labels cannot be read. */
export async function evaluateBoxes(
  model: Model,
  pictures: readonly BoxedPicture[],
  { score, iou, regionsOf, step }: BoxEvaluation,
): Promise<EvaluatedBoxes> {
  const evaluated: EvaluatedPicture[] = [];
  const reader = new YoloLabels(model.card.labels);
  let inferMs = 0;
  let regions = 0;
  for (const { picture, labels } of pictures) {
    const frame = await readPicture(picture);
    try {
      const truth = await reader.read(labels, frame);
      const seen = await model.detectTimed(frame, {
        scoreThreshold: score,
        ...(iou !== undefined && { iouThreshold: iou }),
        maxDetections,
        multiLabel: true,
        ...(regionsOf && { regions: regionsOf(frame) as Region[] }),
      });
      inferMs += seen.times.inferMs;
      regions += seen.regions;
      evaluated.push({ detections: seen.detections, truth });
    } finally {
      frame.release();
    }
    step?.();
  }
  reader.tell();
  const count = Math.max(1, evaluated.length);
  return {
    result: averagePrecision(evaluated),
    images: evaluated.length,
    objects: evaluated.reduce((sum, { truth }) => sum + truth.length, 0),
    inferMs: inferMs / count,
    regions: regions / count,
  };
}
