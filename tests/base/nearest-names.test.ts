import { describe, expect, it } from 'vitest';
import { nearestNames } from '../../sdk/base/nearest-names.ts';

const coco = ['person', 'bicycle', 'car', 'motorcycle', 'cat', 'dog', 'traffic light', 'cell phone', 'cup', 'bird'];

describe('nearestNames', () => {
  it.each([
    ['preson', ['person']],
    ['Person', ['person']],
    ['persons', ['person']],
    ['dgo', ['dog']],
    ['motorbike', []],
    ['motorcyle', ['motorcycle']],
    ['phone', ['cell phone']],
    ['light', ['traffic light']],
    ['ct', ['cat']],
    ['unicorn', []],
  ])('of %s are %j', (name, near) => {
    expect(nearestNames(name, coco)).toEqual(near);
  });

  it('are three at most', () => {
    expect(nearestNames('cat', ['cats', 'car', 'cart', 'cat2', 'dog', 'bat'])).toEqual(['cats', 'car', 'cart']);
  });
});
