import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { asset } from '../../sdk/base/assets.ts';

/**
 * A Python environment with what a peer imports, made once and kept in the user's cache.
 *
 * @param requirements A file of tools/bench/peer.
 * @param interpreter What makes it. Default: `python3`.
 * @returns The interpreter in it.
 */
export function preparePython(requirements: string, interpreter = 'python3'): string {
  const name = requirements === 'requirements.txt' ? 'ocellus-bench' : `ocellus-bench-${requirements.split('.')[0]}`;
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), name);
  const file = asset('tools', 'bench', 'peer', requirements);
  const wanted = readFileSync(file, 'utf8');
  const stamp = join(folder, 'requirements.txt');
  const python = join(folder, 'bin', 'python');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    console.error(`Making a Python environment for the peer in ${folder} (once) …`);
    mkdirSync(folder, { recursive: true });
    execFileSync(interpreter, ['-m', 'venv', '--clear', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', '-r', file], { stdio: ['ignore', 'ignore', 'inherit'] });
    writeFileSync(stamp, wanted);
  }
  return python;
}
