import { describe, expect, it } from 'vitest';
import { Frame } from '../../sdk/frame/frame.ts';
import type { PixelFormat } from '../../sdk/frame/layout.ts';
import { planeLayout } from '../../sdk/frame/layout.ts';
import type { Box } from '../../sdk/vision/geometry.ts';
import { MotionGate } from '../../sdk/vision/motion-gate.ts';
import { boxAt, greyFrame } from './fakes.ts';

type Options = NonNullable<Parameters<typeof greyFrame>[1]>;

/** A gate in front of a scene that a test draws. */
class Scene {
  readonly gate = new MotionGate();
  readonly #fps: number;
  #frames = 0;

  constructor(options: { sensitivity?: number; masks?: Parameters<MotionGate['configure']>[1]; fps?: number } = {}) {
    const { sensitivity = 0.5, masks = [], fps = 10 } = options;
    this.#fps = fps;
    this.gate.configure(sensitivity, masks);
  }

  get seconds(): number {
    return this.#frames / this.#fps;
  }

  /** @returns For each frame of so many seconds: was there motion? */
  play(seconds: number, picture: (seconds: number) => Options = () => ({})): boolean[] {
    const moving: boolean[] = [];
    const until = this.#frames + Math.round(seconds * this.#fps);
    for (; this.#frames < until; this.#frames++) {
      moving.push(this.gate.process(greyFrame(this.seconds, picture(this.seconds))));
    }
    return moving;
  }
}

const count = (flags: boolean[]) => flags.filter(Boolean).length;
const withBox = (box: Box, grey = 30): Options => ({ draw: (canvas) => canvas.rectangle(box, grey) });

describe('MotionGate', () => {
  it('takes the first frame, and a moment after it, as motion', () => {
    expect(new Scene().play(2).indexOf(false)).toBe(8);
  });

  it.each([0.5, 2, 5, 8])('sees none in a still scene under noise of %s grey levels', (noise) => {
    const scene = new Scene();
    scene.play(3, () => ({ noise }));
    expect(count(scene.play(30, () => ({ noise })))).toBe(0);
  });

  it.each([5, 10, 30])('sees a newcomer in its first frame, at %i frames a second', (fps) => {
    const scene = new Scene({ fps });
    scene.play(3);
    expect(scene.play(1 / fps, () => withBox(boxAt(100, 100)))).toEqual([true]);
  });

  it('sees one that comes in slowly at the edge of the picture within half a second', () => {
    const scene = new Scene();
    scene.play(3);
    // Three pixels in a tenth of a second.
    const moving = scene.play(3, (seconds) => withBox([0, 60, (seconds - 3) * 30, 140], 60));
    expect(moving.indexOf(true)).toBeLessThan(5);
    expect(moving.lastIndexOf(false)).toBeLessThan(5);
  });

  it('sees motion as long as something goes on moving', () => {
    const scene = new Scene();
    scene.play(3);
    expect(count(scene.play(8, (seconds) => withBox(boxAt((seconds - 3) * 40, 100))))).toBe(80);
  });

  it('lets what came to rest be part of the scene within a few seconds, at any frame rate', () => {
    for (const fps of [5, 10, 30]) {
      const scene = new Scene({ fps });
      scene.play(3);
      const moving = scene.play(10, () => withBox(boxAt(100, 100)));
      const until = moving.lastIndexOf(true) / fps;
      expect(until).toBeGreaterThan(1);
      expect(until).toBeLessThan(4);
      // And its leaving is motion again.
      expect(scene.play(1 / fps)).toEqual([true]);
    }
  });

  it('follows the daylight without a word', () => {
    const scene = new Scene();
    scene.play(3, () => ({ grey: 60 }));
    const dawn = scene.play(60, (seconds) => ({ grey: Math.round(60 + (seconds - 3) * 2) }));
    expect(count(dawn)).toBe(0);
  });

  it('takes a light that goes on as one change, in which nobody was disturbed', () => {
    const scene = new Scene();
    scene.play(3);
    scene.gate.forget();
    // It reaches two thirds of the view.
    const moving = scene.play(5, () => ({ grey: 60, draw: (canvas) => canvas.rectangle([0, 0, 320, 130], 200) }));
    expect(moving[0]).toBe(true);
    expect(moving.lastIndexOf(true)).toBeLessThan(10);
    expect(scene.gate.disturbed(boxAt(100, 100))).toBe(false);
  });

  it('takes a new exposure of the camera for no motion, and sees who moves meanwhile', () => {
    const scene = new Scene();
    const exposed = (seconds: number, walks: boolean): Options => {
      const gain = [1, 1.25, 0.8, 1.1, 0.9][Math.floor(seconds / 1.5) % 5]!;
      return {
        grey: Math.round(110 * gain),
        draw: (canvas) => {
          for (let x = 0; x < 320; x += 40) canvas.rectangle([x, 20, x + 20, 160], Math.round((60 + (x % 130)) * gain));
          if (walks) canvas.rectangle(boxAt(20 + (seconds - 15) * 20, 90), Math.round(30 * gain));
        },
      };
    };
    scene.play(3, (seconds) => exposed(seconds, false));
    expect(count(scene.play(12, (seconds) => exposed(seconds, false)))).toBe(0);
    expect(count(scene.play(10, (seconds) => exposed(seconds, true)))).toBeGreaterThan(85);
  });

  it('takes a lamp over a part of the view for light where it shows the same, and sees who comes there', () => {
    const scene = new Scene();
    const lit = (on: boolean, box?: Box): Options => ({
      draw: (canvas) => {
        for (let x = 0; x < 320; x += 16) {
          for (let y = 0; y < 180; y += 16) {
            const gain = on && x < 160 ? 1.4 : 1;
            canvas.rectangle([x, y, x + 16, y + 16], Math.round((60 + ((x * 7 + y * 13) % 80)) * gain));
          }
        }
        if (box) canvas.rectangle(box, 40);
      },
    });
    scene.play(4, () => lit(false));
    expect(count(scene.play(4, () => lit(true)))).toBe(0);
    expect(count(scene.play(4, () => lit(false)))).toBe(0);
    expect(scene.play(0.1, () => lit(true, boxAt(80, 90)))).toEqual([true]);
  });

  it('knows where somebody at rest left, and where not, when most of the view was lit otherwise meanwhile', () => {
    const scene = new Scene();
    // Ever more to the right: no exposure of the camera.
    const tiles = (more: number, stands: boolean): Options => ({
      draw: (canvas) => {
        const lit = (x: number, grey: number) => Math.round(grey * (1 + (more * x) / 320));
        for (let x = 0; x < 320; x += 16) {
          for (let y = 0; y < 180; y += 16) {
            canvas.rectangle([x, y, x + 16, y + 16], lit(x, 60 + ((x * 7 + y * 13) % 80)));
          }
        }
        if (!stands) return;
        for (let y = 40; y < 140; y += 10) canvas.rectangle([120, y, 168, y + 10], lit(140, y % 20 ? 10 : 30));
      },
    });
    scene.play(4, () => tiles(0, false));
    scene.play(30, () => tiles(0, true));
    scene.gate.forget();
    scene.play(0.1, () => tiles(0.6, false));
    expect(scene.gate.disturbed([120, 40, 168, 140])).toBe(true);
    expect(scene.gate.disturbed([220, 40, 270, 140])).toBe(false);
    scene.play(30, () => tiles(0.6, true));
    scene.gate.forget();
    scene.play(0.1, () => tiles(0, true));
    expect(scene.gate.disturbed([120, 40, 168, 140])).toBe(false);
  });

  it('sees what creeps by a third of a pixel a frame, and no longer when it stands', () => {
    const scene = new Scene();
    scene.play(4);
    const moving = scene.play(20, (seconds) => withBox([40, 60, 80 + (seconds - 4) * 3, 140], 95));
    expect(count(moving.slice(20))).toBeGreaterThan(170);
    expect(scene.play(6, () => withBox([40, 60, 140, 140], 95)).slice(40)).not.toContain(true);
  });

  it('sees nobody in heavy noise of a night, and somebody in it', () => {
    const scene = new Scene();
    scene.play(8, () => ({ noise: 25 }));
    expect(count(scene.play(20, () => ({ noise: 25 })))).toBe(0);
    const walking = scene.play(6, (seconds) => ({ noise: 25, ...withBox(boxAt((seconds - 28) * 40, 90), 70) }));
    expect(count(walking.slice(10))).toBe(50);
  });

  it('takes noise that grew for motion only until it knows it', () => {
    const scene = new Scene();
    scene.play(3, () => ({ noise: 1 }));
    expect(count(scene.play(30, () => ({ noise: 12 })).slice(100))).toBe(0);
  });

  it('is more or less sensitive', () => {
    const small = () => withBox([96, 96, 112, 104], 100);
    const seesIt = (sensitivity: number) => {
      const scene = new Scene({ sensitivity });
      scene.play(3, () => ({ noise: 1 }));
      return scene.play(0.5, () => ({ ...small(), noise: 1 })).includes(true);
    };
    expect([0, 0.5, 1].map(seesIt)).toEqual([false, true, true]);
  });

  it('does not look at what is masked', () => {
    const left = [
      [0, 0],
      [0.5, 0],
      [0.5, 1],
      [0, 1],
    ] as const;
    const scene = new Scene({ masks: [left] });
    scene.play(3);
    expect(count(scene.play(2, (seconds) => withBox(boxAt(30 + (seconds % 1) * 80, 90))))).toBe(0);
    expect(scene.play(0.1, () => withBox(boxAt(250, 90)))).toEqual([true]);
  });

  it('sees nothing where everything is masked', () => {
    const all = [
      [0, 0],
      [1, 0],
      [1, 1],
      [0, 1],
    ] as const;
    const scene = new Scene({ masks: [all] });
    scene.play(1);
    expect(count(scene.play(2, (seconds) => ({ grey: (seconds * 100) % 255 })))).toBe(0);
  });

  it('says where something moved since it was asked to forget', () => {
    const scene = new Scene();
    expect(scene.gate.disturbed(boxAt(100, 100))).toBe(true);
    scene.play(3);
    scene.gate.forget();
    scene.play(1);
    expect(scene.gate.disturbed(boxAt(100, 100))).toBe(false);
    scene.play(0.5, () => withBox(boxAt(100, 100)));
    expect(scene.gate.disturbed(boxAt(100, 100))).toBe(true);
    expect(scene.gate.disturbed(boxAt(250, 100))).toBe(false);
    scene.gate.forget();
    scene.play(0.1);
    // A leaf in front of a car is no departure.
    scene.play(3);
    scene.gate.forget();
    scene.play(0.1, () => withBox([0, 0, 16, 16]));
    expect(scene.gate.disturbed([0, 0, 200, 150])).toBe(false);
    expect(scene.gate.disturbed([0, 0, 20, 20])).toBe(true);
  });

  it('begins anew at another size, and when it is reset', () => {
    const scene = new Scene();
    scene.play(3);
    expect(count(scene.play(1, () => ({ width: 160, height: 90 })))).toBe(8);
    scene.play(1, () => ({ width: 160, height: 90 }));
    scene.gate.reset();
    expect(scene.play(0.1, () => ({ width: 160, height: 90 }))).toEqual([true]);
  });

  it('takes a picture smaller than one of its cells', () => {
    const scene = new Scene();
    const tiny = { width: 4, height: 3, noise: 0 };
    scene.play(2, () => tiny);
    expect(count(scene.play(1, () => tiny))).toBe(0);
  });

  it.each<PixelFormat>(['I420', 'NV12', 'RGB24', 'BGR24', 'GRAY8'])(
    'sees the same in %s with padded rows',
    (format) => {
      const gate = new MotionGate();
      gate.configure(0.5, []);
      const width = 64;
      const height = 48;
      const channels = format === 'RGB24' || format === 'BGR24' ? 3 : 1;
      const strides = planeLayout(format, width, height).planes.map(({ stride }) => stride + 32);
      const frame = (seconds: number, draw: boolean) => {
        const { planes, byteLength } = planeLayout(format, width, height, strides);
        const bytes = new Uint8Array(byteLength).fill(100);
        // What lies in the padding must not matter.
        planes.forEach(({ offset, stride, rowBytes, rows }) => {
          for (let row = 0; row < rows; row++) {
            bytes.fill((seconds * 997) % 255, offset + row * stride + rowBytes, offset + (row + 1) * stride);
          }
        });
        if (draw)
          for (let y = 16; y < 32; y++)
            bytes.fill(200, y * strides[0]! + 16 * channels, y * strides[0]! + 32 * channels);
        return new Frame({
          format,
          width,
          height,
          planes: planes.map(({ offset, stride, rows }) => ({
            data: bytes.subarray(offset, offset + stride * rows),
            stride,
          })),
          sequence: 0,
          captureTimeNs: seconds * 1e9,
          wallTimeMs: 0,
        });
      };
      for (let i = 0; i < 20; i++) gate.process(frame(i / 10, false));
      expect(gate.process(frame(2, false))).toBe(false);
      gate.forget();
      // Four cells have to be there for three frames.
      expect([2.1, 2.2, 2.3].map((seconds) => gate.process(frame(seconds, true)))).toEqual([false, false, true]);
      expect(gate.disturbed([16, 16, 31, 31])).toBe(true);
      expect(gate.disturbed([40, 16, 63, 47])).toBe(false);
    },
  );
});
