import { describe, expect, it } from 'vitest';
import { type CameraChange, CameraSettings, watchedByDefault } from '../../sdk/config/schema.ts';
import { validate } from '../../sdk/config/validate.ts';
import { assertKnownLabels, unwatchedLabels } from '../../sdk/pipeline/known-labels.ts';

const coco = ['person', 'bicycle', 'car', 'motorcycle', 'cat', 'dog', 'traffic light', 'cell phone', 'cup', 'bird'];

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

describe('unwatchedLabels', () => {
  const polygon: [number, number][] = [
    [0, 0],
    [1, 0],
    [1, 1],
  ];
  const of = (change: CameraChange) => unwatchedLabels(validate(CameraSettings, change, 'the camera'));

  it('names each zone and line that waits for what the camera does not watch', () => {
    expect(
      of({
        detect: { labels: ['person', 'dog'] },
        zones: { mat: { polygon, labels: ['person', 'cat'] }, lawn: { polygon } },
        lines: { gate: { from: [0, 0], to: [1, 1], labels: ['bird'] } },
      }),
    ).toBe(
      'nothing will count for zones.mat.labels: cat; lines.gate.labels: bird: detect.labels has the labels that are watched (person, dog); add what is missing there',
    );
  });

  it('has nothing to say where all labels are watched', () => {
    expect(of({ detect: { labels: [] }, zones: { mat: { polygon, labels: ['cat'] } } })).toBeUndefined();
    expect(of({ detect: { labels: ['cat'] }, zones: { mat: { polygon, labels: ['cat'] } } })).toBeUndefined();
    expect(of({})).toBeUndefined();
  });
});
