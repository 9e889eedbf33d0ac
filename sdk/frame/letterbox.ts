import { assertShape } from '../base/arguments.ts';
import { assertSize } from './layout.ts';

/** A part of a frame, in whole frame pixels. */
export interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Which part of the frame goes where in the network's input. It depends on the sizes alone. */
export interface Letterbox {
  readonly inputWidth: number;
  readonly inputHeight: number;
  /** The rectangle of the input that the picture fills; the rest is padding. */
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** The part of the frame that is seen. */
  readonly region: Region;
}

/**
 * The input of a network, in pixels, and how a frame is fitted into it: with bars, stretched, or cut; and where it
 * lies in what is left over.
 */
export interface InputLayout {
  readonly width: number;
  readonly height: number;
  readonly resize: 'letterbox' | 'stretch' | 'crop';
  readonly align: 'center' | 'top-left';
}

/** A size in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** The region that is the whole frame. */
export const wholeOf = ({ width, height }: Size): Region => ({ x: 0, y: 0, width, height });

/**
 * Fits a frame (or a region of it) into a network's input.
 *
 * `letterbox` keeps the aspect ratio and pads; the picture's size is rounded to whole pixels, so the scales of the two
 * axes may differ in the fourth digit. `stretch` fills the input. `crop` fills it with the middle of the picture, as
 * large as the input's proportions allow; the rest is not seen.
 *
 * @param region Clipped to the frame. Default: all of it.
 * @throws RangeError when a side is no whole number of pixels, or the region does not touch the frame.
 */
export function letterboxGeometry(frame: Size, input: InputLayout, region?: Region): Letterbox {
  assertShape('letterboxGeometry: frame', frame, { width: 'number', height: 'number' }, 'a frame, or its size');
  const layout = { width: 'number', height: 'number', resize: 'text', align: 'text' } as const;
  assertShape('letterboxGeometry: input', input, layout, 'the input of a card');
  assertSize(frame.width, frame.height);
  assertSize(input.width, input.height, 'input');
  const seen = region ? clipRegion(frame, region) : { x: 0, y: 0, width: frame.width, height: frame.height };
  const { width: inputWidth, height: inputHeight } = input;
  if (input.resize !== 'letterbox') {
    const filling = input.resize === 'crop' ? middleOf(seen, input) : seen;
    return { inputWidth, inputHeight, left: 0, top: 0, width: inputWidth, height: inputHeight, region: filling };
  }
  const scale = Math.min(inputWidth / seen.width, inputHeight / seen.height);
  const width = Math.min(inputWidth, Math.max(1, Math.round(seen.width * scale)));
  const height = Math.min(inputHeight, Math.max(1, Math.round(seen.height * scale)));
  const centred = input.align === 'center';
  return {
    inputWidth,
    inputHeight,
    left: centred ? (inputWidth - width) >> 1 : 0,
    top: centred ? (inputHeight - height) >> 1 : 0,
    width,
    height,
    region: seen,
  };
}

function middleOf({ x, y, width, height }: Region, input: Size): Region {
  const scale = Math.max(input.width / width, input.height / height);
  const w = Math.min(width, Math.max(1, Math.round(input.width / scale)));
  const h = Math.min(height, Math.max(1, Math.round(input.height / scale)));
  return { x: x + ((width - w) >> 1), y: y + ((height - h) >> 1), width: w, height: h };
}

/** The whole pixels of a region that lie in the frame. @throws RangeError when there are none. */
export function clipRegion(frame: Size, region: Region): Region {
  const x = Math.max(0, Math.floor(region.x));
  const y = Math.max(0, Math.floor(region.y));
  const right = Math.min(frame.width, Math.ceil(region.x + region.width));
  const bottom = Math.min(frame.height, Math.ceil(region.y + region.height));
  // Written so that NaN fails as well.
  if (!(right > x && bottom > y)) {
    throw new RangeError(
      `region: expected one that touches the ${frame.width}x${frame.height} frame, got x ${region.x}, y ${region.y}, ${region.width}x${region.height}`,
    );
  }
  return { x, y, width: right - x, height: bottom - y };
}

type Box = readonly [number, number, number, number];

/** Converts a box `[x1, y1, x2, y2]` from frame pixels to input pixels. */
export function toInput({ left, top, width, height, region }: Letterbox, [x1, y1, x2, y2]: Box): Box {
  const sx = width / region.width;
  const sy = height / region.height;
  return [
    left + (x1 - region.x) * sx,
    top + (y1 - region.y) * sy,
    left + (x2 - region.x) * sx,
    top + (y2 - region.y) * sy,
  ];
}

/** Converts a box from input pixels to frame pixels, clipped to the region that is seen. The inverse of `toInput`. */
export function toFrame(geometry: Letterbox, box: Box): Box {
  const boxes = Float64Array.from(box);
  boxesToFrame(geometry, boxes, 1);
  return [boxes[0]!, boxes[1]!, boxes[2]!, boxes[3]!];
}

/** `toFrame` for `count` consecutive boxes, in place. */
export function boxesToFrame(
  { left, top, width, height, region }: Letterbox,
  boxes: Float32Array | Float64Array,
  count: number,
): void {
  const sx = region.width / width;
  const sy = region.height / height;
  const right = region.x + region.width;
  const bottom = region.y + region.height;
  for (let i = 0; i < count * 4; i += 4) {
    boxes[i] = clip((boxes[i]! - left) * sx + region.x, region.x, right);
    boxes[i + 1] = clip((boxes[i + 1]! - top) * sy + region.y, region.y, bottom);
    boxes[i + 2] = clip((boxes[i + 2]! - left) * sx + region.x, region.x, right);
    boxes[i + 3] = clip((boxes[i + 3]! - top) * sy + region.y, region.y, bottom);
  }
}

/** Converts a point from input pixels to frame pixels. It is not clipped: it may lie beyond the region that is seen. */
export function pointToFrame(
  { left, top, width, height, region }: Letterbox,
  [x, y]: readonly [number, number],
): [number, number] {
  return [((x - left) * region.width) / width + region.x, ((y - top) * region.height) / height + region.y];
}

function clip(value: number, low: number, high: number): number {
  return value < low ? low : Math.min(value, high);
}
