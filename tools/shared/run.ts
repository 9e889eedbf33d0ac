import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { asset } from '../../sdk/base/assets.ts';

/** What `env` gets to start a script as `ocellus` is started, with the settings of memory in its first line. */
export function launcher(): string[] {
  const line = readFileSync(asset('bin', 'ocellus.js'), 'utf8').split('\n')[0]!;
  return line
    .slice(line.indexOf('-S') + 2)
    .trim()
    .split(' ');
}

/** Runs a program to its end and reads the JSON of its last line. */
export async function runJson<T>(program: string, args: readonly string[]): Promise<T> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let trouble = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    trouble = (trouble + text).slice(-4000);
  });
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${trouble}`);
  return JSON.parse(out.trim().split('\n').at(-1)!) as T;
}

export interface Spread {
  median: number;
  low: number;
  high: number;
}

/** Median, smallest and largest. */
export function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)]!, low: sorted[0]!, high: sorted.at(-1)! };
}

export function inWords({ median, low, high }: Spread, digits = 2): string {
  return `${median.toFixed(digits)} (${low.toFixed(digits)}-${high.toFixed(digits)})`;
}
