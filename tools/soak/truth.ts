import {
  type Actor,
  cast,
  cycleSeconds,
  floorY,
  positionOf,
  sceneHeight,
  sceneWidth,
} from '../../devices/scene/cast.ts';
import type { Detector, Found } from '../../sdk/core/detector.ts';
import type { DetectOptions, Model } from '../../sdk/core/model.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { Detections } from '../../sdk/vision/detections.ts';

/**
 * In place of the network for most frames of the built-in scene: says who is in view, where the scene draws it. Every
 * `every`-th answer is the network's own. A million inferences would take hours and show nothing that ten thousand do not.
 */
export class SparingModel implements Detector {
  readonly #model: Model;
  readonly #every: number;
  #asked = 0;
  #inferences = 0;

  constructor(model: Model, every: number) {
    this.#model = model;
    this.#every = every;
  }

  get name(): string {
    return this.#model.card.name;
  }

  get labels(): readonly string[] {
    return this.#model.card.labels;
  }

  /** Frames it was asked about, and how many of them the network was. */
  get counts(): { asked: number; inferences: number } {
    return { asked: this.#asked, inferences: this.#inferences };
  }

  async detect(frame: Frame, options?: DetectOptions): Promise<Found> {
    if (this.#asked++ % this.#every > 0) return { detections: this.#truth(frame) };
    this.#inferences++;
    return this.#model.detectTimed(frame, options);
  }

  close(): Promise<void> {
    return this.#model.close();
  }

  #truth({ captureTimeNs }: Frame): Detections {
    const { labels } = this;
    const seen = cast
      .map((actor) => visible(actor, (captureTimeNs / 1e9) % cycleSeconds))
      .filter((one) => one !== undefined);
    return new Detections({
      xyxy: Float32Array.from(seen.flatMap(({ box }) => box)),
      // Scores tremble, as a network's do.
      score: Float32Array.from(seen, () => 0.7 + 0.2 * Math.random()),
      classId: Int32Array.from(seen, ({ label }) => labels.indexOf(label)),
      labels,
    });
  }
}

/** Where an actor is, once at least half of it is in the picture. */
function visible(actor: Actor, seconds: number): { label: string; box: [number, number, number, number] } | undefined {
  const width = (actor.crop.width * actor.height) / actor.crop.height;
  const x = positionOf(actor, width, seconds);
  if (x === undefined) return undefined;
  const left = Math.max(0, x);
  const right = Math.min(sceneWidth, x + width);
  if (right - left < width / 2) return undefined;
  return { label: actor.label, box: [left, Math.max(0, floorY - actor.height), right, Math.min(sceneHeight, floorY)] };
}
