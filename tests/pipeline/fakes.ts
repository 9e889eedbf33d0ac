import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Detector, Found } from '../../sdk/core/detector.ts';
import { LateError } from '../../sdk/core/frame-queue.ts';
import type { DetectOptions } from '../../sdk/core/model.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { Detections } from '../../sdk/vision/detections.ts';
import { labels, type Seen, seen } from '../vision/fakes.ts';

/** A network that says what a test tells it to. Frames are looked at for `takesMs`. */
export class FakeModel implements Detector {
  readonly name = 'fake';
  readonly labels = labels;
  looks = 0;
  closed = false;
  takesMs = 0;
  /** Other cameras have all its turns. */
  late = false;
  /** How it was asked last. */
  asked: DetectOptions = {};
  see: (frame: Frame) => readonly Seen[] = () => [];

  async detect(frame: Frame, options: DetectOptions = {}): Promise<Found> {
    this.asked = options;
    if (this.late) throw new LateError('too late');
    this.looks++;
    frame.acquire();
    try {
      if (this.takesMs > 0) await new Promise((resolve) => setTimeout(resolve, this.takesMs));
      const things = this.see(frame);
      const detections = things.length > 0 ? seen(...things) : Detections.empty(labels);
      return { detections, times: { preprocessMs: 1, inferMs: 2, decodeMs: 3 } };
    } finally {
      frame.release();
    }
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  /** As a pipeline takes it. */
  get model(): Detector {
    return this;
  }
}

/** A folder of small pictures, each of another grey, or of these sizes. */
export async function pictures(
  folder: string,
  sizes: readonly (readonly [width: number, height: number])[],
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for (const [i, [width, height]] of sizes.entries()) {
    const grey = 40 + ((i * 37) % 180);
    await sharp({ create: { width, height, channels: 3, background: { r: grey, g: grey, b: grey } } })
      .png()
      .toFile(join(folder, `${String(i).padStart(4, '0')}.png`));
  }
}
