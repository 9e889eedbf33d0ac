import { describe, expect, it } from 'vitest';
import { random } from '../../../sdk/base/random.ts';
import { Regions } from '../../../sdk/vision/changes/regions.ts';
import { MovingRegions } from '../../../sdk/vision/moving-regions.ts';

/** 1 where there is a `#`. */
function marked(...rows: string[]): Uint8Array {
  return Uint8Array.from(rows.join(''), (sign) => (sign === '#' ? 1 : 0));
}

describe('Regions', () => {
  it('are cells beside, above or below each other, not those that touch at a corner or over the edge', () => {
    const cells = marked(
      '##..#', //
      '#..#.',
      '..#..',
      '#.###',
    );
    const found = [...new Regions(5, 4).of(cells)].map((region) => [...region].sort((a, b) => a - b));
    expect(found).toEqual([[0, 1, 5], [4], [8], [12, 17, 18, 19], [15]]);
  });

  it('are none where nothing is marked, one where all is, and can be found again', () => {
    const regions = new Regions(70, 40);
    expect([...regions.of(new Uint8Array(2800))]).toEqual([]);
    for (let i = 0; i < 2; i++) {
      expect([...regions.of(new Uint8Array(2800).fill(1))].map(({ length }) => length)).toEqual([2800]);
    }
  });

  it('leave out what is cleared while they are found', () => {
    const cells = marked('#.#.#');
    const found: number[] = [];
    for (const [cell] of new Regions(5, 1).of(cells)) {
      found.push(cell!);
      cells[2] = 0;
    }
    expect(found).toEqual([0, 4]);
  });
});

describe('MovingRegions', () => {
  const [columns, rows] = [40, 30];
  const box = (left: number, top: number, width: number, height: number) => {
    const cells = new Uint8Array(columns * rows);
    for (let y = top; y < top + height; y++) cells.fill(1, y * columns + left, y * columns + left + width);
    return cells;
  };
  const make = () => new MovingRegions(columns, rows, columns * rows, 3);

  it('see a large one at once, a small one in its third frame, one cell never', () => {
    expect(make().update(box(5, 5, 4, 5), 1e8)).toBe(true);
    const small = make();
    expect([5, 6, 6, 7].map((left) => small.update(box(left, 5, 2, 2), 1e8))).toEqual([false, false, true, true]);
    const one = make();
    expect([5, 5, 5, 5].map((left) => one.update(box(left, 5, 1, 1), 1e8))).toEqual([false, false, false, false]);
  });

  it('take a long line that comes and goes for rain, a solid one of as many cells not', () => {
    expect(make().update(box(5, 5, 1, 20), 1e8)).toBe(false);
    expect(make().update(box(5, 5, 4, 5), 1e8)).toBe(true);
  });

  it('do not follow what is elsewhere in each frame', () => {
    const regions = make();
    expect([2, 8, 14, 20, 26].map((left) => regions.update(box(left, 5, 2, 2), 1e8))).not.toContain(true);
  });

  it('see nobody in rain, and somebody who walks through it', () => {
    const regions = make();
    const next = random(4);
    const rain = () => {
      const cells = new Uint8Array(columns * rows);
      for (let i = 0; i < 12; i++) {
        const at = Math.floor(next() * columns * (rows - 4));
        for (let y = 0; y < 4; y++) cells[at + y * columns] = 1;
      }
      return cells;
    };
    for (let i = 0; i < 50; i++) regions.update(rain(), 1e8);
    let falsely = 0;
    for (let i = 0; i < 100; i++) if (regions.update(rain(), 1e8)) falsely++;
    expect(falsely).toBeLessThanOrEqual(2);
    let seen = 0;
    for (let i = 0; i < 60; i++) {
      const cells = rain();
      for (const [cell, there] of box(2 + (i >> 1), 8, 4, 10).entries()) if (there) cells[cell] = 1;
      if (regions.update(cells, 1e8)) seen++;
    }
    expect(seen).toBeGreaterThan(55);
  });
});
