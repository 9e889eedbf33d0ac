import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { asset, packageRoot } from '../assets.ts';
import { InputError, messageOf } from '../errors.ts';
import type { OpenCv } from './types.ts';

const name = '@u4/opencv4nodejs';
const isCheckout = existsSync(asset('tools', 'setup', 'opencv', 'package.json'));

/** What to do where it is not there. */
export const howToInstall = isCheckout
  ? 'sudo apt-get install libopencv-dev, then npm run opencv'
  : `sudo apt-get install libopencv-dev, then npm install --ignore-scripts ${name} and npx ocellus-opencv`;

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

/** Was it built for this Node on this machine, as far as files tell? */
export function hasOpenCv(): boolean {
  const entry = findEntry();
  return entry !== undefined && existsSync(bindings(entry));
}

/** The native file of the package. @throws InputError when there is none. */
export function bindingsPath(): string {
  const entry = findEntry();
  if (!entry) throw new InputError(`OpenCV is not installed: ${howToInstall}`);
  const path = bindings(entry);
  if (!existsSync(path)) throw new InputError(`${name} is there, but not built: ${howToInstall}`);
  return path;
}

function load(): OpenCv {
  bindingsPath();
  // Without it the package looks for an OpenCV that it built itself, and complains.
  process.env.OPENCV4NODEJS_DISABLE_AUTOBUILD ??= '1';
  try {
    return createRequire(import.meta.url)(findEntry()!) as OpenCv;
  } catch (error) {
    throw new InputError(`${name} cannot be loaded (${messageOf(error).trim()}); build it again: ${howToInstall}`);
  }
}

/** The package's CommonJS entry: the peer of this package, the project's, or the checkout's own. */
function findEntry(): string | undefined {
  for (const folder of [packageRoot, process.cwd(), asset('build', 'opencv')]) {
    try {
      return createRequire(join(folder, 'package.json')).resolve(name);
    } catch {
      // Not there.
    }
  }
  return undefined;
}

function bindings(entry: string): string {
  return join(dirname(entry), '..', '..', 'build', 'Release', 'opencv4nodejs.node');
}
