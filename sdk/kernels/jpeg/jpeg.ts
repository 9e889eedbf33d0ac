/**
 * Decodes a JPEG as most cameras and programs write them: 8 bits a sample, sequential, one scan, grey, YCbCr or RGB. The
 * work is done on a thread of libuv's pool. What the file says of colour profiles and orientation is not looked at.
 *
 * @param bytes The file; it is copied, and may be changed afterwards.
 * @param width As the file's header says, pixels: a file of another size is not decoded.
 * @param height The same.
 * @param into `width * height * 3` bytes of a SharedArrayBuffer, which nobody else uses until the promise settles. Its content is of no
 * use when that is undefined. Default: new memory.
 * @returns RGB24 without padding between rows, `into` where that was given; undefined when the file is another kind of JPEG, or none,
 * or when there is anything to warn of: nothing is guessed.
 * @throws RangeError when width or height are not from 1 to 65535, or `into` has another length.
 *
 * @example
 * const pixels = await decode(await readFile('cat.jpg'), 640, 480);
 */
export type JpegDecoder = (
  bytes: Uint8Array,
  width: number,
  height: number,
  into?: Uint8Array,
) => Promise<Uint8Array | undefined>;
