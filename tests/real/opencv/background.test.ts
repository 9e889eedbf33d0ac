import { describe, expect, it } from 'vitest';
import { BackgroundChanges } from '../../../sdk/opencv/background.ts';
import type { Box } from '../../../sdk/vision/geometry.ts';
import { MotionGate } from '../../../sdk/vision/motion-gate.ts';
import { hasOpenCv } from '../../support/prepared.ts';
import { boxAt, greyFrame } from '../../vision/fakes.ts';

const fps = 10;
type Options = NonNullable<Parameters<typeof greyFrame>[1]>;

class Scene {
  readonly gate: MotionGate;
  #frames = 0;

  constructor(method: 'MOG2' | 'KNN', sensitivity = 0.5, masks: Parameters<MotionGate['configure']>[1] = []) {
    this.gate = new MotionGate(new BackgroundChanges(method));
    this.gate.configure(sensitivity, masks);
  }

  /** @returns How many of the frames of so many seconds were motion. */
  play(seconds: number, picture: (seconds: number) => Options = () => ({ noise: 3 })): number {
    let moving = 0;
    const until = this.#frames + seconds * fps;
    for (; this.#frames < until; this.#frames++) {
      const at = this.#frames / fps;
      if (this.gate.process(greyFrame(at, picture(at)))) moving++;
    }
    return moving;
  }
}

const withBox =
  (place: (seconds: number) => Box, grey = 30) =>
  (seconds: number): Options => ({ noise: 3, draw: (canvas) => canvas.rectangle(place(seconds), grey) });

describe.skipIf(!(await hasOpenCv())).each(['MOG2', 'KNN'] as const)(
  'BackgroundChanges %s behind the motion gate (needs npm run opencv)',
  (method) => {
    it('sees none in a still, noisy scene', () => {
      const scene = new Scene(method);
      scene.play(3);
      expect(scene.play(20)).toBe(0);
    });

    it('sees a newcomer at once, and as long as it moves', () => {
      const scene = new Scene(method);
      scene.play(3);
      expect(
        scene.play(
          5,
          withBox((seconds) => boxAt((seconds - 3) * 40, 100)),
        ),
      ).toBe(5 * fps);
    });

    it('lets what came to rest be part of the scene', () => {
      const scene = new Scene(method);
      scene.play(3);
      const moving = scene.play(
        20,
        withBox(() => boxAt(100, 100)),
      );
      expect(moving / fps).toBeGreaterThan(1);
      expect(moving / fps).toBeLessThan(8);
    });

    it('takes a change of the light for one look', () => {
      const scene = new Scene(method);
      scene.play(3);
      expect(scene.play(10, () => ({ noise: 3, grey: 180 }))).toBeLessThan(15);
    });

    it('does not look behind a mask', () => {
      const half: Parameters<MotionGate['configure']>[1] = [
        [
          [0, 0],
          [1, 0],
          [1, 1],
          [0, 1],
        ],
      ];
      const scene = new Scene(method, 0.5, half);
      scene.play(3);
      expect(
        scene.play(
          3,
          withBox((seconds) => boxAt((seconds - 3) * 40, 100)),
        ),
      ).toBe(0);
    });

    it('tells where something moved', () => {
      const scene = new Scene(method);
      scene.play(3);
      scene.gate.forget();
      scene.play(
        0.1,
        withBox(() => boxAt(100, 100)),
      );
      expect(scene.gate.disturbed(boxAt(100, 100))).toBe(true);
      expect(scene.gate.disturbed(boxAt(220, 60))).toBe(false);
    });

    it('begins anew with another size of picture', () => {
      const gate = new MotionGate(new BackgroundChanges(method));
      gate.configure(0.5, []);
      for (const [width, height] of [
        [64, 48],
        [160, 120],
        [5, 3],
        [160, 120],
      ] as const) {
        for (let i = 0; i < 3; i++) expect(gate.process(greyFrame(i / fps, { width, height }))).toBe(true);
      }
    });
  },
);
