import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { packageRoot } from '../../sdk/base/assets.ts';

export const built = join(packageRoot, 'dist', 'samples');
export const isBuilt = existsSync(join(built, 'detect-folder.js')) && existsSync(join(built, 'json-lines.js'));

/** Runs a sample as its header says. */
export function run(
  sample: string,
  ...args: string[]
): { child: ChildProcess; said: () => string; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [join(built, sample), ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let text = '';
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (text += chunk));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { child, said: () => text, ended };
}
