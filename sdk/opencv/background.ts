import type { Frame } from '../frame/frame.ts';
import { loadOpenCv } from '../opencv-bindings/load.ts';
import type { BackgroundSubtractor, Mat } from '../opencv-bindings/types.ts';
import type { ChangeFinder, WatchedCells } from '../vision/changes/change-finder.ts';
import { toMat } from './mat.ts';

/** Pixels that are compared on each side of a cell of 8: half the picture's size tells as much. */
const cellPixels = 4;
/** A cell has changed when this much of it is foreground, 0..255. */
const leastForeground = 64;
/** A shadow is marked with 127, foreground with 255. */
const foreground = 200;
/**
 * What is new has the weight of the background after a tenth of this time, some 2 s: then it is no motion any more.
 */
const settleNs = 20e9;
/** Of each pixel that KNN keeps of the last moments. */
const samples = 7;
/** Only counts where no learning rate is given, and one always is. */
const history = 500;

/**
 * OpenCV's background subtraction for the motion gate: `MOG2` (a mixture of Gaussians a pixel) or `KNN` (samples
 * a pixel). Both learn several appearances of a pixel, so that leaves and water become background, and ignore shadows;
 * both cost several times the kernel they replace.
 *
 * @example
 * const pipeline = new Pipeline({ source: 'v4l2:', changes: new BackgroundChanges('MOG2') });
 */
export class BackgroundChanges implements ChangeFinder {
  readonly #method: 'MOG2' | 'KNN';
  #subtractor: BackgroundSubtractor | undefined;
  #cells: WatchedCells = { width: 0, height: 0, columns: 0, rows: 0, mask: new Uint8Array(0) };
  #foreground = new Uint8Array(0);
  #changed = new Uint8Array(0);
  #sensitivity = 0;
  /** The newest frame, small. */
  #newest: Mat | undefined;

  constructor(method: 'MOG2' | 'KNN' = 'MOG2') {
    this.#method = method;
  }

  get changed(): Uint8Array {
    return this.#changed;
  }

  /** @param sensitivity 0.5 is OpenCV's own threshold; 0 wants four times its squared distance, 1 a quarter. */
  begin(cells: WatchedCells, sensitivity: number): void {
    this.#cells = cells;
    this.#foreground = new Uint8Array(cells.mask.length);
    this.#changed = new Uint8Array(cells.mask.length);
    if (this.#subtractor && sensitivity === this.#sensitivity) return;
    this.#sensitivity = sensitivity;
    this.#subtractor = this.#makeSubtractor();
  }

  find(frame: Frame, passedNs: number): number {
    const cv = loadOpenCv();
    const { columns, rows } = this.#cells;
    const grey = toMat(frame, { channels: 'GRAY' });
    const small = grey.resize(rows * cellPixels, columns * cellPixels, 0, 0, cv.INTER_AREA);
    grey.release();
    this.#newest?.release();
    this.#newest = small;
    const seen = this.#subtractor!.apply(small, 1 - Math.exp(-passedNs / settleNs));
    const sure = seen.threshold(foreground, 255, cv.THRESH_BINARY!);
    const shares = sure.resize(rows, columns, 0, 0, cv.INTER_AREA);
    const target = new cv.Mat(rows, columns, cv.CV_8UC1!, this.#foreground);
    for (const mat of [shares.copyTo(target), target, shares, sure, seen]) mat.release();
    return this.#mark();
  }

  accept(): void {
    // A rate of 1 resets it; a new subtractor would leave the old one's memory to the garbage collector.
    this.#subtractor!.apply(this.#newest!, 1).release();
    if (this.#method === 'MOG2') return;
    // KNN begins with no samples, and all is foreground until it has some; at this rate each look fills one.
    for (let i = 0; i < samples; i++) this.#subtractor!.apply(this.#newest!, 0.5).release();
  }

  #makeSubtractor(): BackgroundSubtractor {
    const cv = loadOpenCv();
    const looser = 16 ** (0.5 - this.#sensitivity);
    return this.#method === 'MOG2'
      ? new cv.BackgroundSubtractorMOG2(history, 16 * looser, true)
      : new cv.BackgroundSubtractorKNN(history, 400 * looser, true);
  }

  #mark(): number {
    const { mask } = this.#cells;
    const changed = this.#changed;
    let count = 0;
    for (let i = 0; i < changed.length; i++) {
      changed[i] = mask[i] === 1 && this.#foreground[i]! >= leastForeground ? 1 : 0;
      count += changed[i]!;
    }
    return count;
  }
}
