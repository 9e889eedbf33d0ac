import type { SizeState } from '../../../protocol.ts';

/** What is usually seen at a place, in pixels of the frame. */
export interface SizeMark {
  readonly label: string;
  /** The larger side of its box. */
  readonly pixels: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly count: number;
}

/** The most frequent label of each place. @param sizes The most frequent first. */
export function sizeMarks(sizes: readonly SizeState[], frame: { width: number; height: number }): SizeMark[] {
  const marks = new Map<string, SizeMark>();
  for (const { label, place, size, count } of sizes) {
    const key = String(place);
    if (marks.has(key)) continue;
    const [x1, y1, x2, y2] = place;
    marks.set(key, {
      label,
      pixels: Math.round(size * Math.max(frame.width, frame.height)),
      x: x1 * frame.width,
      y: y1 * frame.height,
      width: (x2 - x1) * frame.width,
      height: (y2 - y1) * frame.height,
      count,
    });
  }
  return [...marks.values()];
}
