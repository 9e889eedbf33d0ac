/** A program file of two steps: a picture of 4 x 4 pixels and 3 channels is taken in, and pooled to 2 x 2. */
export function tinyProgram(): Uint8Array;
