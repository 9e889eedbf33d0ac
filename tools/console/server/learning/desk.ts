import type { NodeLearning } from '../../../../sdk/learn/node-learning.ts';
import type { ServerMessage } from '../../protocol.ts';
import { learningState, viewStates } from './state.ts';

export interface LearningDeskParts {
  readonly learning: NodeLearning;
  readonly node: string;
  cameras(): Iterable<string>;
  /** Whether any page listens. */
  watched(): boolean;
  tell(message: ServerMessage): void;
}

/** Many examples at once are announced once. */
const pauseMs = 200;

/** Informs the pages of what was taught, and of the cameras' states. */
export class LearningDesk {
  readonly #parts: LearningDeskParts;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: LearningDeskParts) {
    this.#parts = parts;
  }

  attach(): void {
    this.#parts.learning.on('changed', this.#changed).on('state', this.#state);
  }

  detach(): void {
    this.#parts.learning.off('changed', this.#changed).off('state', this.#state);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  readonly #changed = (): void => {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const { learning, node, cameras, watched, tell } = this.#parts;
      if (!watched()) return;
      tell({ type: 'learning', learning: learningState(learning, node) });
      for (const camera of cameras()) this.#state(camera);
    }, pauseMs);
  };

  readonly #state = (camera: string): void => {
    const { learning, watched, tell } = this.#parts;
    if (watched()) tell({ type: 'states', camera, states: viewStates(learning, camera) });
  };
}
