import { describe, expect, it } from 'vitest';
import { random } from '../../../sdk/base/random.ts';
import { Frame } from '../../../sdk/frame/frame.ts';
import type { PixelFormat } from '../../../sdk/frame/layout.ts';
import { planeLayout } from '../../../sdk/frame/layout.ts';
import { sharpness } from '../../../sdk/learn/camera/sharpness.ts';
import { greyFrame } from '../../vision/fakes.ts';

const whole = (frame: Frame) => ({ x: 0, y: 0, width: frame.width, height: frame.height });

/** A picture of noise, each pixel the mean of so many around it. */
function blurred(radius: number): Frame {
  const side = 120;
  const next = random(1);
  const noise = Float64Array.from({ length: side * side }, () => next() * 255);
  const data = new Uint8Array(side * side);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      let sum = 0;
      let count = 0;
      for (let dy = -radius; dy <= radius; dy++) {
        for (let dx = -radius; dx <= radius; dx++) {
          const value = noise[(y + dy) * side + x + dx];
          if (value === undefined) continue;
          sum += value;
          count++;
        }
      }
      data[y * side + x] = sum / count;
    }
  }
  return frameOf('GRAY8', side, side, data);
}

function frameOf(format: PixelFormat, width: number, height: number, data: Uint8Array): Frame {
  const { planes } = planeLayout(format, width, height);
  const filled = planes.map(({ offset, stride }) => ({ data: data.subarray(offset), stride }));
  return new Frame({ format, width, height, planes: filled, sequence: 0, captureTimeNs: 0, wallTimeMs: 0 });
}

describe('sharpness', () => {
  it('falls with each blur', () => {
    const values = [0, 1, 2, 4].map((radius) => {
      const frame = blurred(radius);
      return sharpness(frame, whole(frame));
    });
    expect(values).toEqual([...values].sort((a, b) => b - a));
    expect(values[0]! / values[3]!).toBeGreaterThan(10);
  });

  it('is 0 for an even surface, and where there is nothing to compare', () => {
    const frame = greyFrame(0, { noise: 0 });
    expect(sharpness(frame, whole(frame))).toBe(0);
    expect(sharpness(frame, { x: 3, y: 3, width: 2, height: 2 })).toBe(0);
  });

  it('is of the region alone', () => {
    const frame = greyFrame(0, { noise: 0, draw: (canvas) => canvas.rectangle([10, 10, 40, 40], 255) });
    expect(sharpness(frame, { x: 100, y: 50, width: 60, height: 60 })).toBe(0);
    expect(sharpness(frame, { x: 5, y: 5, width: 20, height: 20 })).toBeGreaterThan(1);
  });

  it.each(['BGR24', 'RGB24'] as const)('is the same of grey %s as of grey', (format) => {
    const grey = blurred(1);
    const { data } = grey.planes[0]!;
    const colour = frameOf(
      format,
      grey.width,
      grey.height,
      Uint8Array.from({ length: data.length * 3 }, (_, i) => data[Math.floor(i / 3)]!),
    );
    expect(sharpness(colour, whole(colour))).toBeCloseTo(sharpness(grey, whole(grey)), 10);
  });
});
