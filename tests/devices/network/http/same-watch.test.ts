import { expect, it } from 'vitest';
import { SameWatch } from '../../../../devices/network/http/same-watch.ts';

it('tells once of a camera that repeats itself, and when it no longer does', () => {
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  let now = 0;
  const watch = new SameWatch({ debug: say, info: say, warn: say, error: say }, () => now);
  const see = (seconds: number, byte: () => number) => {
    for (let i = 0; i < seconds; i++, now += 1000) watch.saw(Buffer.from([1, 2, byte()]));
  };
  let count = 0;
  see(100, () => count++ % 256);
  see(59, () => 255);
  expect(said).toEqual([]);
  see(500, () => 255);
  expect(said).toEqual([expect.stringMatching(/^the same picture, byte for byte, for 60 s: the camera may hang/)]);
  see(2, () => count++ % 100);
  expect(said.slice(1)).toEqual(['its pictures change again']);
  // What sees nothing every night is not told of each time.
  see(500, () => 255);
  expect(said).toHaveLength(2);
});

it('takes a picture that is renewed once a minute for one', () => {
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  let now = 0;
  const watch = new SameWatch({ debug: say, info: say, warn: say, error: say }, () => now);
  for (let i = 0; i < 9; i++, now += 60_000) watch.saw(Buffer.from([1]));
  expect(said).toEqual([]);
});
