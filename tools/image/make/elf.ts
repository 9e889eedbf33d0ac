import { InputError } from '../../../sdk/base/errors.ts';

const dynamicSection = 6;
const neededTag = 1n;

/** The names of the shared libraries that a 64-bit little-endian ELF file asks for, such as `libc.so.6`. */
export function neededLibraries(file: Buffer): string[] {
  if (file.length < 64 || file.readUInt32BE(0) !== 0x7f454c46 || file[4] !== 2 || file[5] !== 1) {
    throw new InputError('expected a 64-bit ELF file of a little-endian machine');
  }
  const sectionsAt = Number(file.readBigUInt64LE(0x28));
  const sectionLength = file.readUInt16LE(0x3a);
  const count = file.readUInt16LE(0x3c);
  const section = (index: number) => file.subarray(sectionsAt + index * sectionLength);
  const offsetOf = (of: Buffer) => Number(of.readBigUInt64LE(0x18));
  const needed: string[] = [];
  for (let index = 0; index < count; index++) {
    const dynamic = section(index);
    if (dynamic.readUInt32LE(4) !== dynamicSection) continue;
    const names = offsetOf(section(dynamic.readUInt32LE(0x28)));
    const start = offsetOf(dynamic);
    const end = start + Number(dynamic.readBigUInt64LE(0x20));
    for (let at = start; at < end; at += 16) {
      if (file.readBigUInt64LE(at) !== neededTag) continue;
      const nameAt = names + Number(file.readBigUInt64LE(at + 8));
      needed.push(file.toString('latin1', nameAt, file.indexOf(0, nameAt)));
    }
  }
  return needed;
}
