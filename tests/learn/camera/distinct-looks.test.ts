import { describe, expect, it } from 'vitest';
import { distinctLooks } from '../../../sdk/learn/camera/distinct-looks.ts';
import { quantised } from '../fakes.ts';

/** Looks in a plane, so many degrees apart from the first axis. */
const look = (degrees: number) => {
  const radians = (degrees * Math.PI) / 180;
  return { degrees, embedding: quantised([Math.cos(radians), Math.sin(radians)]) };
};
const kept = (...degrees: number[]) => distinctLooks(degrees.map(look)).map((one) => one.degrees);

describe('distinctLooks', () => {
  it('leaves out what is nearly the same picture as a better one: a cosine of 0.94, 20 degrees', () => {
    expect(kept(0, 2, 4)).toEqual([0]);
    expect(kept(0, 40, 80)).toEqual([0, 40, 80]);
    expect(kept(0, 19, 21)).toEqual([0, 21]);
    expect(kept(40, 0, 41)).toEqual([40, 0]);
  });

  it('compares with those that stay, not with those that were left out', () => {
    expect(kept(0, 15, 30)).toEqual([0, 30]);
  });

  it('has nothing to leave out of one look or none', () => {
    expect([kept(), kept(7)]).toEqual([[], [7]]);
  });
});
