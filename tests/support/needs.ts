import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../sdk/base/assets.ts';

/** A path in the data that lies beside the checkout, or undefined where it is absent. Say so in the test's name. */
export function sharedData(...parts: string[]): string | undefined {
  const path = join(packageRoot, '..', 'shared', 'data', ...parts);
  return existsSync(path) ? path : undefined;
}

/** Is this program on the PATH? For `describe.skipIf(!hasProgram('mosquitto'))('… (needs mosquitto)', …)`. */
export function hasProgram(name: string): boolean {
  try {
    execFileSync('sh', ['-c', 'command -v "$1"', 'sh', name], {
      stdio: 'ignore',
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    });
    return true;
  } catch {
    return false;
  }
}

/** May this process mount a file system, such as a small one that is to be full? */
export function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    execFileSync('umount', [folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
