import type { Axis } from './axis.ts';
import { type ByteRow, meanBoxes, sumRow, wordsOf } from './swar.ts';

/**
 * Rows of means over boxes of one plane, made on demand. Two are kept, since output rows go downwards and each needs
 * two neighbours.
 */
export class AveragedRows {
  readonly #x: Axis;
  readonly #y: Axis;
  readonly #channels: number;
  readonly #slots: readonly [ByteRow, ByteRow];
  readonly #held: [number, number] = [-1, -1];
  readonly #sums: Uint16Array;
  readonly #sumWords: Int32Array;

  /** @param channels Interleaved bytes of a pixel. */
  constructor(x: Axis, y: Axis, channels: number) {
    this.#x = x;
    this.#y = y;
    this.#channels = channels;
    this.#slots = [byteRow(x.length * channels), byteRow(x.length * channels)];
    this.#sums = new Uint16Array(wholeWords(x.size * channels));
    this.#sumWords = new Int32Array(this.#sums.buffer);
  }

  /** Switches to other pixels. */
  forget(): void {
    this.#held[0] = -1;
    this.#held[1] = -1;
  }

  /** The means of this row of boxes; valid until the next but one is asked for. */
  row(row: number, plane: ByteRow, stride: number): ByteRow {
    // Neighbours never share a slot.
    const slot = (row & 1) as 0 | 1;
    if (this.#held[slot] !== row) {
      this.#average(row, plane, stride, this.#slots[slot].data);
      this.#held[slot] = row;
    }
    return this.#slots[slot];
  }

  #average(row: number, plane: ByteRow, stride: number, target: Uint8Array): void {
    const { start, size, box } = this.#x;
    const channels = this.#channels;
    const firstRow = this.#y.start + row * this.#y.box;
    const rows = Math.min(this.#y.box, this.#y.size - row * this.#y.box);
    for (let i = 0; i < rows; i++) {
      const at = (firstRow + i) * stride + start * channels;
      sumRow(plane, at, size * channels, i === 0, this.#sums, this.#sumWords);
    }
    const whole = Math.floor(size / box);
    const rest = size - whole * box;
    meanBoxes(this.#sums, 0, channels, box, box * rows, whole, target, 0);
    if (rest > 0) meanBoxes(this.#sums, whole * box, channels, rest, rest * rows, 1, target, whole);
  }
}

/** Bytes rounded up to whole words of 32 bits. */
export function wholeWords(bytes: number): number {
  return (bytes + 3) & ~3;
}

function byteRow(bytes: number): ByteRow {
  const data = new Uint8Array(wholeWords(bytes));
  return { data, words: wordsOf(data) };
}
