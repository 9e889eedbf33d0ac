import { deviceSchemes, openDevice } from '../../../devices/registry.ts';
import { InputError } from '../../base/errors.ts';
import { after } from '../../base/timers.ts';
import type { Frame } from '../../frame/frame.ts';
import { letterboxGeometry } from '../../frame/letterbox.ts';
import { kernels } from '../../kernels/kernels.ts';
import type { TrueObject } from '../../vision/average-precision.ts';
import type { ModelCard } from '../cards/card.ts';

/** The picture of a network's input: height x width x 3, in the card's order of channels. */
export type Pixels = Uint8Array;

/** What is done with which pictures: none serves two ends. */
export interface PictureShares {
  /** Ranges are measured on them. */
  readonly measured: readonly Pixels[];
  /** Recipes are compared on them. */
  readonly compared: readonly Pixels[];
  /** What was chosen is reported on them. */
  readonly reported: readonly Pixels[];
}

/** What is in a picture, as somebody says who looked at it. */
export interface Labels {
  /** Of a detector: objects, in pixels of the network's input. */
  readonly objects?: readonly TrueObject[];
  /** Of a detector: the rectangle of the input that the picture fills, [x1, y1, x2, y2]. */
  readonly within?: TrueObject['box'];
  /** Of a classifier: the number of the card's label. */
  readonly classId?: number;
}

export interface LabelledPixels {
  readonly pixels: Pixels;
  readonly labels: Labels;
}

/** Fewer could not be shared out. */
export const fewest = 8;
/** Of so many pictures one is compared on, and one reported on. */
const every = 8;
/** More of them would take longer than they tell. */
const mostCompared = 32;

/**
 * Shares pictures out. Of a folder each eighth picture is taken for either end; of a camera the last eighths, since frames that
 * follow each other are alike.
 *
 * @throws InputError when they are too few.
 */
export function shareOut(pictures: readonly Pixels[], isCamera: boolean): PictureShares {
  if (pictures.length < fewest) {
    throw new InputError(
      `expected at least ${fewest} pictures, since those that ranges are measured on, those that recipes are compared on and those that are reported on must be others; got ${pictures.length}`,
    );
  }
  const part = Math.floor(pictures.length / every);
  const shareOf = (_: Pixels, i: number) => {
    if (isCamera) return i < pictures.length - 2 * part ? 0 : i < pictures.length - part ? 1 : 2;
    return i % every === every - 1 ? 2 : i % every === every / 2 - 1 ? 1 : 0;
  };
  const of = (share: number) => pictures.filter((one, i) => shareOf(one, i) === share);
  return { measured: of(0), compared: of(1).slice(0, mostCompared), reported: of(2).slice(0, mostCompared) };
}

/**
 * Shares labelled pictures out: recipes are compared on every second one, and what was chosen is reported on the others.
 *
 * @throws InputError when they are too few.
 */
export function shareLabelled(pictures: readonly LabelledPixels[]): [LabelledPixels[], LabelledPixels[]] {
  if (pictures.length < fewest) {
    throw new InputError(
      `expected at least ${fewest} labelled pictures, since recipes are compared on half of them and reported on the other half; got ${pictures.length}`,
    );
  }
  return [pictures.filter((_, i) => i % 2 === 0), pictures.filter((_, i) => i % 2 === 1)];
}

/** Prepares frames as a network takes them, but in bytes. One for each network. */
export class PixelMaker {
  readonly #input: ModelCard['input'];
  readonly #preprocessor;

  constructor({ input }: ModelCard) {
    this.#input = input;
    this.#preprocessor = kernels.preprocessor({ ...input, ...inBytes });
  }

  /** @param frame Stays the caller's. */
  of(frame: Frame): Pixels {
    const { width, height } = this.#input;
    const pixels = new Uint8Array(width * height * 3);
    this.#preprocessor.run(frame, letterboxGeometry(frame, this.#input), pixels);
    return pixels;
  }

  /** @param objects In pixels of the frame. @param frame Stays the caller's. */
  withObjects(frame: Frame, objects: readonly TrueObject[]): LabelledPixels {
    const { left, top, width, height, region } = letterboxGeometry(frame, this.#input);
    const [sx, sy] = [width / region.width, height / region.height];
    const [x, y] = [left - region.x * sx, top - region.y * sy];
    const within = [left, top, left + width, top + height] as const;
    const moved = objects.map(({ classId, box: [x1, y1, x2, y2] }) => ({
      classId,
      box: [x1 * sx + x, y1 * sy + y, x2 * sx + x, y2 * sy + y] as const,
    }));
    return { pixels: this.of(frame), labels: { objects: moved, within } };
  }
}

/** What a card says of a network that takes the picture itself. */
export const inBytes = { type: 'uint8', layout: 'NHWC', mean: [0, 0, 0], std: [1, 1, 1] } satisfies Partial<
  ModelCard['input']
>;

/** Numbers as the float network takes them. */
export function numbersOf(pixels: Pixels, { input }: ModelCard): Uint8Array | Float32Array {
  const { layout, type, mean, std, width, height } = input;
  const numbers = type === 'uint8' ? new Uint8Array(pixels.length) : new Float32Array(pixels.length);
  const area = width * height;
  for (let i = 0; i < pixels.length; i++) {
    const c = i % 3;
    const value = type === 'uint8' ? pixels[i]! : (pixels[i]! - mean[c]!) / std[c]!;
    numbers[layout === 'NHWC' ? i : c * area + (i - c) / 3] = value;
  }
  return numbers;
}

/** Is this the name of a source, `v4l2:/dev/video0`, and not of a folder? */
export function isSource(text: string): boolean {
  return deviceSchemes().some((scheme) => text.startsWith(`${scheme}:`));
}

export interface CameraFramesOptions {
  /** How many. */
  readonly count: number;
  /** From a frame to the next, seconds. */
  readonly apart: number;
  /** Given each frame, which is released then. */
  readonly take: (frame: Frame) => void;
}

/** How much longer than it should take a source may be waited for. */
const patience = 2;
const startMs = 30_000;

/**
 * Takes frames of a source, some time apart.
 *
 * @returns How many it gave: fewer where it ended, or was slower than it should be.
 * @throws InputError when it cannot be opened.
 */
export async function takeFrames(source: string, { count, apart, take }: CameraFramesOptions): Promise<number> {
  const device = await openDevice(source, { speed: 'max' });
  const giveUp = after(startMs + patience * count * apart * 1000, () => void device.close());
  let taken = 0;
  let next = Number.NEGATIVE_INFINITY;
  try {
    for await (const frame of device.frames()) {
      const at = Number(frame.captureTimeNs) / 1e9;
      try {
        if (at < next) continue;
        next = at + apart;
        take(frame);
        taken++;
      } finally {
        frame.release();
      }
      if (taken >= count) break;
    }
  } finally {
    giveUp();
    await device.close();
  }
  return taken;
}
