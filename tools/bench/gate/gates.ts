import { Frame } from '../../../sdk/frame/frame.ts';
import { MotionGate } from '../../../sdk/vision/motion-gate.ts';
import type { Clip } from './scenes.ts';

export function frameOf({ width, height, fps, bytes }: Clip, index: number): Frame {
  const data = bytes.subarray(index * width * height, (index + 1) * width * height);
  const captureTimeNs = Math.round((index * 1e9) / fps);
  return new Frame({
    format: 'GRAY8',
    width,
    height,
    planes: [{ data, stride: width }],
    sequence: index,
    captureTimeNs,
    wallTimeMs: captureTimeNs / 1e6,
  });
}

/** What the gate of ours says of each frame. */
export function ours(clip: Clip, sensitivity = 0.5): boolean[] {
  const gate = new MotionGate();
  gate.configure(sensitivity, []);
  return clip.truths.map((_, index) => gate.process(frameOf(clip, index)));
}
