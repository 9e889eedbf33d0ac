/** An I420 picture of even size, its planes without padding. */
export interface YuvPicture {
  readonly width: number;
  readonly height: number;
  readonly y: Uint8Array;
  readonly u: Uint8Array;
  readonly v: Uint8Array;
}

/**
 * RGB to YUV 4:2:0, BT.601, limited range; chroma is the mean of four pixels.
 *
 * @param rgb 3 bytes a pixel, no padding. Width and height are even.
 */
export function rgbToYuv(rgb: Uint8Array, width: number, height: number): YuvPicture {
  const y = new Uint8Array(width * height);
  const u = new Uint8Array((width / 2) * (height / 2));
  const v = new Uint8Array(u.length);
  for (let index = 0; index < y.length; index++) {
    y[index] = 16.5 + 0.2568 * rgb[index * 3]! + 0.5041 * rgb[index * 3 + 1]! + 0.0979 * rgb[index * 3 + 2]!;
  }
  const mean = (at: number) => (rgb[at]! + rgb[at + 3]! + rgb[at + width * 3]! + rgb[at + width * 3 + 3]!) / 4;
  for (let row = 0; row < height; row += 2) {
    for (let column = 0; column < width; column += 2) {
      const at = (row * width + column) * 3;
      const red = mean(at);
      const green = mean(at + 1);
      const blue = mean(at + 2);
      const to = (row / 2) * (width / 2) + column / 2;
      u[to] = 128.5 - 0.1482 * red - 0.291 * green + 0.4392 * blue;
      v[to] = 128.5 + 0.4392 * red - 0.3678 * green - 0.0714 * blue;
    }
  }
  return { width, height, y, u, v };
}
