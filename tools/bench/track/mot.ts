import { InputError } from '../../../sdk/base/errors.ts';
import type { Box } from '../../../sdk/vision/geometry.ts';

/** A line of a file in the format of the MOTChallenge. */
export interface MotRow {
  /** From 1 on. */
  readonly frame: number;
  /** Of the object; -1 in a file of detections. */
  readonly id: number;
  readonly box: Box;
  /** Of a detection 0..1; of the truth 1 where it counts. */
  readonly score: number;
  /** Number of the class, from 1 on. */
  readonly classNumber: number;
}

/** Pixels are written with two digits after the point; who reads the file sees what everybody sees. */
export function writeMot(rows: readonly MotRow[]): string {
  return rows
    .map(({ frame, id, box: [x1, y1, x2, y2], score, classNumber }) => {
      const numbers = [x1, y1, x2 - x1, y2 - y1].map((value) => value.toFixed(2));
      return `${frame},${id},${numbers.join(',')},${Number(score.toFixed(4))},${classNumber},-1,-1\n`;
    })
    .join('');
}

/**
 * @param what Names the file in an error.
 * @throws InputError for a line that is none of this format.
 */
export function readMot(text: string, what: string): MotRow[] {
  return text.split('\n').flatMap((line, i) => {
    if (line.trim() === '') return [];
    const numbers = line.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
    const [frame, id, x, y, width, height, score = 1, classNumber = 1] = numbers;
    const isWhole = Number.isInteger(frame) && frame! >= 1 && Number.isInteger(id);
    if (numbers.length < 6 || !numbers.every(Number.isFinite) || !isWhole || width! < 0 || height! < 0) {
      throw new InputError(
        `${what}, line ${i + 1}: expected frame,id,left,top,width,height[,score,class,...] in numbers, got ${JSON.stringify(line)}`,
      );
    }
    return { frame: frame!, id: id!, box: [x!, y!, x! + width!, y! + height!], score, classNumber };
  });
}
