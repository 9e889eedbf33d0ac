/**
 * From the RGB of a file to another: values to linear light, a matrix, and values again. Light is 0 to 16384.
 *
 * - `linear`, 3 x 256: the light of each value, of red, of green, of blue.
 * - `matrix`, 3 x 3, in 16384ths: a row for each channel that comes out. Light is rounded, and clipped to 0..16384.
 * - `encoded`, 16385: the value of each light.
 */
export type ColourTables = readonly [linear: Uint16Array, matrix: Int32Array, encoded: Uint8Array];

/**
 * Decodes a JPEG as most cameras and programs write them: 8 bits a sample, sequential, one scan, grey, YCbCr or RGB. The
 * work is done on a thread of libuv's pool. What the file says of colour profiles and orientation is not looked at.
 *
 * @param bytes The file; it is copied, and may be changed afterwards.
 * @param width As the file's header says, pixels: a file of another size is not decoded.
 * @param height The same.
 * @param into `width * height * 3` bytes of a SharedArrayBuffer, which nobody else uses until the promise settles. Its content is of no
 * use when that is undefined. Default: new memory.
 * @param colours What is done to the pixels then. Default: nothing.
 * @returns RGB24 without padding between rows, `into` where that was given; undefined when the file is another kind of JPEG, or none,
 * or when there is anything to warn of: nothing is guessed.
 * @throws RangeError when width or height are not from 1 to 65535, or `into` or a table has another length.
 *
 * @example
 * const pixels = await decode(await readFile('cat.jpg'), 640, 480);
 */
export type JpegDecoder = (
  bytes: Uint8Array,
  width: number,
  height: number,
  into?: Uint8Array,
  ...colours: ColourTables | []
) => Promise<Uint8Array | undefined>;
