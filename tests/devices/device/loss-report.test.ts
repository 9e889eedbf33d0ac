import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { LossReport } from '../../../devices/device/loss-report.ts';

const lines: string[] = [];
const say = (line: string) => lines.push(line);
let report: LossReport;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  lines.length = 0;
  report = new LossReport({ debug: () => {}, info: say, warn: say, error: say });
});

afterEach(() => {
  report.stop();
  vi.useRealTimers();
});

it('tells a loss and its end at once, and the next ones after a good minute too', () => {
  for (let i = 0; i < 2; i++) {
    report.came();
    vi.advanceTimersByTime(61_000);
    report.lost('no frame for 10.0 s', 'next try in 0.7 s');
    report.came();
    vi.advanceTimersByTime(61_000);
  }
  expect(lines).toEqual([
    'no more frames: no frame for 10.0 s; next try in 0.7 s',
    'frames arrive again',
    'no more frames: no frame for 10.0 s; next try in 0.7 s',
    'frames arrive again',
  ]);
});

it('says nothing new of a camera that is away for a month', () => {
  report.came();
  for (let i = 0; i < 100_000; i++) report.lost('no route to host', `next try in ${i} s`);
  report.lost('wrong password');
  expect(lines).toEqual(['no more frames: no route to host; next try in 0 s', 'no more frames: wrong password']);
});

it('says that a loose cable is good again when it was for a minute', () => {
  report.came();
  for (let i = 0; i < 1000; i++) {
    report.lost('the stream ended');
    report.came();
    vi.advanceTimersByTime(30_000);
  }
  const before = lines.length;
  expect(lines.filter((line) => line.startsWith('no more'))).toHaveLength(1);
  expect(before).toBeLessThanOrEqual(3);
  vi.advanceTimersByTime(31_000);
  expect(lines.slice(before)).toEqual(['frames arrive again']);
  report.lost('the stream ended');
  expect(lines.at(-1)).toBe('no more frames: the stream ended');
});

it('has an end with a stream that makes up sizes and reasons', () => {
  report.came();
  for (let i = 0; i < 1000; i++) {
    report.becameOther({ width: 64, height: i + 1 }, { width: 64, height: i + 2 });
    report.lost(`reason ${i}`);
  }
  expect(lines).toHaveLength(20);
  expect(lines[0]).toBe('its frames changed from 64x1 to 64x2');
});
