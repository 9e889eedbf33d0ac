import sharp from 'sharp';
import { asset } from '../../sdk/base/assets.ts';
import type { PlaneLayout } from '../../sdk/frame/layout.ts';
import { type Actor, cast, cycleSeconds, floorY, positionOf, sceneHeight, sceneWidth } from './cast.ts';
import { rgbToYuv, type YuvPicture } from './yuv.ts';

/** How many pictures of the empty wall there are; they differ by a sensor's noise only. */
const noiseVariants = 4;
/** Noise of the luma, standard deviation in steps of 255. */
const noise = 1.2;

/** The pictures of the scene, decoded once; draws the scene of any moment by copying rows. */
export class Stage {
  readonly #walls: readonly YuvPicture[];
  readonly #actors: readonly { actor: Actor; picture: YuvPicture }[];

  private constructor(walls: readonly YuvPicture[], actors: readonly { actor: Actor; picture: YuvPicture }[]) {
    this.#walls = walls;
    this.#actors = actors;
  }

  static async load(): Promise<Stage> {
    const [walls, ...actors] = await Promise.all([loadWalls(), ...cast.map(loadActor)]);
    return new Stage(walls, actors);
  }

  /**
   * Draws frame `index` of the scene, the one at `seconds`. The same arguments give the same bytes.
   *
   * @param bytes An I420 picture of the scene's size.
   */
  draw(bytes: Uint8Array, layout: readonly PlaneLayout[], index: number, seconds: number): void {
    const wall = this.#walls[scramble(index) % this.#walls.length]!;
    copyPlane(wall.y, sceneWidth, bytes, layout[0]!, 0, 0);
    copyPlane(wall.u, sceneWidth / 2, bytes, layout[1]!, 0, 0);
    copyPlane(wall.v, sceneWidth / 2, bytes, layout[2]!, 0, 0);
    for (const { actor, picture } of this.#actors) {
      const x = positionOf(actor, picture.width, seconds % cycleSeconds);
      if (x === undefined) continue;
      const y = floorY - picture.height;
      copyPlane(picture.y, picture.width, bytes, layout[0]!, x, y);
      copyPlane(picture.u, picture.width / 2, bytes, layout[1]!, x / 2, y / 2);
      copyPlane(picture.v, picture.width / 2, bytes, layout[2]!, x / 2, y / 2);
    }
  }
}

/** Copies a plane to where its left top corner shall be; what lies outside is cut off. */
function copyPlane(from: Uint8Array, width: number, to: Uint8Array, plane: PlaneLayout, x: number, y: number): void {
  if (width === plane.stride && x === 0) {
    to.set(from, plane.offset + y * plane.stride);
    return;
  }
  const left = Math.max(0, -x);
  const right = Math.min(width, plane.rowBytes - x);
  if (left >= right) return;
  const rows = from.length / width;
  for (let row = 0; row < rows; row++) {
    to.set(from.subarray(row * width + left, row * width + right), plane.offset + (y + row) * plane.stride + x + left);
  }
}

async function loadActor(actor: Actor): Promise<{ actor: Actor; picture: YuvPicture }> {
  const height = even(actor.height);
  const width = even((actor.crop.width * height) / actor.crop.height);
  const rgb = await sharp(asset('devices', 'scene', 'photos', `${actor.label}.jpg`))
    .extract(actor.crop)
    .resize(width, height, { fit: 'fill' })
    .removeAlpha()
    .raw()
    .toBuffer();
  return { actor, picture: rgbToYuv(rgb, width, height) };
}

/** A plastered wall that gets darker towards the floor, a few times with another noise each. */
async function loadWalls(): Promise<YuvPicture[]> {
  const texture = await sharp(asset('devices', 'scene', 'photos', 'wall.jpg'))
    .resize(sceneWidth, sceneHeight, { fit: 'cover' })
    .greyscale()
    .raw()
    .toBuffer();
  const rgb = new Uint8Array(sceneWidth * sceneHeight * 3);
  for (let at = 0; at < sceneWidth * sceneHeight; at++) {
    const row = Math.floor(at / sceneWidth);
    const light = row < floorY ? 165 - 25 * (row / floorY) : 95;
    // The photograph's bricks, whitewashed: enough structure for a real picture, too little for a network to see things.
    const grey = light + (texture[at]! - 128) * 0.2;
    rgb[at * 3] = Math.min(255, grey * 1.02);
    rgb[at * 3 + 1] = grey;
    rgb[at * 3 + 2] = grey * 0.95;
  }
  const clean = rgbToYuv(rgb, sceneWidth, sceneHeight);
  return Array.from({ length: noiseVariants }, (_, variant) => ({ ...clean, y: withNoise(clean.y, variant) }));
}

/** The luma plane with a sensor's noise: each row gets another piece of the same table of random numbers. */
function withNoise(luma: Uint8Array, seed: number): Uint8Array {
  const noisy = new Uint8Array(luma.length);
  for (let at = 0; at < luma.length; at += sceneWidth) {
    const offset = scramble(seed * sceneHeight * sceneWidth + at) % (noiseTable.length - sceneWidth);
    for (let x = 0; x < sceneWidth; x++) noisy[at + x] = luma[at + x]! + noiseTable[offset + x]!;
  }
  return noisy;
}

function even(value: number): number {
  return Math.round(value / 2) * 2;
}

/** A well-mixed number for each frame, so that the noise does not repeat in a rhythm (lowbias32 by C. Wellons). */
function scramble(value: number): number {
  value = Math.imul(value ^ (value >>> 16), 0x7feb352d);
  value = Math.imul(value ^ (value >>> 15), 0x846ca68b);
  return (value ^ (value >>> 16)) >>> 0;
}

/** Nearly normal random numbers: sums of twelve uniform ones, rounded. The luma of the wall is far from both ends. */
const noiseTable = Int8Array.from({ length: 32768 }, (_, index) => {
  let sum = -6;
  for (let draw = 0; draw < 12; draw++) sum += scramble(index * 12 + draw) / 2 ** 32;
  return Math.round(noise * sum);
});
