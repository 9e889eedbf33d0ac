import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { asset, packageRoot } from '../base/assets.ts';
import { InputError, messageOf } from '../base/errors.ts';
import type { OpenCv } from './types.ts';

export const openCvPackage = '@u4/opencv4nodejs';
const isCheckout = existsSync(asset('tools', 'setup', 'opencv', 'package.json'));

/** What to do where it is not there. */
export const howToInstallOpenCv = isCheckout
  ? 'sudo apt-get install libopencv-dev, then npm run opencv'
  : `sudo apt-get install libopencv-dev, then npm install --ignore-scripts ${openCvPackage} and npx ocellus-opencv`;

let loaded: OpenCv | undefined;

/**
 * The module `@u4/opencv4nodejs`: the project's own, or the one that `npm run opencv` built in a checkout. It is the same
 * object as a program's `require('@u4/opencv4nodejs')`, so Mats go to and fro.
 *
 * For the main thread: its classes belong to the thread that loads it first.
 *
 * @throws InputError when it is not installed, not built, or does not fit this system any more; with what to do.
 *
 * @example
 * const cv = loadOpenCv();
 * console.log(cv.version);
 */
export function loadOpenCv<T = OpenCv>(): T {
  loaded ??= load();
  return loaded as T;
}

/**
 * The plain bindings for another thread. They keep their classes in variables of the library, so a second thread needs a
 * library of its own: a copy of the file.
 *
 * @throws InputError as `loadOpenCv`.
 */
export function loadOpenCvCopy(): OpenCv {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-opencv-'));
  try {
    const copy = join(folder, 'opencv4nodejs.node');
    copyFileSync(bindingsPath(), copy);
    const module = { exports: {} };
    process.dlopen(module, copy, constants.dlopen.RTLD_NOW);
    return module.exports as OpenCv;
  } finally {
    // What is mapped stays.
    rmSync(folder, { recursive: true });
  }
}

/**
 * To be called on the main thread before another thread loads its copy. The libraries of OpenCV then stay when that thread
 * ends, and its bindings do not put themselves in charge of all memory of the process, which only the main thread's may.
 */
export function prepareOpenCvThread(): void {
  loadOpenCv();
  process.env.OPENCV4NODEJS_DISABLE_EXTERNAL_MEM_TRACKING = '1';
}

/** Whether it was built for this Node on this machine, as far as files tell. */
export function hasOpenCv(): boolean {
  return findOpenCvBindings() !== undefined;
}

/** The native file of the package, where it was built. */
export function findOpenCvBindings(): string | undefined {
  const entry = findEntry();
  const path = entry && bindings(entry);
  return path && existsSync(path) ? path : undefined;
}

/** The native file of the package. @throws InputError when there is none. */
function bindingsPath(): string {
  const entry = findEntry();
  if (!entry)
    throw new InputError(`the bindings of OpenCV (${openCvPackage}) are not installed: ${howToInstallOpenCv}`);
  const path = bindings(entry);
  if (!existsSync(path)) throw new InputError(`${openCvPackage} is there, but not built: ${howToInstallOpenCv}`);
  return path;
}

function load(): OpenCv {
  bindingsPath();
  // Without it the package looks for an OpenCV that it built itself, and complains.
  process.env.OPENCV4NODEJS_DISABLE_AUTOBUILD ??= '1';
  const require = createRequire(findEntry()!);
  try {
    // It writes what it looks for to standard output, where programs write their results.
    (require('@u4/opencv-build') as { Log: { silence: boolean } }).Log.silence = true;
    return require(openCvPackage) as OpenCv;
  } catch (error) {
    throw new InputError(
      `${openCvPackage} cannot be loaded (${messageOf(error).trim()}); build it again: ${howToInstallOpenCv}`,
    );
  }
}

/** The package's CommonJS entry: the peer of this package, or the checkout's own. */
function findEntry(): string | undefined {
  for (const folder of [packageRoot, asset('build', 'opencv')]) {
    try {
      return createRequire(join(folder, 'package.json')).resolve(openCvPackage);
    } catch {
      // Not there.
    }
  }
  return undefined;
}

function bindings(entry: string): string {
  return join(dirname(entry), '..', '..', 'build', 'Release', 'opencv4nodejs.node');
}
