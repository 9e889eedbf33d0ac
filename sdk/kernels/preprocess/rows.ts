import { AveragedRows, wholeWords } from './averages.ts';
import { type Axis, one, tapBits, weightBits } from './axis.ts';
import { type ByteRow, blendRows, wordsOf } from './swar.ts';

const empty = new Uint8Array(0);
const noWords = new Uint16Array(0);
const weightMask = (1 << tapBits) - 1;

/**
 * The vertical half of resizing one plane: for an output row, the blend of two rows of elements; those are rows of
 * pixels, or means over boxes in both directions.
 */
export class PlaneRows {
  /** The row of the last `blend`, with 8 fractional bits. */
  readonly blended: Uint16Array;
  /** The row of the last `pick`: its first byte is `data[offset]`. */
  data: Uint8Array = empty;
  offset = 0;
  readonly #x: Axis;
  readonly #y: Axis;
  readonly #channels: number;
  readonly #bytes: number;
  /** Undefined: its rows are rows of pixels. */
  readonly #averages: AveragedRows | undefined;
  readonly #blendedWords: Int32Array;
  readonly #plane: ByteRow = { data: empty, words: undefined };
  #stride = 0;

  /**
   * @param channels Interleaved bytes of a pixel: 1, 2 (NV12's chroma) or 3.
   * @param picked Rows are picked, never blended.
   */
  constructor(x: Axis, y: Axis, channels: number, picked: boolean) {
    this.#x = x;
    this.#y = y;
    this.#channels = channels;
    this.#averages = x.box > 1 || y.box > 1 ? new AveragedRows(x, y, channels) : undefined;
    this.#bytes = x.length * channels;
    this.blended = picked ? noWords : new Uint16Array(wholeWords(this.#bytes));
    this.#blendedWords = new Int32Array(this.blended.buffer);
  }

  /** Reads these pixels from now on. */
  attach(data: Uint8Array, stride: number): void {
    this.#plane.data = data;
    this.#plane.words = data === empty ? undefined : wordsOf(data);
    this.#stride = stride;
    this.#averages?.forget();
  }

  /** Lets go of the pixels. */
  detach(): void {
    this.attach(empty, 0);
    this.data = empty;
  }

  /** Makes `data` and `offset` the one row that output row `row` is, where no row lies between two. */
  pick(row: number): void {
    const { taps, next } = this.#y;
    const tap = taps[row]!;
    const element = (tap >> tapBits) + ((tap & weightMask) >= one ? next : 0);
    this.offset = this.#offsetOf(element);
    this.data = this.#rowOf(element).data;
  }

  /** Makes `blended` the row that output row `row` is taken from. */
  blend(row: number): void {
    const { taps, next } = this.#y;
    const tap = taps[row]!;
    // Vertical weights have 8 bits: a byte times a weight then fits in half a word.
    const weight = ((tap & weightMask) + (1 << (weightBits - 9))) >> (weightBits - 8);
    const first = (tap >> tapBits) + (weight === 256 ? next : 0);
    const second = weight === 0 || weight === 256 ? first : first + next;
    blendRows(
      this.#rowOf(first),
      this.#offsetOf(first),
      this.#rowOf(second),
      this.#offsetOf(second),
      weight,
      this.#bytes,
      this.blended,
      this.#blendedWords,
    );
  }

  #offsetOf(row: number): number {
    return this.#averages ? 0 : (this.#y.start + row) * this.#stride + this.#x.start * this.#channels;
  }

  #rowOf(row: number): ByteRow {
    return this.#averages ? this.#averages.row(row, this.#plane, this.#stride) : this.#plane;
  }
}
