import type { ConsoleCamera } from './source.ts';

/** JPEGs of cameras as they are now. Those who ask while one is made share it, so a flood of requests holds no frames. */
export class CameraPictures {
  readonly #underWay = new Map<ConsoleCamera, Promise<Buffer>>();

  /** @throws InputError when the camera has given no picture yet. */
  take(camera: ConsoleCamera): Promise<Buffer> {
    const shared = this.#underWay.get(camera);
    if (shared) return shared;
    const taking = camera.snapshot().finally(() => this.#underWay.delete(camera));
    this.#underWay.set(camera, taking);
    return taking;
  }
}
