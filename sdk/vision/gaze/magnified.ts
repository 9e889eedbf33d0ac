import type { Region } from '../../frame/letterbox.ts';
import { Detections } from '../detections.ts';
import { boxOf, covered } from '../geometry.ts';

/** A square of half the input's side, whose pixels are doubled, would lose this share of its scores. */
const doubt = 1 / 6;

/**
 * Takes something from the scores of what was found in squares smaller than the network's input: magnified pixels show
 * no more than there is, and the network is too sure of what it makes of them.
 *
 * @param regions That were looked at. @param side Of the network's input, pixels.
 */
export function withoutMagnification(found: Detections, regions: readonly Region[], side: number): Detections {
  const score = Float32Array.from(found, ({ box, score: before }) => {
    const sides = regions.filter((region) => covered(box, boxOf(region)) > 0.99).map((region) => sideOf(region));
    const magnified = side / Math.min(side, ...sides);
    return before * (1 - doubt * Math.min(1, magnified - 1));
  });
  return new Detections({ ...found, score });
}

const sideOf = ({ width, height }: Region) => Math.max(width, height);
