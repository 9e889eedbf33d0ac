import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveSettings } from '../../../sdk/config/settings.ts';
import { adviceOf, streamAdvice } from '../../../tools/cli/tune/streams.ts';
import { temporaryFolder } from '../../support/folders.ts';

const camera = (far: 'off' | 'auto') =>
  resolveSettings({
    cameras: {
      yard: {
        source: 'scene:',
        detect: { far },
        zones: { gate: { polygon: [[0.4, 0], [0.6, 0], [0.6, 0.4], [0.4, 0.4]] } }, // biome-ignore format: a line
      },
    },
  });
/** Column, row, label, logarithm of the size, its deviation, count. */
const kept = (...rows: [number, number, string, number, number, number][]) => ({
  version: 1,
  sizes: rows.map(([column, row, label, size, spread, count]) => [column, row, label, Math.log(size), spread, count]),
});
const { yard } = camera('auto').cameras as { yard: never };
const { yard: whole } = camera('off').cameras as { yard: never };

describe('the stream that a camera needs', () => {
  it.each([
    [0.1, 640, 'yard: what is smallest in gate, person, is 64 pixels at 640 wide: 640x360 is enough'],
    [0.04, 1280, 'yard: what is smallest in gate, person, is 51 pixels at 1280 wide: 1280x720 is enough'],
    [0.025, 1920, 'is 48 pixels at 1920 wide: 1920x1080 is enough'],
    [0.01, null, 'is 38 pixels even at 3840 wide: move the camera closer, or take a longer lens'],
  ])('follows from the smallest that is seen: %f of the picture', (size, width, words) => {
    const advice = adviceOf('yard', yard, kept([8, 2, 'person', size, 0, 60], [2, 7, 'car', 0.5, 0, 300]), 416);
    expect(advice).toMatchObject({ camera: 'yard', label: 'person', zone: 'gate', size, width });
    expect(advice!.words).toContain(words);
  });

  it('leaves out what is rare, and takes what varies at its smaller end', () => {
    const rare = kept([8, 2, 'bird', 0.005, 0, 4], [2, 7, 'person', 0.06, Math.log(1.5), 300]);
    expect(adviceOf('yard', yard, rare, 416)).toMatchObject({ label: 'person', zone: null, size: 0.04, width: 1280 });
  });

  it('is unknown where too little was seen', () => {
    expect(adviceOf('yard', yard, kept([8, 2, 'person', 0.05, 0, 19]), 416)).toBeUndefined();
    expect(adviceOf('yard', yard, 'nonsense', 416)).toBeUndefined();
  });

  it('is any that fills the input where the network sees the whole view only, or none', () => {
    expect(adviceOf('yard', whole, kept([8, 2, 'person', 0.2, 0, 60]), 416)).toMatchObject({ width: 640 });
    const far = adviceOf('yard', whole, kept([8, 2, 'person', 0.05, 0, 60]), 416);
    expect(far).toMatchObject({ width: null });
    expect(far!.words).toContain("has 21 of the network's 416 pixels, 48 are needed: detect.far: auto looks closer");
  });

  it('is told of each camera that has learnt something', async () => {
    const data = temporaryFolder();
    expect(await streamAdvice(camera('auto'), data, 416)).toEqual([]);
    mkdirSync(join(data, 'views'));
    writeFileSync(join(data, 'views', 'yard.json'), JSON.stringify(kept([8, 2, 'person', 0.04, 0, 60])));
    expect(await streamAdvice(camera('auto'), data, 416)).toMatchObject([{ camera: 'yard', width: 1280 }]);
    writeFileSync(join(data, 'views', 'yard.json'), '{');
    expect(await streamAdvice(camera('auto'), data, 416)).toEqual([]);
  });
});
