import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { asset } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { makeFolderSync } from '../../../sdk/base/make-folder.ts';
import { printNote } from '../../shared/output.ts';

/** A set of Python packages that go together; each has an environment of its own. */
export type Family = 'tensorflow' | 'torch' | 'ncnn' | 'openvino' | 'tflite';

/** What is told before it is fetched: sizes as measured on x86_64, fetched and installed. */
const sizes: Readonly<Record<Family, string>> = {
  tensorflow: 'TensorFlow, Keras and tf2onnx: about 0.4 GB fetched, 1.6 GB installed',
  torch:
    'PyTorch and torchvision: about 3 GB fetched, 7 GB installed on x86_64, whose packages bring CUDA; to have those without, set PIP_EXTRA_INDEX_URL to the index for processors that pytorch.org names',
  ncnn: 'ncnn and pnnx: about 60 MB fetched, 220 MB installed',
  openvino: 'OpenVINO: about 80 MB fetched, 290 MB installed',
  tflite: 'onnx2tf, TensorFlow and LiteRT: about 0.5 GB fetched, 1.7 GB installed',
};

const scripts = asset('tools', 'cli', 'port', 'python');
const leastPython = [3, 10] as const;

/** Where environments are kept; may be emptied at any time. */
export const environmentsFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ocellus');

/** The path of a family's environment, which names all its packages: other versions, another path. */
export function environmentOf(family: Family): string {
  const key = createHash('sha256')
    .update(readFileSync(requirementsOf(family)))
    .digest('hex')
    .slice(0, 16);
  return join(environmentsFolder, `port-${family}-${key}`);
}

const requirementsOf = (family: Family) => join(scripts, `${family}.txt`);

/**
 * The Python of a family's environment, which is made where it is not there yet; offline once it is.
 *
 * @throws InputError when Python is missing or too old, cannot make environments, or a package cannot be fetched.
 */
export async function pythonOf(family: Family): Promise<string> {
  const given = process.env[`OCELLUS_PORT_${family.toUpperCase()}`];
  if (given) return givenPython(family, given);
  const folder = environmentOf(family);
  const python = join(folder, 'bin', 'python');
  if (existsSync(join(folder, 'ready'))) return python;
  const base = basePython();
  makeFolderSync(environmentsFolder);
  printNote(`fetching once, into ${folder}: ${sizes[family]}`);
  const own = `${folder}.${process.pid}`;
  rmSync(own, { recursive: true, force: true });
  try {
    await must(
      [base, '-m', 'venv', own],
      'the environment cannot be made: install python3-venv (Debian: apt install python3-venv)',
    );
    await must(
      [
        join(own, 'bin', 'python'),
        '-m',
        'pip',
        'install',
        '--disable-pip-version-check',
        '--no-deps',
        '-r',
        requirementsOf(family),
      ],
      `the packages of ${family} cannot be installed: is the network there, and room on the disk? What pip said is above`,
    );
    writeFileSync(join(own, 'ready'), '');
    // Whole, or not at all. Its programs are called by their path in the folder of now.
    rmSync(folder, { recursive: true, force: true });
    renameSync(own, folder);
  } catch (error) {
    rmSync(own, { recursive: true, force: true });
    throw error;
  }
  return python;
}

function givenPython(family: Family, path: string): string {
  if (existsSync(path)) return path;
  throw new InputError(
    `OCELLUS_PORT_${family.toUpperCase()}: expected the path of a Python that has the packages of ${requirementsOf(family)}, got ${path}`,
  );
}

/** @throws InputError when there is none, or it is too old. */
function basePython(): string {
  const name = process.env.PYTHON || 'python3';
  const { status, stdout } = spawnSync(name, ['-c', 'import sys; print(*sys.version_info[:2])'], { encoding: 'utf8' });
  if (status !== 0) {
    throw new InputError(
      `${name}: expected Python ${leastPython.join('.')} to 3.12, found none that runs: install it (Debian: apt install python3 python3-venv), or name it in PYTHON`,
    );
  }
  const [major = 0, minor = 0] = stdout.trim().split(' ').map(Number);
  if (major === leastPython[0] && minor >= leastPython[1] && minor <= 12) return name;
  throw new InputError(
    `${name}: expected Python ${leastPython.join('.')} to 3.12, for which the packages are built, got ${major}.${minor}: name another in PYTHON`,
  );
}

async function must(command: readonly string[], fault: string): Promise<void> {
  const [program, ...args] = command;
  // What pip says is progress: it belongs to standard error, as all that is told to people does.
  const child = spawn(program!, args, { stdio: ['ignore', 2, 2] });
  const [status] = (await once(child, 'close')) as [number | null];
  if (status !== 0) throw new InputError(fault);
}

/** What a script is told: `task`, and what that needs. */
export type Job = Readonly<Record<string, unknown>> & { readonly task: 'convert' | 'run' };

/**
 * Runs a script of a family.
 *
 * @returns What it answers.
 * @throws InputError with what it says when it cannot.
 */
export async function runPython(family: Family, job: Job, what: string): Promise<Record<string, unknown>> {
  const python = await pythonOf(family);
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-port-'));
  try {
    const [input, answer] = [join(folder, 'job.json'), join(folder, 'answer.json')];
    writeFileSync(input, JSON.stringify({ ...job, answer }));
    const child = spawn(python, ['-s', join(scripts, `${family}_family.py`), input], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', OMP_NUM_THREADS: process.env.OMP_NUM_THREADS ?? '2' },
    });
    let told = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        told = `${told}${text}`.slice(-20_000);
      });
    }
    const [status] = (await once(child, 'close')) as [number | null];
    if (!existsSync(answer)) {
      const last = told.trim().split('\n').at(-1) ?? '';
      throw new InputError(`${what}: expected an answer of ${family}, got exit code ${status}: ${last.slice(0, 300)}`);
    }
    const { refused, ...rest } = JSON.parse(readFileSync(answer, 'utf8')) as Record<string, unknown>;
    if (process.env.OCELLUS_DEBUG) process.stderr.write(told);
    if (typeof refused === 'string') throw new InputError(`${what}: ${refused}`);
    return rest;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
