/** A value of typed bytes: its code, its length, its bytes. */
export function typed(code: number, content: string | Uint8Array, length?: number): Buffer {
  const bytes = Buffer.from(content);
  const head = Buffer.alloc(5);
  head.writeUInt8(code);
  head.writeInt32BE(length ?? bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** What a mapper is given: a path and its bytes. */
export const pairOf = (path: string, content: Uint8Array) => Buffer.concat([typed(7, path), typed(0, content)]);

/** The texts of typed bytes that have nothing else. */
export function textsOf(bytes: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (bytes[at] !== 7) throw new Error(`expected a text at ${at}, got code ${bytes[at]}`);
    const end = at + 5 + bytes.readInt32BE(at + 1);
    texts.push(bytes.subarray(at + 5, end).toString());
    at = end;
  }
  return texts;
}
