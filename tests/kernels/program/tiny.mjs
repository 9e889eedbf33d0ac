import { crc32 } from 'node:zlib';

const none = 0xffffffff;

/**
 * A program file of two steps: a picture of 4 x 4 pixels and 3 channels is taken in, and pooled to 2 x 2.
 *
 * @returns {Uint8Array}
 */
export function tinyProgram() {
  const bytes = Buffer.alloc(1024);
  const [steps, views, tensors, names] = [128, 640, 768, 960];
  bytes.write('OCELLUSP');
  const words = { 8: 1, 12: 96, 28: 2, 32: 2, 36: 2, 72: 24 };
  for (const [at, word] of Object.entries(words)) bytes.writeUInt32LE(word, Number(at));
  const longs = { 16: bytes.length, 40: steps, 48: views, 56: tensors, 64: names, 80: 64 + 64 + 64 + 64 };
  for (const [at, long] of Object.entries(longs)) bytes.writeBigUInt64LE(BigInt(long), Number(at));
  bytes.write('take\0pool\0in\0out\0', names);

  const step = (at, op, input, out, name, kernel, stride) => {
    bytes.writeUInt16LE(op, at);
    for (const [i, view] of [input, none, out].entries()) bytes.writeUInt32LE(view, at + 8 + 4 * i);
    for (const [i, value] of [kernel, kernel, stride, stride, 0, 0, 1, 1].entries())
      bytes.writeUInt16LE(value, at + 20 + 2 * i);
    bytes.writeUInt32LE(name, at + 48);
  };
  step(steps, 11, 0, 0, 0, 1, 1);
  step(steps + 192, 3, 0, 1, 5, 2, 2);

  const view = (at, offset, side) => {
    bytes.writeBigUInt64LE(BigInt(offset), at);
    for (const [i, value] of [side, side, 3, 3, 3 * side].entries()) bytes.writeUInt32LE(value, at + 8 + 4 * i);
  };
  view(views, 64, 4);
  view(views + 48, 128, 2);

  const tensor = (at, name, direction, dims, offset) => {
    bytes.writeUInt32LE(name, at);
    bytes.writeUInt16LE(direction, at + 4);
    bytes.writeUInt32LE(dims.length, at + 8);
    for (const [i, size] of dims.entries()) bytes.writeUInt32LE(size, at + 12 + 4 * i);
    bytes.writeBigUInt64LE(offset, at + 40);
  };
  tensor(tensors, 10, 0, [1, 4, 4, 3], 0xffffffffffffffffn);
  tensor(tensors + 64, 13, 1, [1, 2, 2, 3], 128n);

  bytes.writeUInt32LE(crc32(bytes.subarray(96)), 24);
  return new Uint8Array(bytes);
}
