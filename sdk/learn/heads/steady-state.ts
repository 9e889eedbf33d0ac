import { assertKind, assertShape } from '../../base/arguments.ts';
import { unknown, unsure } from '../ledger/example.ts';
import type { Prediction } from './head.ts';

/** What it takes until a state of the whole view counts as changed. */
export interface SteadyStateOptions {
  /** Answers in a row that change the state. Default: 3. */
  readonly answers?: number;
  /** Minimum time they have to span, s. Default: 5. */
  readonly seconds?: number;
  /** Minimum score of a label, 0..1; below, the state is `unsure`. Default: 0.6. */
  readonly score?: number;
}

/**
 * The state of a whole view over time: `tidy`, `untidy`, or `unsure`. A passer-by, or a single odd frame, changes
 * nothing: a new state, including `unsure`, needs some answers in a row over some seconds.
 *
 * @example
 * const cupboard = new SteadyState();
 * if (cupboard.update(head.predict(embedding), frame.captureTimeNs / 1e6)) publish(cupboard.state);
 */
export class SteadyState {
  readonly #options: Required<SteadyStateOptions>;
  #state: string = unsure;
  #candidate: string = unsure;
  #count = 0;
  #sinceMs = Number.POSITIVE_INFINITY;
  #isDecided = false;

  constructor(options: SteadyStateOptions = {}) {
    assertKind('SteadyState: options', options, 'object');
    const { answers = 3, seconds = 5, score = 0.6 } = options;
    this.#options = { answers, seconds, score };
  }

  get state(): string {
    return this.#state;
  }

  /** Whether the state, including `unsure`, has once lasted long enough to count; before, nothing is known. */
  get isDecided(): boolean {
    return this.#isDecided;
  }

  /** Whether the last answer agrees with the state: no change is under way. */
  get isSettled(): boolean {
    return this.#isDecided && this.#candidate === this.#state;
  }

  /**
   * @param timeMs Of the frame, monotonic; if it goes back, the count restarts.
   * @returns Whether the state changed.
   */
  update(prediction: Pick<Prediction, 'label' | 'score'>, timeMs: number): boolean {
    assertShape('SteadyState.update', prediction, { label: 'text', score: 'finite' }, 'a Prediction');
    assertKind('SteadyState.update: timeMs', timeMs, 'finite');
    const { label, score } = prediction;
    const { answers, seconds, score: least } = this.#options;
    const seen = label === unknown || score < least ? unsure : label;
    if (seen !== this.#candidate || timeMs < this.#sinceMs) {
      this.#candidate = seen;
      this.#count = 0;
      this.#sinceMs = timeMs;
    }
    this.#count++;
    if (this.#count < answers || timeMs - this.#sinceMs < seconds * 1000) return false;
    this.#isDecided = true;
    if (seen === this.#state) return false;
    this.#state = seen;
    return true;
  }
}
