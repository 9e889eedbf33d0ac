import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Whether this process may mount a file system. For `describe.skipIf(noMount)(`…${noMount}`, …)`. */
export const noMount = canMount() ? '' : ' (needs the right to mount)';

/** A disk of its own, with room for so much (as `mount` takes it: `24m`), that is gone after the test. */
export function smallDisk(size: string): string {
  const disk = mkdtempSync(join(tmpdir(), 'ocellus-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk]);
  onTestFinished(() => {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true, force: true });
  });
  return disk;
}

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-mount-'));
  const disk = join(folder, 'disk');
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' });
    execFileSync('umount', [disk]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
