/** What an archive of the form `newc`, which the kernel unpacks at its start, has of one file. */
export interface ArchivedFile {
  /** Without a slash in front. */
  readonly path: string;
  readonly kind: 'file' | 'folder' | 'link';
  /** Of a file its bytes, of a link where it leads. */
  readonly content?: Buffer | string;
  readonly executable?: boolean;
}

const kinds = { folder: 0o040000, file: 0o100000, link: 0o120000 } as const;
const trailer = 'TRAILER!!!';

/** The archive, whose bytes follow from the files alone: no times, no owners but root, inodes counted from 1. */
export function cpioArchive(files: readonly ArchivedFile[]): Buffer {
  const blocks: Buffer[] = [];
  const inOrder = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const [index, { path, kind, content = '', executable }] of inOrder.entries()) {
    const permissions = kind === 'file' && !executable ? 0o644 : 0o755;
    blocks.push(...entry(index + 1, path, kinds[kind] | permissions, Buffer.from(content)));
  }
  blocks.push(...entry(0, trailer, 0, Buffer.alloc(0)));
  return Buffer.concat(blocks);
}

function entry(inode: number, path: string, mode: number, content: Buffer): Buffer[] {
  const name = Buffer.from(`${path}\0`);
  const links = 1;
  // Inode, mode, user, group, links, time, size, the numbers of four devices, length of the name, checksum.
  const fields = [inode, mode, 0, 0, links, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const head = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  return [padded(Buffer.concat([Buffer.from(head), name])), padded(content)];
}

const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
