import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
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
  const folder = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'ocellus-test-python');
  const wanted = readFileSync(requirements, 'utf8');
  const stamp = join(folder, 'requirements.txt');
  const python = join(folder, 'bin', 'python');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  mkdirSync(folder, { recursive: true });
  execFileSync('python3', ['-m', 'venv', '--clear', folder]);
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]);
  // Last, so that an environment that was not finished is made anew.
  writeFileSync(stamp, wanted);
  return python;
}

/** Runs a script of this folder on a value, and reads the JSON it prints. */
export function runPython<T>(script: string, input: unknown): T {
  const printed = execFileSync(preparePython(), [asset('tests', 'real', ...script.split('/'))], {
    input: JSON.stringify(input),
    maxBuffer: 1 << 28,
  });
  return JSON.parse(printed.toString()) as T;
}
