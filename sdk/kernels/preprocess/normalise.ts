/** A normalised pixel is `pixel * scale + bias` in 32-bit floats: what a vector does, and the same bits everywhere. */
export function scaleOf(std: number): number {
  return Math.fround(1 / std);
}

export function biasOf(mean: number, std: number): number {
  return Math.fround(-mean / std);
}
