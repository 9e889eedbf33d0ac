import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Programs } from './programs.ts';

/** Instructions that run one after the other up to a branch, as qemu translates them. */
export interface Block {
  /** 16 hexadecimal digits. */
  readonly address: string;
  /** The function, where the program has symbols. */
  readonly symbol: string;
  /** Each instruction as 8 hexadecimal digits. */
  readonly words: readonly string[];
  readonly count: number;
  /** How often which block came next. */
  readonly next: ReadonlyMap<Block, number>;
}

export interface Trace {
  /** What ran in the second frame. */
  readonly blocks: readonly Block[];
  readonly stdout: string;
}

/** What blocks.cpp writes. */
interface Counted {
  readonly frames: number;
  readonly blocks: readonly (Omit<Block, 'next'> & { readonly index: number; readonly next: [number, number][] })[];
}

/**
 * Runs an arm64 program under qemu's user mode and counts the blocks of its second frame.
 *
 * @returns undefined where the program says that it has no such job (exit code 3).
 */
export async function trace(
  { qemu, counter }: Pick<Programs, 'qemu' | 'counter'>,
  options: readonly string[],
  command: readonly string[],
): Promise<Trace | undefined> {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-arm-'));
  try {
    const file = join(folder, 'blocks.json');
    const { code, signal, stdout, stderr } = await run(qemu, [
      '-plugin',
      `${counter},out=${file}`,
      ...options,
      ...command,
    ]);
    if (code === 3) return undefined;
    if (code !== 0)
      throw new Error(
        `${command.join(' ')} under ${qemu} ended with ${code ?? signal}:\n${stderr.trim().slice(-2000)}`,
      );
    const { frames, blocks } = JSON.parse(readFileSync(file, 'utf8')) as Counted;
    if (frames !== 3) throw new Error(`${command.join(' ')} began ${frames - 1} frames, not 2`);
    return { blocks: linked(blocks), stdout };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function linked(counted: Counted['blocks']): Block[] {
  const blocks = new Map(counted.map(({ index, ...block }) => [index, { ...block, next: new Map<Block, number>() }]));
  for (const { index, next } of counted) {
    for (const [to, times] of next) blocks.get(index)!.next.set(blocks.get(to)!, times);
  }
  return [...blocks.values()];
}

function run(
  program: string,
  args: readonly string[],
): Promise<{ code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('latin1').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) =>
    child.once('error', reject).once('close', (code, signal) => resolve({ code, signal, stdout, stderr })),
  );
}
