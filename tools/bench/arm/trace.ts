import { spawn } from 'node:child_process';

/** Instructions that run one after the other up to a branch, as qemu translates them. */
export interface Block {
  /** 16 hexadecimal digits. */
  readonly address: string;
  /** The function, where the program has symbols. */
  readonly symbol: string;
  /** Each instruction as 8 hexadecimal digits. */
  readonly words: string[];
  count: number;
  /** How often which block came next. */
  readonly next: Map<string, number>;
}

export interface Trace {
  /** What ran in the second frame. */
  readonly blocks: Block[];
  readonly stdout: string;
}

/** The function of scene.h that is called when a frame begins, and after the last. */
const marker = 'frame_begins';
const logged = ['-d', 'in_asm,exec,nochain'];

/**
 * Runs an arm64 program under qemu's user mode and counts the blocks of its second frame.
 *
 * @returns undefined where the program says that it has no such job (exit code 3).
 */
export async function trace(
  qemu: string,
  options: readonly string[],
  command: readonly string[],
): Promise<Trace | undefined> {
  const child = spawn(qemu, [...options, ...logged, ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    stdout += text;
  });
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const counter = new BlockCounter();
  child.stderr.setEncoding('latin1').on('data', (text: string) => counter.add(text));
  const code = await ended;
  if (code === 3) return undefined;
  if (code !== 0)
    throw new Error(`${command.join(' ')} under ${qemu} ended with ${code}:\n${counter.others.join('\n')}`);
  if (counter.frames !== 3) throw new Error(`${command.join(' ')} called ${marker} ${counter.frames} times, not 3`);
  return { blocks: [...counter.blocks.values()].filter((block) => block.count > 0), stdout };
}

/** Reads qemu's log: a listing of each block when it is translated, a line each time it runs. */
class BlockCounter {
  readonly blocks = new Map<string, Block>();
  frames = 0;
  /** The last lines that are not of the log: what went wrong. */
  readonly others: string[] = [];
  #rest = '';
  #symbol = '';
  #listed: { address: string; words: string[] } | undefined;
  #last: Block | undefined;

  add(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (line.startsWith('Trace ')) this.#ran(line);
    else if (line.startsWith('0x')) this.#instruction(line);
    else if (line.startsWith('IN:')) {
      this.#symbol = line.slice(3).trim();
      this.#listed = undefined;
    } else if (line !== '' && !line.startsWith('---')) {
      this.others.push(line);
      if (this.others.length > 20) this.others.shift();
    }
  }

  #instruction(line: string): void {
    const colon = line.indexOf(':');
    const word = line
      .slice(colon + 1)
      .trim()
      .slice(0, 8);
    if (!this.#listed) {
      const address = line.slice(2, colon).padStart(16, '0');
      this.#listed = { address, words: [] };
      const known = this.blocks.get(address);
      // Translated again: the counts stay.
      const block = {
        count: 0,
        next: new Map<string, number>(),
        ...known,
        address,
        symbol: this.#symbol,
        words: this.#listed.words,
      };
      this.blocks.set(address, block);
      if (this.#last === known) this.#last = block;
    }
    this.#listed.words.push(word);
  }

  #ran(line: string): void {
    const slash = line.indexOf('/');
    const address = line.slice(slash + 1, slash + 17);
    const block = this.blocks.get(address);
    if (!block) throw new Error(`qemu ran a block at ${address} that it did not list: its log is not as expected`);
    if (block.symbol === marker) {
      this.frames++;
      this.#last = undefined;
    }
    if (this.frames !== 2) return;
    block.count++;
    if (this.#last) this.#last.next.set(address, (this.#last.next.get(address) ?? 0) + 1);
    this.#last = block;
  }
}
