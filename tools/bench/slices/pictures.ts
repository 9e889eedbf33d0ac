import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp, { type OverlayOptions } from 'sharp';
import type { TrueObject } from '../../../sdk/vision/average-precision.ts';

/** A picture on disk and what is in it. */
export interface Labelled {
  readonly file: string;
  readonly truth: readonly TrueObject[];
}

/** Every second of the labelled pictures: nothing was chosen on these. */
export function heldOut(folder: string): Labelled[] {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.jpg'))
    .sort();
  return names.filter((_, i) => i % 2 === 1).map((name) => ({ file: join(folder, name), truth: [] }));
}

const canvas = { width: 1920, height: 1080 };
const [columns, rows] = [3, 2];
const cell = { width: canvas.width / columns, height: canvas.height / rows };

/** Reads what is in a picture from the YOLO labels beside it. */
export async function withTruth({ file }: Labelled): Promise<Labelled> {
  const { width, height } = await sharp(file).metadata();
  return { file, truth: objectsOf(file, 0, 0, width!, height!) };
}

/** Large pictures that show six of those each. @param folder Where they are written. */
export async function canvases(pictures: readonly Labelled[], folder: string): Promise<Labelled[]> {
  const made: Labelled[] = [];
  for (let first = 0; first < pictures.length; first += columns * rows) {
    const truth: TrueObject[] = [];
    const parts: OverlayOptions[] = [];
    for (const [i, { file }] of pictures.slice(first, first + columns * rows).entries()) {
      const resized = sharp(file)
        .resize({ ...cell, fit: 'inside' })
        .toColourspace('srgb')
        .removeAlpha();
      const { data, info } = await resized.png().toBuffer({ resolveWithObject: true });
      const left = (i % columns) * cell.width + ((cell.width - info.width) >> 1);
      const top = Math.floor(i / columns) * cell.height + ((cell.height - info.height) >> 1);
      parts.push({ input: data, left, top });
      truth.push(...objectsOf(file, left, top, info.width, info.height));
    }
    const file = join(folder, `${made.length}.jpg`);
    const grey = sharp({ create: { ...canvas, channels: 3, background: '#727272' } });
    await grey.composite(parts).jpeg({ quality: 95 }).toFile(file);
    made.push({ file, truth });
  }
  return made;
}

function objectsOf(file: string, left: number, top: number, width: number, height: number): TrueObject[] {
  const lines = readFileSync(file.replace(/\.jpg$/, '.txt'), 'utf8')
    .split('\n')
    .filter(Boolean);
  return lines.map((line) => {
    const [classId, x, y, w, h] = line.trim().split(/\s+/).map(Number) as [number, number, number, number, number];
    return {
      classId,
      box: [
        left + (x - w / 2) * width,
        top + (y - h / 2) * height,
        left + (x + w / 2) * width,
        top + (y + h / 2) * height,
      ],
    };
  });
}
