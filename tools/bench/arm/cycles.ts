import { execFileSync } from 'node:child_process';

/** llvm-mca's models of the processors, and its disassembler. */
export class CycleModel {
  readonly #mca: string;
  readonly #mc: string;
  readonly #assembly = new Map<string, string>();
  readonly #known = new Map<string, number>();

  constructor(mca: string) {
    this.#mca = mca;
    this.#mc = mca.replace('llvm-mca', 'llvm-mc');
  }

  /** Cycles of one turn, when the instructions are repeated over and over. `model` is one of -mcpu. */
  cycles(model: string, sequences: readonly (readonly string[])[]): number[] {
    const keys = sequences.map((words) => `${model} ${words.join('')}`);
    const missing = sequences.filter((_, i) => !this.#known.has(keys[i]!));
    if (missing.length > 0) {
      const few = this.#total(model, missing, 100);
      const many = this.#total(model, missing, 200);
      for (const [i, words] of missing.entries())
        this.#known.set(`${model} ${words.join('')}`, (many[i]! - few[i]!) / 100);
    }
    return keys.map((key) => this.#known.get(key)!);
  }

  #total(model: string, sequences: readonly (readonly string[])[], turns: number): number[] {
    const assembly = this.assembly(sequences.flat());
    let at = 0;
    const regions = sequences.map((words, i) => {
      const lines = assembly.slice(at, at + words.length);
      at += words.length;
      // A call would count as 100 cycles. What is called is counted by itself.
      const jumps = lines.map((line) => line.replace(/^bl\b/, 'b').replace(/^blr\b/, 'br'));
      return [`# LLVM-MCA-BEGIN ${i}`, ...jumps, `# LLVM-MCA-END ${i}`].join('\n');
    });
    const args = [
      '-mtriple=aarch64-linux-gnu',
      `-mcpu=${model}`,
      `-iterations=${turns}`,
      '-json',
      '-all-views=false',
      '-summary-view',
    ];
    const out = execFileSync(this.#mca, args, {
      input: `${regions.join('\n')}\n`,
      stdio: ['pipe', 'pipe', 'ignore'],
      maxBuffer: 1 << 28,
    });
    const parsed = JSON.parse(String(out)) as { CodeRegions: { SummaryView: { TotalCycles: number } }[] };
    return parsed.CodeRegions.map((region) => region.SummaryView.TotalCycles);
  }

  /** A line of assembly for each instruction. */
  assembly(words: readonly string[]): string[] {
    const missing = [...new Set(words)].filter((word) => !this.#assembly.has(word));
    if (missing.length > 0) {
      const bytes = missing.map((word) =>
        word
          .match(/../g)!
          .reverse()
          .map((byte) => `0x${byte}`)
          .join(' '),
      );
      const args = ['--disassemble', '-triple=aarch64-linux-gnu', '-mattr=+v8.2a,+dotprod,+fullfp16,+crypto'];
      const out = execFileSync(this.#mc, args, { input: `${bytes.join('\n')}\n`, stdio: ['pipe', 'pipe', 'ignore'] });
      const lines = String(out)
        .split('\n')
        .map((line) => line.trim().replace(/\t/g, ' '))
        .filter((line) => line !== '' && line !== '.text');
      if (lines.length !== missing.length)
        throw new Error(`${this.#mc} knows ${lines.length} of ${missing.length} instructions`);
      for (const [i, word] of missing.entries()) this.#assembly.set(word, lines[i]!);
    }
    return words.map((word) => this.#assembly.get(word)!);
  }
}
