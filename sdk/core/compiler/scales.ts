/** How each channel of a layer's numbers is held in 8 bits: number = (q - zero) * scale + offset. */
export interface Scales {
  readonly scale: Float64Array;
  readonly zero: Uint8Array;
  /** Of the picture, whose mean need not be a whole number; else 0. */
  readonly offset: Float64Array;
}
