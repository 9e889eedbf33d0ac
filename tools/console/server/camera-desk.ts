import type { EventEmitter } from 'node:events';
import { messageOf } from '../../../sdk/base/errors.ts';
import type { Logger } from '../../../sdk/base/log.ts';
import type { PipelineEvents } from '../../../sdk/pipeline/events.ts';
import type { CameraState, ServerMessage, ViewState } from '../protocol.ts';
import { LiveFeed } from './live-feed.ts';
import type { ConsoleCamera } from './source.ts';
import { cameraState, sourceState } from './state.ts';

export interface DeskParts {
  readonly logger: Logger;
  /** States of the whole view, by head. */
  states(): ViewState[];
  tell(message: ServerMessage): void;
}

/** Listens to one camera and forwards to the pages what they need. */
export class CameraDesk {
  readonly live: LiveFeed;
  readonly #camera: ConsoleCamera;
  readonly #parts: DeskParts;
  /** By line, label and direction. */
  readonly #crossings = new Map<string, CameraState['crossings'][number]>();
  #known = 0;
  #detach: (() => void)[] = [];

  constructor(camera: ConsoleCamera, parts: DeskParts) {
    this.#camera = camera;
    this.#parts = parts;
    this.live = new LiveFeed(camera.name, {
      onError: (error) => parts.logger.error(`page: live picture of ${camera.name}: ${messageOf(error)}`),
    });
  }

  state(): CameraState {
    return cameraState(this.#camera, [...this.#crossings.values()], this.#parts.states());
  }

  attach(): void {
    const { tell } = this.#parts;
    const camera = this.#camera.name;
    const on = <K extends keyof PipelineEvents>(name: K, listener: (...args: PipelineEvents[K]) => void) => {
      // The emitter's type cannot follow a generic name.
      const emitter = this.#camera as EventEmitter;
      emitter.on(name, listener as (...args: unknown[]) => void);
      this.#detach.push(() => emitter.off(name, listener as (...args: unknown[]) => void));
    };
    on('status', (status) => tell({ type: 'status', camera, status, source: sourceState(this.#camera) }));
    on('motion', (moving) => tell({ type: 'motion', camera, moving }));
    on('count', (change) => tell({ type: 'count', camera, ...change }));
    on('settings', () => tell({ type: 'settings', camera: this.state() }));
    on('crossing', ({ line, label, direction, total }) => {
      this.#crossings.set(`${line}/${label}/${direction}`, { line, label, direction, total });
      tell({ type: 'crossing', camera, line, label, direction, total });
    });
    on('frame', (report) => {
      // The labels are known once the model is; there is no other event for it.
      const known = this.#camera.knownLabels.length;
      if (known !== this.#known) {
        this.#known = known;
        tell({ type: 'settings', camera: this.state() });
      }
      this.live.offer(report);
    });
  }

  detach(): void {
    for (const off of this.#detach.splice(0)) off();
    this.live.close();
  }
}
