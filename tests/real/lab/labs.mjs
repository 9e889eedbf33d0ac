// The machines and environments of files that the real parts run in. Each is made once for all checkouts of a user, in
// the cache, and anew when what it is made from changes.
//
//   node tests/real/lab/labs.mjs guest|arm64|python|spark|hadoop ...      makes those that are not there; the first two as root
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { argv, execPath } from 'node:process';
import { fileURLToPath } from 'node:url';
import { cacheFolder, cachePath, withLock } from '../../../tools/setup/cache.mjs';
import { root } from '../../../tools/setup/steps.mjs';

const program = fileURLToPath(import.meta.url);
const here = dirname(program);
const quiet = { stdio: ['ignore', 'ignore', 'inherit'] };
const read = (...path) => readFileSync(join(root, ...path));
const requirements = ['tests', 'real', 'requirements.txt'];
const sparkRequirements = ['tests', 'real', 'spark', 'requirements.txt'];
const hadoopProject = ['tests', 'real', 'hadoop', 'pom.xml'];

/** By name: what it is made from, and how it is made into an empty folder. */
const labs = {
  /** Debian with its kernel and cameras, for qemu-system. */
  guest: {
    parts: () => [read('tests', 'real', 'lab', 'guest-build')],
    make: (folder) => execFileSync(join(here, 'guest-build'), [folder], quiet),
  },
  /** Node and the packages of Ocellus, for qemu-aarch64. */
  arm64: {
    parts: () => [read('tests', 'real', 'lab', 'arm64-build'), read('package-lock.json')],
    make: (folder) => execFileSync(join(here, 'arm64-build'), [folder], quiet),
  },
  /** What results are compared with. */
  python: {
    parts: () => [read(...requirements)],
    make: (folder) => makeEnvironment(folder, requirements),
  },
  /** Spark as its users install it: opt-in, since it is large. */
  spark: {
    parts: () => [read(...sparkRequirements)],
    make: (folder) => makeEnvironment(folder, sparkRequirements),
  },
  /** Hadoop's jars, by Maven: opt-in, for the same reason. */
  hadoop: {
    parts: () => [read(...hadoopProject)],
    make: (folder) => {
      const copy = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
      const options = [
        '--quiet',
        '--batch-mode',
        '--file',
        join(root, ...hadoopProject),
        `-DoutputDirectory=${folder}`,
      ];
      execFileSync('mvn', [...options, copy], quiet);
    },
  },
};

function makeEnvironment(folder, list) {
  execFileSync('python3', ['-m', 'venv', folder], quiet);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', join(root, ...list)];
  execFileSync(join(folder, 'bin', 'python'), pip, quiet);
}

/** Where it is, or will be. */
export function labFolder(name) {
  return cachePath(name, [`${process.platform} ${process.arch}`, ...labs[name].parts()]);
}

export function isLabMade(name) {
  return existsSync(labFolder(name));
}

/** Makes it unless it is there; waits where another process is at it. @returns Its folder. */
export async function makeLab(name) {
  const folder = labFolder(name);
  if (existsSync(folder)) return folder;
  await withLock(folder, execPath, [program, '--locked', name]);
  if (!existsSync(folder)) throw new Error(`the ${name} that tests run in could not be made: see above`);
  return folder;
}

/** Beside its place, and moved there whole: a build that was interrupted is not taken for one. */
function make(name) {
  const folder = labFolder(name);
  if (existsSync(folder)) return;
  // What one that was killed has left: this process alone is at it.
  for (const left of readdirSync(cacheFolder)) {
    if (left.startsWith(`${basename(folder)}.work`)) remove(join(cacheFolder, left));
  }
  const work = mkdtempSync(`${folder}.work`);
  try {
    labs[name].make(work);
    // A temporary folder is its maker's alone.
    chmodSync(work, 0o755);
    renameSync(work, folder);
  } finally {
    remove(work);
  }
}

/** But for what is mounted there: mmdebstrap mounts /proc, /sys and devices, and may have been killed. */
function remove(folder) {
  spawnSync('rm', ['-rf', '--one-file-system', folder], { stdio: ['ignore', 'ignore', 'inherit'] });
}

if (argv[1] === program) {
  if (argv[2] === '--locked') make(argv[3]);
  else for (const name of argv.slice(2)) await makeLab(name);
}
