import type { ConsoleCamera } from './source.ts';

/** Current JPEGs of cameras. Concurrent requests share one, so a flood of requests holds no frames. */
export class CameraPictures {
  readonly #underWay = new Map<ConsoleCamera, Promise<Buffer>>();

  /** @throws InputError when there is no picture of the camera yet. */
  take(camera: ConsoleCamera): Promise<Buffer> {
    const shared = this.#underWay.get(camera);
    if (shared) return shared;
    const taking = camera.snapshot().finally(() => this.#underWay.delete(camera));
    this.#underWay.set(camera, taking);
    return taking;
  }
}
