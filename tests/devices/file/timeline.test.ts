import { expect, it } from 'vitest';
import { Timeline } from '../../../devices/file/timeline.ts';

const second = 1e9;

it.each<[string, (number | undefined)[], number[]]>([
  ['a constant rate', [0, 0.04, 0.08], [0, 0.04, 0.08]],
  ['a begin that is not 0', [5, 5.04, 5.2], [0, 0.04, 0.2]],
  ['a begin before 0', [-0.04, 0, 0.04], [0, 0.04, 0.08]],
  ['a pause of an hour', [0, 0.04, 3600], [0, 0.04, 3600]],
  ['no times', [undefined, undefined, undefined], [0, 0.04, 0.08]],
  ['a frame without one', [0, undefined, 0.08], [0, 0.04, 0.08]],
  ['two of the same time', [0, 0.04, 0.04, 0.08], [0, 0.04, 0.040001, 0.08]],
  ['a small step back', [0, 0.08, 0.04, 0.12], [0, 0.08, 0.080001, 0.12]],
  ['a video behind another', [10, 12, 0, 0.04, 0.5], [0, 2, 2.04, 2.08, 2.54]],
])('gives each frame its time: %s', (_, times, expected) => {
  const timeline = new Timeline();
  const ours = times.map((time) => timeline.next(time === undefined ? undefined : time * second, 25) / second);
  ours.forEach((time, i) => {
    expect(time).toBeCloseTo(expected[i]!, 9);
  });
});
