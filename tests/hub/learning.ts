import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { LearnSettings } from '../../sdk/config/schema.ts';
import { resolveSettings } from '../../sdk/config/settings.ts';
import { Frame } from '../../sdk/frame/frame.ts';
import type { CameraLearning } from '../../sdk/learn/camera/camera-learning.ts';
import { NodeLearning } from '../../sdk/learn/node-learning.ts';
import type { Track } from '../../sdk/vision/track.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';

export type Picture = 'stripes' | 'checks' | 'rings';

const side = 160;
const patterns: Record<Picture, (x: number, y: number) => [number, number, number]> = {
  stripes: (x) => (x % 40 < 20 ? [220, 30, 30] : [40, 10, 10]),
  checks: (x, y) => ((x >> 3) % 2 === (y >> 3) % 2 ? [20, 60, 220] : [240, 240, 240]),
  rings: (x, y) => (Math.hypot(x - 80, y - 80) % 30 < 15 ? [40, 200, 60] : [10, 50, 20]),
};

function frameOf(picture: Picture, wallTimeMs: number): Frame {
  const data = new Uint8Array(side * side * 3);
  for (let i = 0; i < side * side; i++) data.set(patterns[picture](i % side, Math.floor(i / side)), i * 3);
  const planes = [{ data, stride: side * 3 }];
  return new Frame({
    ...{ sequence: 0, captureTimeNs: wallTimeMs * 1e6, wallTimeMs, format: 'RGB24', width: side, height: side },
    planes,
  });
}

/** A node's learning with the real network, whose cameras see what a test shows them. */
export class ShownLearning {
  readonly learning: NodeLearning;
  readonly #cameras: Map<string, CameraLearning>;
  #nowMs = 1_800_000_000_000;

  private constructor(learning: NodeLearning, cameras: readonly string[]) {
    this.learning = learning;
    this.#cameras = new Map(cameras.map((name) => [name, learning.addCamera(name, { enabled: true, states: {} })]));
  }

  /** @param folder Of an earlier run. Default: one of the test's own. */
  static async start(folder = join(temporaryFolder(), 'learn'), cameras = ['door', 'yard']): Promise<ShownLearning> {
    const shown = ShownLearning.make(folder, cameras);
    await shown.learning.start();
    return shown;
  }

  /** The same before its start. */
  static make(folder: string, cameras = ['door', 'yard'], more: Partial<LearnSettings> = {}): ShownLearning {
    mkdirSync(join(folder, '..'), { recursive: true });
    const settings = { ...resolveSettings({}).learn, interval: 0.1, ...more };
    const learning = closing(new NodeLearning({ node: 'porch', settings, folder, threads: 1 }), (it) => it.stop());
    return new ShownLearning(learning, cameras);
  }

  /** Shows a camera a picture for so many seconds, one a second. */
  async show(camera: string, picture: Picture, { seconds = 1, tracks = [] as readonly Track[] } = {}): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      const frame = frameOf(picture, (this.#nowMs += 1000));
      await this.#cameras.get(camera)!.look({ frame, tracks, inferred: true, moving: false });
      frame.release();
    }
  }

  /** Teaches a state that the whole view of a camera is in when it sees this picture. */
  async teachView(camera: string, picture: Picture, state: string, label: string): Promise<void> {
    await this.show(camera, picture);
    await this.learning.teach({ camera, subject: { view: state }, label });
  }

  /** Teaches that an object which looks like this is called so. @param anyway Though it is called otherwise too. */
  async teachObject(picture: Picture, label: string, { anyway = false } = {}): Promise<void> {
    await this.show('door', picture);
    await this.learning.teach({ camera: 'door', subject: { box: [0, 0, side, side] }, label, anyway });
  }
}
