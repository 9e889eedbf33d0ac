import type { Frame } from '../../frame/frame.ts';
import type { Region } from '../../frame/letterbox.ts';
import type { Head, Prediction } from '../heads/head.ts';
import { SteadyState } from '../heads/steady-state.ts';
import type { Oracle } from './object-names.ts';
import { whole } from './object-names.ts';

/** What a head sees in the whole view of a camera. */
export interface ViewState {
  readonly head: string;
  /** A label, or `unsure`. */
  readonly state: string;
  /** False before the view was looked at for long enough: `unsure` means nothing then. */
  readonly decided: boolean;
  /** What was seen last, before it is made steady. */
  readonly last: Pick<Prediction, 'label' | 'score'>;
}

/** Corners in fractions of the frame, 0..1: `[x1, y1, x2, y2]`. */
export type NormalisedBox = readonly [number, number, number, number];

interface Watched {
  readonly steady: SteadyState;
  last: Pick<Prediction, 'label' | 'score'>;
  lookedMs: number;
}

/** While nothing moves and the state is clear, only one in this many looks is taken. */
const restFactor = 15;
/** Of each label. */
const fewExamples = 3;
/** Something that moved may have left another state behind; as long as a state needs to become another one. */
const unrestMs = 10_000;

/** The states of one camera's whole view, one for each head taught there: `tidy`, `untidy` or `unsure`. */
export class ViewStates {
  readonly #oracle: Oracle;
  readonly #watched = new Map<string, Watched>();
  #movedMs = Number.NEGATIVE_INFINITY;

  constructor(oracle: Oracle) {
    this.#oracle = oracle;
  }

  get states(): readonly ViewState[] {
    return [...this.#watched].map(([head, { steady, last }]) => {
      return { head, state: steady.state, decided: steady.isDecided, last };
    });
  }

  /**
   * Looks at the view for those heads whose turn it is.
   *
   * @param heads To look for, each with the part of the view it is about (undefined: all of it). Others are forgotten.
   * @param intervalMs Between two looks of a head.
   * @returns The heads whose state is another one now, or is one or decided for the first time.
   */
  async look(
    frame: Frame,
    heads: ReadonlyMap<string, NormalisedBox | undefined>,
    { moving, intervalMs }: { moving: boolean; intervalMs: number },
  ): Promise<readonly string[]> {
    // Not the wall clock: one that is set would make a state of a moment one of hours.
    const now = frame.captureTimeNs / 1e6;
    if (moving) this.#movedMs = now;
    for (const head of this.#watched.keys()) if (!heads.has(head)) this.#watched.delete(head);
    const due = [...heads].filter(([head]) => this.#oracle.head(head) && this.#isDue(head, now, intervalMs));
    if (due.length === 0) return [];
    const regions = due.map(([, box]) => regionOf(frame, box));
    const embeddings = await this.#oracle.embed(frame, regions);
    const changed: string[] = [];
    for (const [i, [head]] of due.entries()) {
      const inUse = this.#oracle.head(head);
      if (!inUse) continue;
      const prediction = inUse.predict(embeddings[i]!);
      const known = this.#watched.get(head);
      const watched = known ?? { steady: new SteadyState(), last: prediction, lookedMs: now };
      this.#watched.set(head, watched);
      watched.last = { label: prediction.label, score: prediction.score };
      watched.lookedMs = now;
      const { label } = prediction;
      const score = isTooNew(inUse) ? 1 : prediction.score;
      const { isDecided } = watched.steady;
      const isOther = watched.steady.update({ label, score }, now);
      if (isOther || watched.steady.isDecided !== isDecided || !known) changed.push(head);
    }
    return changed;
  }

  /** The heads are others: each looks again at once. */
  renew(): void {
    for (const watched of this.#watched.values()) watched.lookedMs = Number.NEGATIVE_INFINITY;
  }

  #isDue(head: string, nowMs: number, intervalMs: number): boolean {
    const watched = this.#watched.get(head);
    if (!watched || nowMs < watched.lookedMs) return true;
    const rests = watched.steady.isSettled && nowMs - this.#movedMs > unrestMs;
    return nowMs - watched.lookedMs >= intervalMs * (rests ? restFactor : 1);
  }
}

/** Too little was taught for its scores to say anything: what is nearest counts, if it is near enough. */
function isTooNew({ info }: Head): boolean {
  return info.examples < fewExamples * info.labels.length;
}

/** The part of a frame that a head is about, in pixels. */
export function regionOf(frame: Frame, box: NormalisedBox | undefined): Region {
  if (!box) return whole(frame);
  const [x1, y1, x2, y2] = box;
  const x = Math.min(frame.width - 1, Math.floor(x1 * frame.width));
  const y = Math.min(frame.height - 1, Math.floor(y1 * frame.height));
  const right = Math.ceil(x2 * frame.width);
  const bottom = Math.ceil(y2 * frame.height);
  return { x, y, width: Math.max(1, right - x), height: Math.max(1, bottom - y) };
}
