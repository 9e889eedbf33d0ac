/**
 * Decodes a JPEG as most cameras and programs write them: 8 bits a sample, sequential, one scan, grey, YCbCr or RGB. The
 * work is done on a thread of libuv's pool. What the file says of colour profiles and orientation is not looked at.
 *
 * @param bytes The file; it is copied, and may be changed afterwards.
 * @param width As the file's header says, pixels: a file of another size is not decoded.
 * @param height The same.
 * @returns RGB24, `width * height * 3` bytes without padding between rows; undefined when the file is another kind of JPEG, or
 * none, or when there is anything to warn of: nothing is guessed.
 * @throws RangeError when width or height are not from 1 to 65535.
 *
 * @example
 * const pixels = await decode(await readFile('cat.jpg'), 640, 480);
 */
export type JpegDecoder = (bytes: Uint8Array, width: number, height: number) => Promise<Uint8Array | undefined>;
