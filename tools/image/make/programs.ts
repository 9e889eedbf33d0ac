import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../sdk/base/errors.ts';

/** Administrators' programs too, which a user's path lacks. */
const environment: NodeJS.ProcessEnv = {
  ...process.env,
  LC_ALL: 'C.UTF-8',
  PATH: `${process.env.PATH}:/usr/local/sbin:/usr/sbin:/sbin`,
};

export const hasProgram = (name: string): boolean =>
  environment.PATH!.split(':').some((folder) => existsSync(join(folder, name)));

/** @param wanted By program: the Debian package that has it. @throws InputError that says what to install. */
export function needPrograms(wanted: Readonly<Record<string, string>>): void {
  const missing = Object.keys(wanted).filter((name) => !hasProgram(name));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((name) => wanted[name]!))];
  throw new InputError(
    `expected the programs ${missing.join(', ')}; install them: apt-get install ${packages.join(' ')}`,
  );
}

export interface RunOptions {
  readonly input?: string;
  /** Beside this process's own; undefined takes one away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

/** What a program prints. @throws Error with what it said, when it fails. */
export function outputOf(program: string, args: readonly string[], { input, env, cwd }: RunOptions = {}): Buffer {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    ...{ input, cwd, env: { ...environment, ...env } },
    maxBuffer: 1 << 30,
  });
  if (error) throw error;
  if (status !== 0)
    throw new Error(`${program} ${args.join(' ')} ended with ${status}:\n${stderr.toString().slice(-2000)}`);
  return stdout;
}

/** Runs a program to its end. @param onLine Hears each line that it writes, on either output. */
export async function run(
  program: string,
  args: readonly string[],
  { input, env, cwd, onLine }: RunOptions & { onLine?: (line: string) => void } = {},
): Promise<void> {
  const child = spawn(program, args, { cwd, env: { ...environment, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  let rest = '';
  const hear = (text: string) => {
    said = (said + text).slice(-4000);
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) onLine?.(line);
  };
  child.stdout.setEncoding('utf8').on('data', hear);
  child.stderr.setEncoding('utf8').on('data', hear);
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0) throw new Error(`${program} ${args.slice(0, 3).join(' ')} … ended with ${code}:\n${said}`);
}
