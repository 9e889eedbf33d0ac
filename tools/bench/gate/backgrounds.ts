import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { random } from '../../../sdk/base/random.ts';
import { Picture } from './picture.ts';

/**
 * What stands still: a photograph of the folder for odd seeds, where there is one, else drawn: ground, walls, a fence.
 *
 * @param photos A folder of JPEG files.
 */
export async function background(seed: number, width: number, height: number, photos: string): Promise<Picture> {
  if (seed % 2 === 1 && existsSync(photos)) {
    const files = readdirSync(photos)
      .filter((name) => name.endsWith('.jpg'))
      .sort();
    const file = files[Math.floor(random(seed)() * files.length)]!;
    const picture = new Picture(width, height);
    picture.data.set(await sharp(join(photos, file)).resize(width, height).greyscale().raw().toBuffer());
    // Room above and below for what comes on top.
    for (let i = 0; i < picture.data.length; i++) picture.data[i] = 20 + picture.data[i]! * 0.75;
    return picture;
  }
  return drawn(seed, width, height);
}

function drawn(seed: number, width: number, height: number): Picture {
  const next = random(seed);
  const picture = new Picture(width, height);
  picture.data.fill(70 + next() * 60);
  // Texture of all sizes, as gravel, grass and stains have.
  for (const [cell, strength] of [
    [128, 25],
    [32, 15],
    [9, 10],
    [3, 8],
  ] as const) {
    const columns = Math.ceil(width / cell) + 2;
    const values = Array.from({ length: columns * (Math.ceil(height / cell) + 2) }, () => next() * 2 - 1);
    for (let y = 0; y < height; y++) {
      const [row, fy] = [Math.floor(y / cell), (y % cell) / cell];
      for (let x = 0; x < width; x++) {
        const [column, fx] = [Math.floor(x / cell), (x % cell) / cell];
        const at = row * columns + column;
        const above = values[at]! * (1 - fx) + values[at + 1]! * fx;
        const below = values[at + columns]! * (1 - fx) + values[at + columns + 1]! * fx;
        picture.data[y * width + x]! += strength * (above * (1 - fy) + below * fy);
      }
    }
  }
  for (let i = 0; i < 6; i++) {
    const place = { x: next() * width, y: next() * height * 0.7, width: 30 + next() * 150, height: 30 + next() * 120 };
    const level = 40 + next() * 130;
    picture.ellipse(place, (was) => level + (was - 100) * 0.4);
  }
  const fence = Math.floor(height * (0.3 + next() * 0.2));
  for (let x = 0; x < width; x += 14) picture.streak(x, fence, 40, 0, 4, 35);
  return picture;
}
