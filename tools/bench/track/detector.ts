import { type Box, iou } from '../../../sdk/vision/geometry.ts';
import { Dice } from './dice.ts';
import { picture as defaultPicture, type Truth } from './world.ts';

/** What a network says of a frame. */
export interface Found {
  readonly box: Box;
  /** 0..1. */
  readonly score: number;
  readonly label: string;
  /** Of whom it really is; -1 where nothing is, and for who was found already. */
  readonly truthId: number;
}

/** The names it gives. */
export const labels: readonly string[] = ['person', 'car', 'truck', 'bicycle', 'dog'];

/** How bad a detector is. Shares are of frames of one object, unless said otherwise. */
export interface Noise {
  /** Standard deviation of a box's position and size, as a fraction of its size. */
  readonly jitter: number;
  /** Missed for no reason, in one frame. */
  readonly missed: number;
  /** Times a minute that an object is missed for 0.3 to 1.2 s. */
  readonly lapses: number;
  /** Standard deviation of the scores. */
  readonly spread: number;
  /** Found with a score of 0.15 to 0.5 only. */
  readonly unsure: number;
  /** Found a second time, beside itself. */
  readonly doubled: number;
  /** Boxes a frame where nothing is; half of them in places that are mistaken again and again. */
  readonly invented: number;
  /** Times a minute that an object goes by another name for 0.2 to 1.5 s, or by both. */
  readonly renamed: number;
}

/** From a good network in good light to a small one at night. */
export const levels: readonly Noise[] = [
  { jitter: 0.022, missed: 0.025, lapses: 0, spread: 0.05, unsure: 0.03, doubled: 0, invented: 0.02, renamed: 0 },
  { jitter: 0.037, missed: 0.06, lapses: 1, spread: 0.08, unsure: 0.07, doubled: 0.01, invented: 0.08, renamed: 0 },
  { jitter: 0.052, missed: 0.11, lapses: 3, spread: 0.1, unsure: 0.13, doubled: 0.02, invented: 0.2, renamed: 0 },
  { jitter: 0.065, missed: 0.17, lapses: 5, spread: 0.12, unsure: 0.2, doubled: 0.04, invented: 0.4, renamed: 5 },
];

/** A clear view of something is scored about so. */
const typical = 0.82;
/** From the first coverage on objects are missed more often, from the second on always. */
const hidden = { from: 0.35, to: 0.9 };
/** Of two boxes of one name that overlap more, the network's suppression leaves the surer one. */
const suppressed = 0.65;
/** What each may be taken for. */
const mistaken: Readonly<Record<string, string>> = {
  car: 'truck',
  truck: 'car',
  dog: 'person',
  bicycle: 'person',
  person: 'dog',
};

interface Habit {
  readonly dice: Dice;
  /** It is found more or less surely all the time. */
  readonly bias: number;
  lapsesUntil: number;
  renamedUntil: number;
  renamedTwice: boolean;
}

/**
 * A detector that errs as told: what it does to an object in a frame depends on the seed, the object and the frame alone.
 *
 * @param frames What is really there.
 * @param rate Frames a second: what lasts for seconds does so at every rate.
 */
export function detect(
  frames: readonly (readonly Truth[])[],
  noise: Noise,
  rate: number,
  seed: string,
  picture = defaultPicture,
): Found[][] {
  const habits = new Map<number, Habit>();
  const elsewhere = new Dice(`${seed} elsewhere`);
  const spots = Array.from({ length: 3 }, () => strayBox(elsewhere, picture));
  return frames.map((truth, frame) => {
    const now = frame / rate;
    const found: Found[] = [];
    for (const thing of truth) {
      let habit = habits.get(thing.id);
      if (!habit) {
        const dice = new Dice(`${seed} ${thing.id}`);
        habit = { dice, bias: 0.05 * dice.normal(), lapsesUntil: 0, renamedUntil: 0, renamedTwice: false };
        habits.set(thing.id, habit);
      }
      found.push(...findings(thing, habit, noise, now, 1 / rate, picture));
    }
    for (let i = elsewhere.count(noise.invented); i > 0; i--) {
      const box = elsewhere.chance(0.5)
        ? jittered(elsewhere.oneOf(spots), 0.04, elsewhere)
        : strayBox(elsewhere, picture);
      const score = elsewhere.chance(0.2) ? elsewhere.between(0.5, 0.75) : elsewhere.between(0.1, 0.5);
      const kept = cut(box, picture);
      if (kept) found.push({ box: kept, score, label: elsewhere.chance(0.8) ? 'person' : 'dog', truthId: -1 });
    }
    return suppress(found);
  });
}

function findings(
  { id, box, label, coverage }: Truth,
  habit: Habit,
  noise: Noise,
  now: number,
  passed: number,
  picture: { width: number; height: number },
): Found[] {
  const { dice } = habit;
  // As many throws in each frame, whatever comes of them.
  const lapses = dice.chance((noise.lapses * passed) / 60) ? now + dice.between(0.3, 1.2) : 0;
  habit.lapsesUntil = Math.max(habit.lapsesUntil, lapses);
  const renamed = dice.chance((noise.renamed * passed) / 60) ? now + dice.between(0.2, 1.5) : 0;
  if (renamed > habit.renamedUntil) {
    habit.renamedUntil = renamed;
    habit.renamedTwice = dice.chance(0.4);
  }
  const behind = smooth((coverage - hidden.from) / (hidden.to - hidden.from));
  const missed = 1 - (1 - noise.missed) * (1 - behind);
  const isSeen = !dice.chance(missed) && now >= habit.lapsesUntil;
  const isUnsure = dice.chance(noise.unsure);
  const isDoubled = dice.chance(noise.doubled);
  const unsure = dice.between(0.15, 0.5);
  const small = Math.max(0, 70 - (box[3] - box[1])) / 500;
  const sure = clamp(typical + habit.bias - 0.35 * coverage - small + noise.spread * dice.normal(), 0.05, 0.98);
  const score = isUnsure ? Math.min(unsure, sure) : sure;
  const seen = cut(jittered(box, noise.jitter * (1 + 2 * coverage), dice), picture);
  // Part of it, or it and something beside it.
  const beside = cut(shifted(box, dice), picture);
  const besideScore = score * dice.between(0.5, 0.95);
  if (!isSeen || !seen) return [];
  const other = mistaken[label] ?? label;
  const wavers = now < habit.renamedUntil;
  const found: Found[] = [{ box: seen, score, label: wavers && !habit.renamedTwice ? other : label, truthId: id }];
  if (wavers && habit.renamedTwice) found.push({ box: seen, score: score * 0.95, label: other, truthId: -1 });
  if (isDoubled && beside) found.push({ box: beside, score: besideScore, label, truthId: -1 });
  return found;
}

function jittered([x1, y1, x2, y2]: Box, jitter: number, dice: Dice): Box {
  const width = (x2 - x1) * Math.max(0.3, 1 + jitter * dice.normal());
  const height = (y2 - y1) * Math.max(0.3, 1 + jitter * dice.normal());
  const x = (x1 + x2) / 2 + jitter * (x2 - x1) * dice.normal();
  const y = (y1 + y2) / 2 + jitter * (y2 - y1) * dice.normal();
  return [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
}

function shifted([x1, y1, x2, y2]: Box, dice: Dice): Box {
  const width = x2 - x1;
  const height = y2 - y1;
  const dx = dice.between(0.15, 0.35) * dice.oneOf([-1, 1]) * width;
  const shrunk = dice.between(0.5, 1.1);
  return [x1 + dx, y1, x1 + dx + width * dice.between(0.8, 1.1), y1 + height * shrunk];
}

function strayBox(dice: Dice, { width, height }: { width: number; height: number }): Box {
  const tall = dice.between(0.06, 0.35) * height;
  const wide = tall * dice.between(0.3, 0.9);
  const x = dice.between(0, width - wide);
  const y = dice.between(0.1, 1) * (height - tall);
  return [x, y, x + wide, y + tall];
}

function cut([x1, y1, x2, y2]: Box, { width, height }: { width: number; height: number }): Box | undefined {
  const box: Box = [Math.max(0, x1), Math.max(0, y1), Math.min(width, x2), Math.min(height, y2)];
  return box[2] - box[0] >= 2 && box[3] - box[1] >= 2 ? box : undefined;
}

function suppress(found: readonly Found[]): Found[] {
  const kept: Found[] = [];
  for (const one of [...found].sort((a, b) => b.score - a.score)) {
    if (!kept.some((other) => other.label === one.label && iou(other.box, one.box) > suppressed)) kept.push(one);
  }
  return kept;
}

const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));

function smooth(share: number): number {
  const t = clamp(share, 0, 1);
  return t * t * (3 - 2 * t);
}
