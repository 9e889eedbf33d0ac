import { spareBytes } from '../program/program.ts';

/** Memory that is needed from one step to another. */
export interface Block {
  readonly bytes: number;
  /** The steps that use it first and last. */
  first: number;
  last: number;
  offset: number;
}

/** Gives each block its place, such that no two overlap that are needed at once: the largest first, each as low as it goes. */
export function arrange(blocks: readonly Block[]): number {
  const placed: Block[] = [];
  for (const block of [...blocks].sort((a, b) => b.bytes - a.bytes)) {
    const inTheWay = placed
      .filter(({ first, last }) => first <= block.last && last >= block.first)
      .sort((a, b) => a.offset - b.offset);
    let offset = spareBytes;
    for (const other of inTheWay) {
      if (other.offset >= offset + block.bytes) break;
      offset = Math.max(offset, aligned(other.offset + other.bytes));
    }
    block.offset = offset;
    placed.push(block);
  }
  const end = placed.reduce((most, { offset, bytes }) => Math.max(most, offset + bytes), spareBytes);
  return aligned(end + spareBytes);
}

const aligned = (offset: number) => Math.ceil(offset / 64) * 64;
