import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { asset } from '../../sdk/assets.ts';

const requirements = asset('tests', 'real', 'requirements.txt');

/** Can an environment with OpenCV and pycocotools be made here? Needs python3 with venv. */
export const hasPython = ((): boolean => {
  try {
    execFileSync('python3', ['-c', 'import venv, ensurepip'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** A Python environment with what the real parts are compared with. Made once, in the user's cache. @returns Its python. */
export function preparePython(): string {
  const wanted = readFileSync(requirements, 'utf8');
  // Another list is another environment.
  const name = `ocellus-test-python-${createHash('sha256').update(wanted).digest('hex').slice(0, 8)}`;
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), name);
  if (!existsSync(folder)) makeEnvironment(folder);
  return join(folder, 'bin', 'python');
}

/** Made beside its place and moved there whole: what was interrupted, or is made twice at once, does no harm. */
function makeEnvironment(folder: string): void {
  const work = `${folder}.${process.pid}`;
  execFileSync('python3', ['-m', 'venv', '--clear', work]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements];
  execFileSync(join(work, 'bin', 'python'), pip, { stdio: ['ignore', 'ignore', 'inherit'] });
  try {
    renameSync(work, folder);
  } catch (error) {
    rmSync(work, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

/** Runs a script of this folder on a value, and reads the JSON it prints. */
export function runPython<T>(script: string, input: unknown): T {
  const printed = execFileSync(preparePython(), [asset('tests', 'real', ...script.split('/'))], {
    input: JSON.stringify(input),
    maxBuffer: 1 << 28,
  });
  return JSON.parse(printed.toString()) as T;
}
