import { spawnSync } from 'node:child_process';
import { packageRoot } from '../../sdk/base/assets.ts';
import { InputError } from '../../sdk/base/errors.ts';

export interface RunOptions {
  /** Default: the package's folder. */
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** The Debian package that has it, for the message where it is missing. */
  readonly package?: string;
}

/**
 * Runs a program to its end. What it writes to stderr is shown only when it fails.
 *
 * @returns What it wrote to stdout.
 * @throws InputError when it is not installed or ends with another code than 0.
 */
export function run(program: string, args: readonly string[], options: RunOptions = {}): string {
  const { cwd = packageRoot, env = {} } = options;
  const { status, signal, stdout, stderr, error } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 30,
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    const hint = options.package ? `: sudo apt-get install ${options.package}` : '';
    throw new InputError(`${program} is not installed${hint}`);
  }
  if (error) throw error;
  if (status !== 0) {
    const last = stderr.trim().split('\n').slice(-12).join('\n');
    throw new InputError(`${program} ${args.join(' ')} ended with ${signal ?? status}:\n${last}`);
  }
  return stdout;
}

/** Runs npm: the one that started this process, else the one on the PATH. */
export function runNpm(args: readonly string[], options: RunOptions = {}): string {
  const path = process.env.npm_execpath;
  // With npm 9 it may be npx.
  const [program, ...first] = path?.endsWith('npm-cli.js') ? [process.execPath, path] : ['npm'];
  return run(program!, [...first, ...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    package: 'npm',
    ...options,
  });
}

/**
 * Runs on Node 20.19 as well. Older ones of version 10 leave packages there that only others need; npm 9, as Debian 13 has it,
 * knows no other processor or C library than its own, and says nothing.
 */
const npmForMachines = '11.19.1';

/** Runs npm with options that say for which machine it installs; through an older npm, the one that heeds them. */
export function runNpmForMachine(args: readonly string[], options: RunOptions = {}): string {
  const major = (version: string) => Number.parseInt(version, 10);
  const heeds = major(runNpm(['--version'], options)) >= major(npmForMachines);
  return runNpm(heeds ? args : ['exec', '--yes', `--package=npm@${npmForMachines}`, '--', 'npm', ...args], options);
}
