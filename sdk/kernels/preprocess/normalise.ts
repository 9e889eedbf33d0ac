/** A normalised pixel is `pixel * scale + bias` in 32-bit floats: what a vector does, and the same bits everywhere. */
export function scaleOf(std: number): number {
  return Math.fround(1 / std);
}

export function biasOf(mean: number, std: number): number {
  return Math.fround(-mean / std);
}

/** Of each pixel 0..255. */
export function normalised(mean: number, std: number): Float32Array {
  const scale = scaleOf(std);
  const bias = biasOf(mean, std);
  return Float32Array.from({ length: 256 }, (_, pixel) => Math.fround(pixel * scale) + bias);
}
