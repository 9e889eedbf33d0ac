import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../sdk/base/assets.ts';
import { longest, placeOf } from '../support/order.ts';

describe('the order of tests', () => {
  it('names files that are there, each once', () => {
    expect(longest.filter((name) => !existsSync(`${packageRoot}${name}`))).toEqual([]);
    expect(new Set(longest).size).toBe(longest.length);
  });

  it('is the longest first, then real parts, then what waits for them, then all else', () => {
    const rest = ['/tests/real/a.test.ts', '/tests/samples/a.test.ts', '/tests/vision/a.test.ts'];
    const wanted = [...longest, ...rest].map((name) => `${packageRoot}${name}`);
    expect([...wanted].reverse().sort((a, b) => placeOf(a) - placeOf(b))).toEqual(wanted);
  });
});
