import { InputError } from '../../sdk/base/errors.ts';
import { defaultColour } from '../../sdk/frame/frame.ts';
import { FramePool } from '../../sdk/frame/pool.ts';
import { DeviceBase } from '../device/base.ts';
import type { DeviceOptions, DeviceProperties } from '../device/device.ts';
import { Presenter } from '../device/presenter.ts';
import { BufferWait } from '../stream/buffers.ts';
import { sceneHeight, sceneWidth } from './cast.ts';
import type { Stage } from './stage.ts';

const defaultFps = 10;

/**
 * A simulated camera: real photographs enter a still view, stay, and leave (see `cast.ts`), in a loop. It is a function
 * of time, so that tests can rely on it.
 */
export class SceneDevice extends DeviceBase {
  readonly #rest: string;
  #presenter: Presenter | undefined;
  #buffers: BufferWait | undefined;
  #playing: Promise<void> | undefined;

  constructor(uri: string, rest: string, options?: DeviceOptions) {
    super(uri, options);
    this.#rest = rest;
  }

  protected async start(): Promise<DeviceProperties> {
    if (this.#rest !== '') throw new InputError(`source: expected scene: alone, got ${this.uri}`);
    // Loaded on demand: most installations have a camera and never see the scene.
    const { Stage } = await import('./stage.ts');
    const stage = await Stage.load();
    this.assertOpening();
    const fps = this.options.fps ?? defaultFps;
    this.#presenter = new Presenter(this.outlet, this.options.speed);
    this.#buffers = new BufferWait();
    this.#playing = this.#play(stage, this.#presenter, this.#buffers, fps);
    return {
      kind: 'scene',
      title: 'Built-in scene',
      format: 'I420',
      width: sceneWidth,
      height: sceneHeight,
      fps,
      colour: defaultColour(sceneWidth, sceneHeight),
      live: true,
    };
  }

  protected override read(): void {
    this.#presenter?.begin();
  }

  protected async stop(): Promise<void> {
    this.#presenter?.close();
    this.#buffers?.close();
    await this.#playing;
  }

  async #play(stage: Stage, presenter: Presenter, buffers: BufferWait, fps: number): Promise<void> {
    const pool = new FramePool({ format: 'I420', width: sceneWidth, height: sceneHeight, onFree: buffers.onFree });
    let open = true;
    for (let index = 0; open; index++) {
      // A camera does not make up for the frames it missed while the process was held up.
      const due = Math.floor((presenter.positionNs * fps) / 1e9);
      if (due > index) {
        this.counters.frames += due - index;
        this.counters.dropped += due - index;
        index = due;
      }
      open = await presenter.present((index * 1e9) / fps, (times) => {
        this.counters.frames++;
        const bytes = pool.take();
        if (!bytes) {
          this.counters.dropped++;
          return undefined;
        }
        stage.draw(bytes, pool.layout, index, index / fps);
        return pool.frame(bytes, { sequence: index, ...times });
      });
      if (this.options.speed === 'max') await buffers.until(pool);
    }
  }
}
