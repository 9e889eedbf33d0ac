import { describe, expect, it } from 'vitest';
import { type CameraChange, CameraSettings, watchedByDefault } from '../../sdk/config/schema.ts';
import { validate } from '../../sdk/config/validate.ts';
import { assertKnownLabels, nearestNames } from '../../sdk/pipeline/known-labels.ts';

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

describe('assertKnownLabels', () => {
  const check = (change: CameraChange, known: readonly string[] = coco) =>
    assertKnownLabels('hall', validate(CameraSettings, change, 'the camera'), known);

  it('takes what the model knows, none at all, and those by default, whatever the model', () => {
    check({ detect: { labels: ['cat', 'traffic light'] } });
    check({ detect: { labels: [] } });
    check({}, ['parcel']);
    check({ detect: { labels: [...watchedByDefault] } }, ['parcel']);
  });

  it('does not take one of those by default that somebody chose, where the model has another', () => {
    expect(() => check({ detect: { labels: ['person'] } }, ['parcel', 'letter'])).toThrow(
      'camera hall: detect.labels: expected labels that the model knows, got person (parcel, letter)',
    );
  });

  it('names each field with all that is wrong in it', () => {
    const polygon: [number, number][] = [
      [0, 0],
      [1, 0],
      [1, 1],
    ];
    expect(() =>
      check({
        detect: { labels: ['person', 'catt', 'unicorn'], thresholds: { dgo: 0.5 } },
        zones: { mat: { polygon, labels: ['brid'] } },
        lines: { gate: { from: [0, 0], to: [1, 1], labels: ['cra'] } },
      }),
    ).toThrow(
      'camera hall: detect.labels: expected labels that the model knows, got catt, unicorn; did you mean cat?; ' +
        'detect.thresholds: expected labels that the model knows, got dgo; did you mean dog?; ' +
        'zones.mat.labels: expected labels that the model knows, got brid; did you mean bird?; ' +
        'lines.gate.labels: expected labels that the model knows, got cra; did you mean car? (a taught name is a sub_label: use the label of its object here)',
    );
  });
});
