import { crc32, deflateRawSync, gzipSync } from 'node:zlib';

export interface ZipChange {
  readonly method?: number;
  readonly flags?: number;
  readonly size?: number;
}

/** A zip archive (APPNOTE 6.3), deflated unless said otherwise. */
export function zip(files: Readonly<Record<string, Buffer>>, { method = 8, flags = 0, size }: ZipChange = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, content] of Object.entries(files)) {
    const packed = method === 8 ? deflateRawSync(content) : content;
    const header = Buffer.alloc(30);
    header.writeUInt32LE(0x04034b50, 0);
    header.writeUInt16LE(flags, 6);
    header.writeUInt16LE(method, 8);
    header.writeUInt32LE(packed.length, 18);
    header.writeUInt32LE(content.length, 22);
    header.writeUInt32LE(crc32(content), 14);
    header.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(crc32(content), 16);
    entry.writeUInt32LE(packed.length, 20);
    entry.writeUInt32LE(size ?? content.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    directory.push(entry, Buffer.from(name));
    parts.push(header, Buffer.from(name), packed);
    at += 30 + name.length + packed.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt32LE(list.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, list, end]);
}

/** A header and its content, padded (POSIX.1-1988). */
function block(name: string, content: Buffer, kind = '0'): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write('0000644\0', 100);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('        ', 148);
  header.write(kind, 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/** A gzipped tar archive. Names beyond 100 characters in the form pax or GNU's. */
export function tgz(files: Readonly<Record<string, Buffer>>, { longNames = 'pax', kind = '0' } = {}): Buffer {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    if (name.length <= 100) return [block(name, content, kind)];
    if (longNames === 'gnu')
      return [block('././@LongLink', Buffer.from(`${name}\0`), 'L'), block(name.slice(0, 100), content, kind)];
    const record = ` path=${name}\n`;
    const length = record.length + String(record.length + 3).length;
    return [block('pax', Buffer.from(`${length}${record}`), 'x'), block(name.slice(0, 100), content, kind)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}
