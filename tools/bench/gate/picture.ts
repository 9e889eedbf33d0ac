import { normal, random } from '../../../sdk/base/random.ts';

/** Brightness in floats, row by row, so that gains and shares of pixels lose nothing until a sensor's noise is on top. */
export class Picture {
  readonly data: Float32Array;

  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.data = new Float32Array(width * height);
  }

  set(from: Picture): this {
    this.data.set(from.data);
    return this;
  }

  /** The same, moved by shares of a pixel; edges are repeated. */
  shift(from: Picture, dx: number, dy: number): this {
    const { width, height, data } = this;
    const [x0, y0] = [Math.floor(dx), Math.floor(dy)];
    const [fx, fy] = [dx - x0, dy - y0];
    const at = (x: number, y: number) =>
      from.data[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))]!;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [u, v] = [x - x0, y - y0];
        const near = at(u, v) * (1 - fx) + at(u - 1, v) * fx;
        data[y * width + x] =
          fy === 0 ? near : near * (1 - fy) + (at(u, v - 1) * (1 - fx) + at(u - 1, v - 1) * fx) * fy;
      }
    }
    return this;
  }

  /** The same without what is smaller than some `side` pixels: means of boxes, twice. */
  soften(from: Picture, side: number): this {
    const { width, height, data } = this;
    const half = Math.floor(side / 2);
    const pass = (source: Float32Array, length: number, lines: number, step: number, line: number) => {
      for (let l = 0; l < lines; l++) {
        const at = (i: number) => source[l * line + Math.min(length - 1, Math.max(0, i)) * step]!;
        let sum = 0;
        for (let i = -half; i < half; i++) sum += at(i);
        for (let i = 0; i < length; i++) {
          sum += at(i + half);
          data[l * line + i * step] = sum / (2 * half + 1);
          sum -= at(i - half);
        }
      }
    };
    pass(from.data, width, height, 1, width);
    pass(data.slice(), height, width, width, 1);
    pass(data.slice(), width, height, 1, width);
    pass(data.slice(), height, width, width, 1);
    return this;
  }

  /**
   * An upright ellipse with soft edges, at shares of a pixel. `paint` says what stands there: from what was there and the
   * place within the ellipse in pixels from its corner.
   */
  ellipse({ x, y, width, height }: Place, paint: (was: number, u: number, v: number) => number, edge = 1): void {
    const left = Math.max(0, Math.floor(x - edge));
    const right = Math.min(this.width, Math.ceil(x + width + edge));
    const top = Math.max(0, Math.floor(y - edge));
    const bottom = Math.min(this.height, Math.ceil(y + height + edge));
    const [rx, ry] = [width / 2, height / 2];
    for (let row = top; row < bottom; row++) {
      const v = (row + 0.5 - y - ry) / ry;
      for (let column = left; column < right; column++) {
        const u = (column + 0.5 - x - rx) / rx;
        // Squarer than an ellipse: people have shoulders.
        const r = (u ** 4 + v ** 4) ** 0.25;
        const share = Math.min(1, Math.max(0, 0.5 + ((1 - r) * Math.min(rx, ry)) / edge));
        if (share === 0) continue;
        const at = row * this.width + column;
        const was = this.data[at]!;
        this.data[at] = was + (paint(was, column - x, row - y) - was) * share;
      }
    }
  }

  /** A streak of so many pixels, as a drop leaves in one exposure; `strength` is what it adds. */
  streak(x: number, y: number, length: number, slant: number, width: number, strength: number): void {
    for (let row = Math.max(0, Math.floor(y)); row < Math.min(this.height, y + length); row++) {
      const centre = x + slant * (row - y);
      for (let column = Math.floor(centre - width / 2); column <= Math.ceil(centre + width / 2); column++) {
        if (column < 0 || column >= this.width) continue;
        const share = Math.min(1, Math.max(0, width / 2 + 0.5 - Math.abs(column + 0.5 - centre)));
        this.data[row * this.width + column]! += strength * share;
      }
    }
  }
}

export interface Place {
  x: number;
  y: number;
  width: number;
  height: number;
}

const tableSize = 1 << 20;

/** A sensor's noise: white, and with what a camera's own filters smear over some pixels. */
export class Noise {
  readonly #white = new Float32Array(tableSize);
  readonly #smeared = new Float32Array(tableSize);
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = random(seed);
    for (let i = 0; i < tableSize; i++) this.#white[i] = normal(this.#next);
    // Three neighbours of four rows of 640: about the size of a block of pixels that was scaled up.
    for (let i = 0; i < tableSize; i++) {
      let sum = 0;
      for (const row of [0, 640, 1280])
        for (let k = 0; k < 3; k++) sum += this.#white[(i + row + k) & (tableSize - 1)]!;
      this.#smeared[i] = sum / 3;
    }
  }

  /** Writes the picture as bytes, with noise of these deviations in grey levels. */
  expose(picture: Picture, white: number, smeared: number, out: Uint8Array): void {
    const { data } = picture;
    const a = Math.floor(this.#next() * tableSize);
    const b = Math.floor(this.#next() * tableSize);
    for (let i = 0; i < data.length; i++) {
      const value =
        data[i]! +
        white * this.#white[(a + i) & (tableSize - 1)]! +
        (smeared > 0 ? smeared * this.#smeared[(b + i) & (tableSize - 1)]! : 0);
      out[i] = value < 0 ? 0 : value > 255 ? 255 : value + 0.5;
    }
  }
}
