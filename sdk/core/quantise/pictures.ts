import { deviceSchemes, openDevice } from '../../../devices/registry.ts';
import { InputError } from '../../base/errors.ts';
import { after } from '../../base/timers.ts';
import type { Frame } from '../../frame/frame.ts';
import { letterboxGeometry } from '../../frame/letterbox.ts';
import { kernels } from '../../kernels/kernels.ts';
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
