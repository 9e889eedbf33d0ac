import type { Axis } from './axis.ts';

/** A row of pixels: `data[offset]` is its first byte. */
export interface RowReference {
  data: Uint8Array;
  offset: number;
}

const empty = new Uint8Array(0);

/**
 * The rows of one plane as the bilinear step wants them: as they are, or averaged over boxes. Averaged rows are made
 * when they are asked for and two are kept, since output rows look at two neighbours and go downwards.
 */
export class PlaneRows {
  /** The rows of the last `seek`. */
  readonly upper: RowReference = { data: empty, offset: 0 };
  readonly lower: RowReference = { data: empty, offset: 0 };
  readonly #x: Axis;
  readonly #y: Axis;
  readonly #channels: number;
  readonly #averaged: boolean;
  readonly #slots: [Uint8Array, Uint8Array];
  readonly #held: [number, number] = [-1, -1];
  readonly #sums: Uint16Array;
  #plane: Uint8Array = empty;
  #stride = 0;

  /** @param channels Interleaved bytes a pixel: 1, 2 (NV12 chroma) or 3. */
  constructor(x: Axis, y: Axis, channels: number) {
    this.#x = x;
    this.#y = y;
    this.#channels = channels;
    this.#averaged = x.box > 1 || y.box > 1;
    const length = this.#averaged ? x.length * channels : 0;
    this.#slots = [new Uint8Array(length), new Uint8Array(length)];
    this.#sums = new Uint16Array(this.#averaged ? x.length * x.box * channels : 0);
  }

  /** Reads from these pixels from now on. */
  attach(plane: Uint8Array, stride: number): void {
    this.#plane = plane;
    this.#stride = stride;
    this.#held[0] = -1;
    this.#held[1] = -1;
  }

  /** Lets go of the pixels. */
  detach(): void {
    this.attach(empty, 0);
    this.upper.data = empty;
    this.lower.data = empty;
  }

  /** Sets `upper` and `lower`; `second` is `first` or the row after it. */
  seek(first: number, second: number): void {
    this.#seek(first, this.upper);
    this.#seek(second, this.lower);
  }

  #seek(row: number, reference: RowReference): void {
    if (!this.#averaged) {
      reference.data = this.#plane;
      reference.offset = row * this.#stride;
      return;
    }
    // Neighbours never share a slot.
    const slot = (row & 1) as 0 | 1;
    if (this.#held[slot] !== row) {
      this.#average(row, this.#slots[slot]);
      this.#held[slot] = row;
    }
    reference.data = this.#slots[slot];
    reference.offset = 0;
  }

  #average(row: number, target: Uint8Array): void {
    const y = this.#y;
    const x = this.#x;
    const channels = this.#channels;
    const firstRow = y.start + row * y.box;
    const rows = Math.min(y.box, y.size - row * y.box);
    const bytes = x.size * channels;
    let from = firstRow * this.#stride + x.start * channels;
    copyRow(this.#plane, from, this.#sums, bytes);
    for (let i = 1; i < rows; i++) {
      from += this.#stride;
      addRow(this.#plane, from, this.#sums, bytes);
    }
    const whole = Math.floor(x.size / x.box);
    const rest = x.size - whole * x.box;
    for (let channel = 0; channel < channels; channel++) {
      sumBoxes(this.#sums, channel, channels, x.box, 0, whole, x.box * rows, target);
      if (rest > 0) sumBoxes(this.#sums, channel, channels, rest, whole * x.box, 1, rest * rows, target, whole);
    }
  }
}

function copyRow(source: Uint8Array, from: number, sums: Uint16Array, bytes: number): void {
  for (let i = 0; i < bytes; i++) sums[i] = source[from + i]!;
}

function addRow(source: Uint8Array, from: number, sums: Uint16Array, bytes: number): void {
  for (let i = 0; i < bytes; i++) sums[i] = sums[i]! + source[from + i]!;
}

/** The rounded mean of `count` boxes of `box` column sums. The reciprocal has 22 bits: exact for up to 256 pixels. */
function sumBoxes(
  sums: Uint16Array,
  channel: number,
  channels: number,
  box: number,
  firstPixel: number,
  count: number,
  pixels: number,
  target: Uint8Array,
  firstTarget = 0,
): void {
  const reciprocal = Math.round(2 ** 22 / pixels);
  let at = firstPixel * channels + channel;
  let to = firstTarget * channels + channel;
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let j = 0; j < box; j++) {
      sum += sums[at]!;
      at += channels;
    }
    target[to] = (Math.imul(sum, reciprocal) + (1 << 21)) >>> 22;
    to += channels;
  }
}
