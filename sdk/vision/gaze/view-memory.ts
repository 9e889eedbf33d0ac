import type { Frame } from '../../frame/frame.ts';
import type { Track } from '../track.ts';
import { type KeptSizes, type SeenSize, SizeMap } from './size-map.ts';
import { isSameView, printOf, type ViewPrint } from './view-print.ts';

/** As it is kept on disk: some kB. */
export interface KeptView extends KeptSizes {
  /** The print of the view, base64; none before a view was known. */
  readonly view?: string;
}

/** A view that changed at once is compared when it has been calm for this long, */
const calmNs = 2e9;
/** and one that changes slowly, as with the seasons, is remembered anew this often. */
const renewNs = 3600e9;

/**
 * What a camera learnt of its view, and how it knows the view again: when the camera was moved, also while it was off,
 * all of it is forgotten.
 */
export class ViewMemory {
  readonly sizes = new SizeMap();
  #print: ViewPrint | undefined;
  /** Since when a possibly new view is calm; undefined when the view is known. */
  #doubtNs: number | undefined = Number.NEGATIVE_INFINITY;
  #renewedNs = Number.NEGATIVE_INFINITY;

  /** Where things of which size were seen. */
  get seen(): readonly SeenSize[] {
    return this.sizes.seen;
  }

  /**
   * A frame arrived.
   *
   * @param isNew The first of a scene. @param moving Something moves in it.
   * @returns Whether the view turned out to be another one, and all was forgotten.
   */
  watch(frame: Frame, isNew: boolean, moving: boolean): boolean {
    const { captureTimeNs: timeNs } = frame;
    if (isNew || timeNs < this.#renewedNs) this.#doubtNs = timeNs;
    if (this.#doubtNs === undefined) {
      if (!moving && timeNs - this.#renewedNs >= renewNs) this.#renew(printOf(frame), timeNs);
      return false;
    }
    if (moving) this.#doubtNs = timeNs;
    if (timeNs - this.#doubtNs < calmNs) return false;
    this.#doubtNs = undefined;
    const print = printOf(frame);
    const isOther = this.#print !== undefined && !isSameView(this.#print, print);
    if (isOther) this.sizes.clear();
    this.#renew(print, timeNs);
    return isOther;
  }

  /** Learns from the objects that were detected in a frame. */
  learn(tracks: readonly Track[], frame: Frame): void {
    this.sizes.follow(tracks, frame);
  }

  get kept(): KeptView {
    return { ...this.sizes.kept, ...(this.#print && { view: Buffer.from(this.#print).toString('base64') }) };
  }

  /** Takes what was kept; what is not of that form is left out. Whether it is of this view will show. */
  take(kept: unknown): void {
    this.sizes.take(kept);
    const { view } = (kept ?? {}) as Partial<KeptView>;
    this.#print = typeof view === 'string' ? new Uint8Array(Buffer.from(view, 'base64')) : undefined;
    this.#doubtNs = Number.NEGATIVE_INFINITY;
  }

  #renew(print: ViewPrint, timeNs: number): void {
    this.#print = print;
    this.#renewedNs = timeNs;
  }
}
