import { type Region, type Size, wholeOf } from '../../frame/letterbox.ts';
import { type Box, longerSide, united } from '../geometry.ts';
import { byUrgency, type Sight, type Want } from './want.ts';

/** A region that serves some wants. */
export interface Served {
  readonly region: Region;
  readonly wants: readonly Want[];
  /** Of the most urgent one. */
  readonly urgency: number;
}

interface Group {
  box: Box;
  side: number;
  most: number;
  readonly wants: Want[];
}

/** A square of this share of the whole view's side is not worth it: the whole view shows nearly as much of it. */
const nearlyWhole = 0.85;

/**
 * Chooses the regions that show all wants: the whole frame for those that are found there, and as few squares as
 * possible for the rest, each as small as shows its wants best, never so large that one of them is not found. The order
 * of the wants does not matter.
 *
 * @returns The most urgent first.
 */
export function cover(wants: readonly Want[], frame: Size, sight: Sight): Served[] {
  const groups: Group[] = [];
  const whole: Want[] = [];
  for (const want of wants.toSorted(byUrgency)) {
    if (Math.max(want.most, want.best / nearlyWhole) >= sight.whole) whole.push(want);
    else place(want, groups);
  }
  const served = groups.map(({ box, side, wants: all }): Served => {
    return { region: squareAround(box, side, frame), wants: all, urgency: all[0]!.urgency };
  });
  if (whole.length > 0) served.push({ region: wholeOf(frame), wants: whole, urgency: whole[0]!.urgency });
  return served.sort((a, b) => byUrgency(a.wants[0]!, b.wants[0]!));
}

export function isWhole({ x, y, width, height }: Region, frame: Size): boolean {
  return x === 0 && y === 0 && width === frame.width && height === frame.height;
}

/** Adds it to the group that grows least, or makes one of its own. */
function place(want: Want, groups: Group[]): void {
  let best: { group: Group; box: Box; side: number; most: number } | undefined;
  for (const group of groups) {
    const box = united(group.box, want.box);
    const side = Math.max(group.side, want.best, longerSide(box));
    const most = Math.min(group.most, want.most);
    if (side > most || (best && side - group.side >= best.side - best.group.side)) continue;
    best = { group, box, side, most };
  }
  if (best) {
    const { group, box, side, most } = best;
    Object.assign(group, { box, side, most });
    group.wants.push(want);
  } else {
    const side = Math.max(want.best, longerSide(want.box));
    groups.push({ box: want.box, side, most: Math.max(want.most, side), wants: [want] });
  }
}

/** The square around the middle of a box, moved into the frame; where it is larger than the frame, what there is of it. */
function squareAround([x1, y1, x2, y2]: Box, side: number, frame: Size): Region {
  const rounded = Math.ceil(side) + 1;
  const width = Math.min(frame.width, rounded);
  const height = Math.min(frame.height, rounded);
  const at = (middle: number, size: number, most: number) =>
    Math.max(0, Math.min(most - size, Math.floor(middle - size / 2)));
  return {
    x: at((x1 + x2) / 2, width, frame.width),
    y: at((y1 + y2) / 2, height, frame.height),
    width,
    height,
  };
}
