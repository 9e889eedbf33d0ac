import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Where a program is on the PATH. */
export function findProgram(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder || '.', name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not here, or not ours to run.
    }
  }
  return undefined;
}

/** How long a question to a program may take. */
const answerTimeoutMs = 8000;

/** What a program prints on both its outputs, whatever its exit status; undefined when it is missing or hangs. */
export function askProgram(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { timeout: answerTimeoutMs, killSignal: 'SIGKILL', maxBuffer: 1 << 20 },
      (error, stdout, stderr) => {
        const failed = error && (typeof error.code === 'string' || error.killed);
        resolve(failed ? undefined : `${stdout}${stderr}`);
      },
    );
  });
}
