import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import type { Model } from '../../sdk/core/model.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import type { Region, Size } from '../../sdk/frame/letterbox.ts';
import { readPicture } from '../../sdk/picture/picture.ts';
import { pickPictures, pictureEndings } from '../../sdk/picture/picture-kinds.ts';
import {
  type AveragePrecision,
  averagePrecision,
  type EvaluatedPicture,
  type TrueObject,
} from '../../sdk/vision/average-precision.ts';
import { printNote } from '../shared/output.ts';

/** A picture with YOLO labels beside it. */
export interface BoxedPicture {
  readonly picture: string;
  readonly labels: string;
}

/** Per picture, of all classes. COCO's limit is 100 of each class, which `averagePrecision` applies. */
const maxDetections = 300;

/**
 * The pictures of a folder with labels beside them, in the order of their names; what is not counted is said on stderr.
 *
 * @throws InputError when there are none.
 */
export async function boxedPictures(folder: string): Promise<BoxedPicture[]> {
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
  let inferMs = 0;
  let regions = 0;
  for (const { picture, labels } of pictures) {
    const frame = await readPicture(picture);
    try {
      const truth = parseLabels(await readFile(labels, 'utf8'), labels, frame, model.card.labels.length);
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
  const count = Math.max(1, evaluated.length);
  return {
    result: averagePrecision(evaluated),
    images: evaluated.length,
    objects: evaluated.reduce((sum, { truth }) => sum + truth.length, 0),
    inferMs: inferMs / count,
    regions: regions / count,
  };
}

/** `class cx cy w h` a line, relative to the picture → boxes in its pixels. */
export function parseLabels(text: string, file: string, size: Size, classes: number): TrueObject[] {
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
