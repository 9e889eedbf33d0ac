import { extname } from 'node:path';

const pictureExtensions = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif', '.avif', '.tif', '.tiff']);

/** Is this the name of a still picture that can be read? */
export function isPictureName(name: string): boolean {
  return pictureExtensions.has(extname(name).toLowerCase());
}
