import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { asset } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import type { ModelCard } from '../../../sdk/core/cards/card.ts';
import { letterboxGeometry } from '../../../sdk/frame/letterbox.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { readPicture } from '../../../sdk/picture/picture.ts';
import { isPictureName } from '../../../sdk/picture/picture-kinds.ts';
import { withFolders } from '../picture-files.ts';
import type { PortTensor } from './tensors.ts';

/** How pictures become a network's input. */
export type FedInput = Pick<
  ModelCard['input'],
  'width' | 'height' | 'layout' | 'channels' | 'mean' | 'std' | 'resize' | 'align' | 'pad' | 'type'
>;

/** A picture as all networks of a comparison get it. */
export interface FedPicture {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  /** Bytes in the input's layout. */
  readonly pixels: Uint8Array;
}

/** The pictures of the built-in scene, or those of a folder. @throws InputError when there are none. */
export async function pictureFiles(folder: string | undefined): Promise<string[]> {
  if (folder !== undefined) return withFolders([folder]);
  const photos = asset('devices', 'scene', 'photos');
  const names = (await readdir(photos)).filter(isPictureName).sort();
  return names.map((name) => join(photos, name));
}

/** Reads pictures, and resizes them as the input wants them. */
export async function feed(files: readonly string[], input: FedInput): Promise<FedPicture[]> {
  const bytes = { ...input, type: 'uint8', mean: [0, 0, 0], std: [1, 1, 1] } as const;
  const preprocessor = kernels.preprocessor(bytes);
  const fed: FedPicture[] = [];
  for (const file of files) {
    const frame = await readPicture(file);
    try {
      const pixels = new Uint8Array(input.width * input.height * 3);
      preprocessor.run(frame, letterboxGeometry(frame, bytes), pixels);
      fed.push({ file, width: frame.width, height: frame.height, pixels });
    } finally {
      frame.release();
    }
  }
  return fed;
}

/** The input's numbers of a picture: (pixel - mean) / std of its channel; pixels where the network takes bytes. */
export function numbersOf({ pixels }: Pick<FedPicture, 'pixels'>, input: FedInput): PortTensor {
  const { width, height, layout, type } = input;
  const shape = layout === 'NCHW' ? [1, 3, height, width] : [1, height, width, 3];
  if (pixels.length !== width * height * 3) {
    throw new InputError(`a picture: expected ${width * height * 3} bytes, got ${pixels.length}`);
  }
  if (type === 'uint8') return { shape, data: Float32Array.from(pixels) };
  const plane = width * height;
  const data = new Float32Array(pixels.length);
  const { mean, std } = input;
  for (const [i, pixel] of pixels.entries()) {
    const channel = layout === 'NCHW' ? Math.floor(i / plane) : i % 3;
    data[i] = (pixel - mean[channel]!) / std[channel]!;
  }
  return { shape, data };
}

/** What a compiled program takes of it: bytes, the colours of a pixel side by side. */
export function bytesOf({ pixels }: Pick<FedPicture, 'pixels'>, { width, height, layout }: FedInput): PortTensor {
  const shape = [1, height, width, 3];
  if (layout === 'NHWC') return { shape, data: Float32Array.from(pixels) };
  const plane = width * height;
  return {
    shape,
    data: Float32Array.from({ length: 3 * plane }, (_, i) => pixels[(i % 3) * plane + Math.floor(i / 3)]!),
  };
}
