import type { Block } from './trace.ts';

/** Blocks that follow each other nearly always: mostly the body of a loop. */
export interface Path {
  readonly blocks: readonly Block[];
  /** Instructions of one turn. */
  readonly words: readonly string[];
  /** Turns; not whole where the blocks ran differently often. */
  readonly count: number;
}

/** A block joins a path when it follows at least this often. */
const nearly = 0.9;
const longest = 1000;

/** Puts each block into one path; those with the most instructions first. */
export function pathsOf(blocks: readonly Block[]): Path[] {
  const free = new Set(blocks);
  const paths: Path[] = [];
  for (const first of [...blocks].sort((a, b) => work(b) - work(a))) {
    if (!free.delete(first)) continue;
    const members = [first];
    let length = first.words.length;
    for (let last = first; ; ) {
      let next: Block | undefined;
      let times = 0;
      for (const [to, often] of last.next) if (often > times) [next, times] = [to, often];
      if (!next || !free.has(next) || times < nearly * last.count || next.count > first.count / nearly) break;
      if (length + next.words.length > longest) break;
      free.delete(next);
      members.push(next);
      length += next.words.length;
      last = next;
    }
    const words = members.flatMap((block) => block.words);
    paths.push({ blocks: members, words, count: members.reduce((sum, block) => sum + work(block), 0) / words.length });
  }
  return paths.sort((a, b) => b.count * b.words.length - a.count * a.words.length);
}

function work(block: Block): number {
  return block.count * block.words.length;
}
