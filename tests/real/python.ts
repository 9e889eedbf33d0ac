import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { asset } from '../../sdk/base/assets.ts';
import { labFolder, makeLab } from './lab/labs.mjs';

/** Can an environment with OpenCV and pycocotools be made here? Needs python3 with venv. */
export const hasPython = ((): boolean => {
  try {
    execFileSync('python3', ['-c', 'import venv, ensurepip'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** For `beforeAll`: an environment with what results are compared with. Made once, in the cache. */
export async function preparePython(): Promise<void> {
  await makeLab('python');
}

/** The environment's interpreter, once it is made. */
export const pythonOfTests = () => join(labFolder('python'), 'bin', 'python');

/** Runs a script of this folder on a value in the environment, and reads the JSON it prints. */
export function runPython<T>(script: string, input: unknown): T {
  const printed = execFileSync(pythonOfTests(), [asset('tests', 'real', ...script.split('/'))], {
    input: JSON.stringify(input),
    maxBuffer: 1 << 28,
  });
  return JSON.parse(printed.toString()) as T;
}
