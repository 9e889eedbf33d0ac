// Builds the native kernels with CMake, and the native source of libcamera's cameras where its headers are. They are optional: without them the TypeScript twins do the work.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, cachePath } from './cache.mjs';
import { digest, hasProgram, root, run, say } from './steps.mjs';

/**
 * Builds into `build/` when a source changed since the last time; says why it does not. True when the kernels are there.
 *
 * @param {{ strict?: boolean }} options Strict: a warning of the compiler is an error, as the tests have it.
 */
export function buildKernels({ strict = false } = {}) {
  const has = (...names) => names.some(hasProgram);
  const missing = [];
  if (!has('cmake')) missing.push('cmake');
  if (!process.env.CXX && !has('g++', 'clang++')) missing.push('g++');
  if (!has('ninja', 'make')) missing.push('ninja-build');
  if (missing.length > 0) {
    say(`The native kernels are not built; install what they need: sudo apt-get install ${missing.join(' ')}`);
    return false;
  }
  if (buildAddon('build', { strict })) return true;
  say('The native kernels could not be built: see above.');
  return false;
}

/**
 * Configures and builds the addon in a folder, once for the same sources.
 *
 * @param {string} folder Relative to the package.
 * @param {{ cross?: boolean, strict?: boolean }} options Cross: for arm64, by its cross compiler.
 */
export function buildAddon(folder, { cross = false, strict = false } = {}) {
  const settings = cross ? [...crossSettings, ...jpegOfArm64()] : [];
  const path = join(root, folder);
  const stamp = join(path, '.ocellus-stamp');
  const wanted = digest([
    process.version,
    ...(cross ? [] : [versionOf('libcamera'), versionOf('libjpeg')]),
    ...settings,
    ...sources().flatMap((file) => [file, readFileSync(join(root, file))]),
  ]);
  const addon = join(path, 'ocellus-kernels.node');
  if (existsSync(addon) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return true;
  say(`Building the native kernels in ${folder} …`);
  const quiet = { stdio: ['ignore', 'ignore', 'inherit'] };
  // A folder stays as strict as it began: nothing is compiled again for it.
  const strictness = strict ? ['-DOCELLUS_STRICT=ON'] : [];
  const configure = () => {
    // A folder keeps the generator it began with.
    const begun = existsSync(join(path, 'CMakeCache.txt'));
    const generator = !begun && hasProgram('ninja') ? ['-G', 'Ninja'] : [];
    return run(
      'cmake',
      ['-S', '.', '-B', folder, ...generator, '-DCMAKE_BUILD_TYPE=Release', ...strictness, ...settings],
      quiet,
    );
  };
  if (!configure()) {
    // A cache from another place or another compiler cannot be used again.
    for (const name of ['CMakeCache.txt', 'CMakeFiles']) rmSync(join(path, name), { recursive: true, force: true });
    if (!configure()) return false;
  }
  const make = (target) => run('cmake', ['--build', folder, '--target', target], { stdio: ['ignore', 2, 'inherit'] });
  if (!make('addon')) return false;
  if (!make('clib')) say('The C library (sdk/clib/ocellus.h) could not be built.');
  if (!make('addons')) say("The native source of libcamera's cameras could not be built; rpicam-vid reads them then.");
  writeFileSync(stamp, wanted);
  return true;
}

/** Of a library's headers; with another one, or without, there is something else to build. */
function versionOf(library) {
  const { status, stdout } = spawnSync('pkg-config', ['--modversion', library], { encoding: 'utf8' });
  return status === 0 ? stdout : '';
}

function sources() {
  const under = (folder) =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? under(path) : /\.(cpp|h|def)$/.test(path) ? [path] : [];
    });
  return [
    'CMakeLists.txt',
    ...under('sdk/kernels').sort(),
    ...under('sdk/clib').sort(),
    ...under('devices/libcamera/native').sort(),
  ];
}

const arm64Folder = 'build/arm64';
const crossCompiler = 'aarch64-linux-gnu-g++';
const crossSettings = [
  '-DCMAKE_SYSTEM_NAME=Linux',
  '-DCMAKE_SYSTEM_PROCESSOR=aarch64',
  `-DCMAKE_CXX_COMPILER=${crossCompiler}`,
];

const jpegFolderOfArm64 = () =>
  cachePath('libjpeg-arm64', [readFileSync(join(root, 'tools', 'setup', 'libjpeg-arm64'))]);

/**
 * What its JPEG decoder is built from: Debian's package for arm64, unpacked in the cache, whatever packages this machine has. It is
 * fetched by apt, which verifies it. Without it the addon has no such decoder.
 */
function jpegOfArm64() {
  const folder = jpegFolderOfArm64();
  if (!existsSync(folder)) {
    mkdirSync(cacheFolder, { recursive: true });
    const work = mkdtempSync(`${folder}.work`);
    try {
      if (run(join(root, 'tools', 'setup', 'libjpeg-arm64'), [work], { stdio: ['ignore', 'ignore', 'inherit'] })) {
        renameSync(work, folder);
      } else
        say(
          'The kernels for arm64 are built without libjpeg-turbo, whose package could not be fetched: see above. sharp decodes there.',
        );
    } catch (error) {
      // Another process was first.
      if (!existsSync(folder)) throw error;
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return existsSync(folder) ? [`-DOCELLUS_JPEG_ROOT=${folder}`] : [];
}

/** Packages into `build/packages`: this machine's, and arm64 where its cross compiler is there. True when none failed. */
export function packKernels() {
  if (!packKernelsOfHere()) return false;
  if (process.arch === 'arm64') return true;
  if (hasProgram(crossCompiler)) return packKernelsOfArm64();
  say('No package for arm64: sudo apt-get install g++-aarch64-linux-gnu');
  return true;
}

/** This machine's package. True when it is there. */
export function packKernelsOfHere() {
  if (process.platform !== 'linux') {
    say(`There are packages of the kernels for Linux only; this is ${process.platform}.`);
    return false;
  }
  return buildKernels() && pack(process.arch, 'build');
}

/** The package of arm64, by its cross compiler. True when it is there. */
export function packKernelsOfArm64(options = {}) {
  return buildAddon(arm64Folder, { ...options, cross: true }) && pack('arm64', arm64Folder);
}

/**
 * What the package of a platform holds, in a folder of the caller's own.
 *
 * @param arch Node's name: `arm64`, on another machine by its cross compiler, or that of this machine.
 * @returns Whether it is there.
 */
export function stageKernels(arch, to) {
  if (arch === process.arch) return buildKernels() && stage(arch, 'build', to);
  if (arch === 'arm64' && hasProgram(crossCompiler)) {
    return buildAddon(arm64Folder, { cross: true }) && stage(arch, arm64Folder, to);
  }
  say(
    arch === 'arm64'
      ? 'No kernels for arm64: sudo apt-get install g++-aarch64-linux-gnu'
      : `No kernels for ${arch}: expected a machine of that kind, got ${process.arch}.`,
  );
  return false;
}

const hasJpeg = (folder) => readFileSync(join(root, folder, 'ocellus-kernels.node')).includes('decodeJpeg');

/** What libjpeg-turbo wants to be with every copy, from the package that it was linked from. */
function copyJpegLicence(arch, to) {
  const places = ['/', jpegFolderOfArm64()].map((place) => join(place, 'usr/share/doc/libjpeg62-turbo-dev/copyright'));
  const file = places.find((path) => existsSync(path));
  if (!file) {
    say(
      `The package for ${arch} lacks the licence of libjpeg-turbo, which is in it; expected one of ${places.join(', ')}.`,
    );
    return false;
  }
  copyFileSync(file, to);
  return true;
}

/** Says how the C library is used, wherever the package is installed. */
function pkgConfig(version) {
  return `prefix=\${pcfiledir}/../..

Name: ocellus
Description: compiled networks of Ocellus from C
Version: ${version}
Cflags: -I\${prefix}/include
Libs: -L\${prefix}/lib -locellus -Wl,-rpath,\${prefix}/lib
`;
}

function pack(arch, folder) {
  const to = join(root, 'build', 'packages', `linux-${arch}`);
  return stage(arch, folder, to) && run('npm', ['pack', '--pack-destination', '..', '--loglevel=error'], { cwd: to });
}

function stage(arch, folder, to) {
  const name = `linux-${arch}`;
  const source = join(root, 'sdk', 'kernels', 'packages', name, 'package.json');
  if (!existsSync(source)) {
    say(`There is no package of the kernels for ${arch}.`);
    return false;
  }
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  copyFileSync(source, join(to, 'package.json'));
  copyFileSync(join(root, 'LICENSE'), join(to, 'LICENSE'));
  copyFileSync(join(root, folder, 'ocellus-kernels.node'), join(to, 'ocellus-kernels.node'));
  // A name that npm takes for a licence, and packs.
  if (hasJpeg(folder) && !copyJpegLicence(arch, join(to, 'LICENSE.libjpeg-turbo'))) return false;
  const library = join(root, folder, 'libocellus.so');
  if (!existsSync(library)) {
    say(`The package for ${arch} lacks the C library, ${library}: see above.`);
    return false;
  }
  mkdirSync(join(to, 'include'));
  mkdirSync(join(to, 'lib', 'pkgconfig'), { recursive: true });
  copyFileSync(join(root, 'sdk', 'clib', 'ocellus.h'), join(to, 'include', 'ocellus.h'));
  copyFileSync(library, join(to, 'lib', 'libocellus.so'));
  const { version } = JSON.parse(readFileSync(source, 'utf8'));
  writeFileSync(join(to, 'lib', 'pkgconfig', 'ocellus.pc'), pkgConfig(version));
  return true;
}
